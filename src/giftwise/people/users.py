"""What the host knows of its users: an id in, demographics out; many ids in, a Crowd out."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from giftwise.db.main import MainDatabase
from giftwise.db.schema import HostSchema, HostTable
from giftwise.errors import MappingError
from giftwise.ids import IdKind, positions
from giftwise.people.crowd import Crowd
from giftwise.people.demographics import (
    AGE_GROUPS,
    GENDERS,
    WIDE_AGE,
    Segment,
    age_group,
    age_on,
    parse_age,
    parse_gender,
)

CHUNK: Final = 20_000  # ids asked for at once
GEO_MAX: Final = 2**63 - 1
_KEYS: Final = ("gender", "age_group", "age", "birthday", "locale", "geo")


@dataclass(frozen=True, slots=True)
class Demographics:
    """Who a user is, as far as known. `age_group` is one of AGE_GROUPS, or `45+`."""

    gender: str | None = None
    age_group: str | None = None
    locale: str | None = None
    geo_id: int | None = None

    @property
    def segment(self) -> Segment:
        """The segment that this user belongs to."""
        return Segment(self.gender, self.age_group, self.geo_id)


def user_id_kind(schema: HostSchema) -> IdKind | None:
    """The kind of the host's user ids; None where the host has neither users nor interactions."""
    if schema.user_id is None:
        return None
    try:
        return IdKind.of_column(schema.user_id.type)
    except ValueError as error:
        raise MappingError(f"user ids: {error}") from None


async def read_demographics(main: MainDatabase, user_id: int | str) -> Demographics | None:
    """One user by primary key; None for the unknown, and where the host has no users table."""
    schema = await main.schema()
    kind = user_id_kind(schema)
    if schema.users is None or kind is None:
        return None
    known = kind.parse(user_id)
    if known is None:
        return None
    rows = await main.fetch(user_query(schema.users), known)
    return _demographics(rows[0], datetime.now(UTC).date()) if rows else None


async def read_crowd(main: MainDatabase, user_ids: NDArray[Any]) -> Crowd:
    """Demographics of many users, aligned with `user_ids` (sorted, of the host's kind); -1 for what is unknown."""
    schema = await main.schema()
    kind = user_id_kind(schema)
    crowd = Crowd(
        gender=np.full(len(user_ids), -1, np.int8),
        age=np.full(len(user_ids), -1, np.int8),
        geo=np.full(len(user_ids), -1, np.int64),
    )
    if schema.users is None or kind is None:
        return crowd
    today = datetime.now(UTC).date()
    query = crowd_query(schema.users)
    for start in range(0, len(user_ids), CHUNK):
        rows = await main.read_rows(query, kind.answer(user_ids[start : start + CHUNK]))
        if rows:
            _place(crowd, positions(user_ids, kind.array([row[0] for row in rows])), rows, today)
    return crowd


@lru_cache(maxsize=8)
def user_query(users: HostTable) -> str:
    """SQL of one user's row: gender, age_group, age, birthday, locale, geo, all as text."""
    return f"SELECT {_columns(users)} FROM {users.source} WHERE {users['id'].sql} = $1::{users['id'].parameter} LIMIT 1"


@lru_cache(maxsize=8)
def crowd_query(users: HostTable) -> str:
    """SQL of many users' rows by id: the id first, then as in `user_query`."""
    key = users["id"]
    where = f"{key.sql} = ANY($1::{key.parameter}[])"
    return f"SELECT {users.value('id')}, {_columns(users)} FROM {users.source} WHERE {where}"


def _columns(users: HostTable) -> str:
    return ", ".join(users.text(key) for key in _KEYS)


def _place(crowd: Crowd, places: NDArray[np.int32], rows: Sequence[Any], today: date) -> None:
    for place, row in zip(places.tolist(), rows, strict=True):
        if place < 0:
            continue
        person = _demographics(row[1:], today)
        if person.gender is not None:
            crowd.gender[place] = GENDERS.index(person.gender)
        if person.age_group is not None and person.age_group != WIDE_AGE:
            crowd.age[place] = AGE_GROUPS.index(person.age_group)
        if person.geo_id is not None:
            crowd.geo[place] = person.geo_id


def _demographics(row: Sequence[str | None], today: date) -> Demographics:
    gender, group, age, birthday, locale, geo = row
    return Demographics(
        _gender(gender), _age(group) or _age(age) or _age_of(birthday, today), locale or None, _geo(geo)
    )


@lru_cache(maxsize=256)
def _gender(word: str | None) -> str | None:
    with suppress(ValueError):
        return parse_gender(word)
    return None


@lru_cache(maxsize=1024)
def _age(word: str | None) -> str | None:
    with suppress(ValueError):
        return parse_age(word)
    return None


@lru_cache(maxsize=65536)
def _age_of(birthday: str | None, today: date) -> str | None:
    """The age group of someone born on a day (ISO, a time after it ignored)."""
    with suppress(ValueError):
        return age_group(age_on(date.fromisoformat(birthday[:10]), today)) if birthday else None
    return None


def _geo(text: str | None) -> int | None:
    with suppress(ValueError):
        return number if text and 0 <= (number := int(text)) <= GEO_MAX else None
    return None
