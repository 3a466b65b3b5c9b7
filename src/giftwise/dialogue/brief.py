"""What is known of a recipient in; the little of it that a language model is told, which is all that leaves us, out."""

import re
from functools import lru_cache
from typing import Any, Final

from giftwise.dialogue.gates import load_gates
from giftwise.dialogue.quiz import Facts
from giftwise.dialogue.stems import Stems, stems
from giftwise.dialogue.taxonomy import LANGUAGES, Topic, load_taxonomy
from giftwise.dialogue.wording import load_wording

SPARE: Final = 2  # ideas that are asked for beyond the count: some will have no products
MOST_SEEN: Final = 40  # titles that are told

# What may tell who somebody is, where it stands in words that givers typed.
_PERSONAL: Final = re.compile(r"\S+@\S+|https?://\S+|www\.\S+|@\w{3,}|\+?\d[\d\s().-]{6,}\d", re.IGNORECASE)

_PUNCTUATION: Final = ".,;:!?()«»\"'"


def brief(topic: Topic, facts: Facts, seen: frozenset[str], count: int) -> dict[str, Any]:
    """All that a model is told, which is all that leaves the server.

    No name, no id, no birth date and no exact age. Of what givers typed: the occasion, the vibe and the dislikes, but
    only their words that our own word lists have, so that no name slips through; and the topic's name where it is one
    of their own words, without what looks like an address or a number of somebody's.
    """
    told: dict[str, Any] = {
        "language": "Russian" if facts.language == "ru" else "English",
        "ideas_wanted": count + SPARE,
        "topic": without_traces(topic.name(facts.language)),
        "age_group": facts.segment.age,
        "gender": {"m": "male", "f": "female"}.get(facts.gender or ""),
        "relationship": None if facts.relationship == "unknown" else facts.relationship,
        "occasion": known_words(facts.occasion),
        "vibe": known_words(facts.vibe),
        "goal": facts.goal,
        "effort": facts.effort,
        "budget": facts.budget,
        "deadline_days": facts.deadline_days,
        "never": [known for word in facts.vetoes if (known := known_words(word))],
        "shown": sorted(seen)[:MOST_SEEN],
    }
    return {name: value for name, value in told.items() if value not in (None, [], "")}


def known_words(text: str | None) -> str | None:
    """Those of the words that our word lists know, in some form."""
    words = (word.strip(_PUNCTUATION) for word in (text or "").split())
    return " ".join(word for word in words if (found := stems(word)) and _vocabulary().issuperset(found)) or None


@lru_cache(maxsize=1)
def _vocabulary() -> frozenset[str]:
    """The stems of all words of the taxonomy, the gates and the occasions, in both languages."""
    phrases: set[Stems] = set(load_taxonomy().by_words)
    for gate in load_gates():
        phrases.update((*gate.vetoes, *gate.words))
    for language in LANGUAGES:
        phrases.update(words for one, _ in load_wording(language).occasions for words in one)
    for topic in load_taxonomy().topics.values():
        phrases.update(stems(noun) for idea in topic.ideas for nouns in idea.find.values() for noun in nouns)
    return frozenset(word for words in phrases for word in words)


def without_traces(text: str | None) -> str | None:
    """Words without what looks like an e-mail or web address, an account's name or a telephone number."""
    return None if text is None else " ".join(_PERSONAL.sub(" ", text).split())
