"""The live tail: looks at the host's interactions every few seconds, tells whose answers are out of date.

A row may become visible late: its id and time are given when it is written, but others see it only when its
transaction commits. So each look reads the last OVERLAP_SECONDS once more and leaves out what it has already told. A
transaction that stays open for longer can be missed; the next refresh of the model still sees it. So can, where rows
are followed by time, one written by a machine whose clock is a minute behind the others'. Deleted rows are not noticed.
"""

import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from giftwise.db.main import MainDatabase
from giftwise.db.schema import BOUNDS, INTEGERS, HostSchema, HostSource
from giftwise.interactions.event import Kind
from giftwise.log import logger

OVERLAP_SECONDS: Final = 60
FIRST_DEPTH: Final = 1_000  # ids below the highest that may still be uncommitted at the first look
PAGE: Final = 20_000  # rows read at once

BY_ID: Final = "id"
BY_TIME: Final = "at"

log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Touch:
    """A user did something of this kind; None where the source has several."""

    user_id: str
    kind: Kind | None


class Tail:
    """Follows one source of interactions, by its integer primary key or else by its time column."""

    def __init__(self, source: HostSource, position: Mapping[str, Any] | None = None) -> None:
        self.name = source.name
        self._source = source
        self._by = _key_of(source)
        self._kind = None if source.kind is None else Kind.named(source.kind)
        self._after: float | None = None
        if position is not None and position.get("by") == self._by:
            self._after = position["after"]
        self._seen: dict[Any, float] = {}  # rows above `_after` that were told, and where they stand
        self._tops: deque[tuple[float, float]] = deque()  # (when looked, highest id then), for the last minute

    @property
    def position(self) -> dict[str, Any] | None:
        """Where a next process goes on, as JSON; it may tell the last minute once more. None before the first look."""
        return None if self._after is None else {"by": self._by, "after": self._after}

    async def new_events(self, main: MainDatabase) -> list[Touch]:
        """Who did something since the last look, each (user, kind) once. The first look ever tells nothing.

        Raises MainDatabaseUnavailable or MappingError; nothing is lost by it, the next look tells all.
        """
        if self._after is None:
            await self._start(main)
            return []
        fresh = await self._read(main)
        return list(dict.fromkeys(Touch(str(user), self._kind) for user in fresh if user is not None))

    async def _start(self, main: MainDatabase) -> None:
        """Begin at the current end: what is there now counts as told."""
        source, by = self._source, self._by
        if by == BY_ID:
            rows = await main.fetch(f"SELECT max({source['id'].sql}) FROM {source.source}")
            self._after = (rows[0][0] or 0) - FIRST_DEPTH
        else:
            rows = await main.fetch(
                f"SELECT least(max({_moment(source)}), extract(epoch FROM now())::float8) FROM {source.source}"
            )
            self._after = rows[0][0] - OVERLAP_SECONDS
        await self._read(main)

    async def _read(self, main: MainDatabase) -> list[Any]:
        """The users of all rows not told yet; moves on."""
        assert self._after is not None
        by_id = self._by == BY_ID
        query = query_by_id(self._source) if by_id else query_by_time(self._source)
        lower, seen, users = self._after, dict(self._seen), []
        while True:
            rows = await main.fetch(query, int(lower) if by_id else lower)
            if not rows and by_id and lower == self._after and await self._began_anew(main):
                self._after, self._seen = None, {}
                self._tops.clear()
                return []
            for key, user, place, _ in rows:
                if key not in seen:
                    seen[key] = place
                    users.append(user)
            if len(rows) < PAGE:
                break
            lower = rows[-1][2]
        self._seen = seen
        self._forget_old(rows[-1][3] if rows else None)
        return users

    async def _began_anew(self, main: MainDatabase) -> bool:
        """Whether the ids now end below where we are: the table was filled anew."""
        rows = await main.fetch(f"SELECT max({self._source['id'].sql}) FROM {self._source.source}")
        return self._after is not None and (rows[0][0] or 0) < self._after

    def _forget_old(self, database_now: float | None) -> None:
        """Raise the lower bound past what no open transaction is expected to add to."""
        if self._by == BY_ID:
            now = time.monotonic()
            self._tops.append((now, max(self._seen.values(), default=self._after or 0)))
            while len(self._tops) > 1 and self._tops[1][0] <= now - OVERLAP_SECONDS:
                self._tops.popleft()
            if self._tops[0][0] <= now - OVERLAP_SECONDS:
                self._after = self._tops[0][1]
        elif database_now is not None:
            # A row from the future must not carry the bound with it, or the present would go by unseen.
            top = max(min(place, database_now) for place in self._seen.values())
            self._after = max(self._after or 0, top - OVERLAP_SECONDS)
        self._seen = {key: place for key, place in self._seen.items() if place > (self._after or 0)}


def open_tails(schema: HostSchema, positions: Mapping[str, Mapping[str, Any]]) -> list[Tail]:
    """A tail for each source that can be followed, from its stored position by Tail.name; others are logged."""
    tails = []
    for source in schema.interactions:
        if _key_of(source) is None:
            log.warning("no live tail: neither an integer id nor a time column is mapped", source=source.name)
        else:
            tails.append(Tail(source, positions.get(source.name)))
    return tails


def _key_of(source: HostSource) -> str | None:
    if "id" in source and source["id"].type in INTEGERS:
        return BY_ID
    return BY_TIME if "at" in source and source["at"].type in BOUNDS else None


def _moment(source: HostSource) -> str:
    """Unix seconds with their fraction, from the time column's own type."""
    at = source["at"]
    return f"extract(epoch FROM {at.sql})::float8" if at.type.startswith("timestamp") else f"{at.sql}::float8"


def query_by_id(source: HostSource) -> str:
    """Rows (key, user, place, now) above the id $1."""
    key = source["id"].sql
    return (
        f"SELECT {key}, {source.value('user')}, {key}, 0::float8 FROM {source.source}"
        f" WHERE {key} > $1::bigint ORDER BY {key} LIMIT {PAGE}"
    )


def query_by_time(source: HostSource) -> str:
    """Rows (key, user, place, now) after the time $1; all of one moment together, so that paging loses none."""
    at = source["at"]
    key = (
        source.text("id")
        if "id" in source
        else f"concat_ws('|', {source.text('user')}, {source.text('item')}, {at.sql})"
    )
    return (
        f"SELECT {key}, {source.value('user')}, {_moment(source)}, extract(epoch FROM now())::float8"
        f" FROM {source.source} WHERE {at.sql} > {BOUNDS[at.type]}"
        f" ORDER BY {at.sql} FETCH FIRST {PAGE} ROWS WITH TIES"
    )
