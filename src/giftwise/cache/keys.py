"""Every key in Redis, its time to live, and what forgets it.

| key | holds | lives | forgotten by |
|---|---|---|---|
| answers:{catalog}:{user} | hash: digest -> ranked list | CACHE_TTL_PERSONALIZED | events, PUT profile, refresh |
| forgotten:{catalog}:{user} | a counter that grows with each forgetting | an hour | - |
| popular:{catalog}:{digest} | one popular list | CACHE_TTL_POPULAR | a new generation or stock change (in the digest) |
| profile:{user} | the user's profile as answered | CACHE_TTL_USER_PROFILE | events, PUT profile, refresh |
| demographics:{user} | gender, age group, locale, region | DEMOGRAPHICS_TTL | PUT profile, refresh, a sync |
| beat:{catalog} | nothing; there while the live tail keeps up | a few tail periods | time |
| rec_session:{id} (no prefix) | a dialogue; used if of the row's version | 30 days | erasing its recipient |

Everything that depends on the model has the snapshot's version inside its digest. The prefix is the format's version:
a new format never reads an old entry.
"""

from typing import Final

PREFIX: Final = "v3:"
FORGOTTEN_TTL: Final = 3600  # seconds; far longer than any list takes to compute
DEMOGRAPHICS_TTL: Final = 300  # seconds; a change in the host's own row counts after this at the latest
MOST_LISTS_PER_USER: Final = 64  # a user's hash is dropped when it holds more, so that odd filters cannot fill Redis


def answers(catalog: str, user: str) -> str:
    """One user's finished lists; the user comes last, so that user 1 is never user 11."""
    return f"{PREFIX}answers:{catalog}:{user}"


def forgotten(catalog: str, user: str) -> str:
    """How often this user's lists were forgotten."""
    return f"{PREFIX}forgotten:{catalog}:{user}"


def popular(catalog: str, digest: str) -> str:
    """One popular list."""
    return f"{PREFIX}popular:{catalog}:{digest}"


def profile(user: str) -> str:
    """One user's profile."""
    return f"{PREFIX}profile:{user}"


def demographics(user: str) -> str:
    """One user's demographics."""
    return f"{PREFIX}demographics:{user}"


def beat(catalog: str) -> str:
    """Whether the live tail keeps up."""
    return f"{PREFIX}beat:{catalog}"


def session(session_id: str) -> str:
    """One dialogue; its name is the contract's, without our prefix, as hosts may look at it."""
    return f"rec_session:{session_id}"
