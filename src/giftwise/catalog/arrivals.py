"""What came or changed since a generation was learned: its time in, the items themselves out.

Whoever writes items calls nothing. A row that is new or changed carries a newer `updated_at`, which every process that
serves looks for each MODEL_POLL_SECONDS, so it joins the lists at the next look (catalog/overlay.py), without a worker
and without Redis. A row that is gone is gone: the places of an answer are read from the table when it is given, so a
deleted item is in no answer from its commit on, whatever lists are kept.
"""

import asyncio
import hashlib
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from giftwise.catalog.item import Items
from giftwise.catalog.presents import item_id_kind, items_of, selected
from giftwise.db.main import MainDatabase
from giftwise.db.schema import BOUNDS, HostSchema

MOST: Final = 5_000  # items that join at once; more wait for the worker, whom so many cause to learn anew
# Rows whose transaction was open while the generation was read, and clocks that differ, are looked at once more.
OVERLAP_SECONDS: Final = 120.0


@dataclass(frozen=True, slots=True)
class Arrived:
    """Items that came or changed, and a short name that equal ones share."""

    items: Items
    name: str


class Arrivals:
    """Looks for what came to one catalog."""

    def __init__(self, main: MainDatabase) -> None:
        self._main = main
        self._seen: tuple[float, tuple[Any, ...]] | None = None
        self._found: Arrived | None = None

    async def look(self, read_at: float) -> Arrived | None:
        """What came after a generation whose items were read at `read_at` (unix seconds, 0 = never); None for nothing.

        The same object as before while nothing changed, which one aggregate tells. MainDatabaseUnavailable.
        """
        schema = await self._main.schema()
        if not can_arrive(schema):
            return None
        since = max(read_at - OVERLAP_SECONDS, 0.0)
        mark = (since, tuple((await self._main.fetch(mark_query(schema), since))[0]))
        if mark != self._seen:
            self._found = await self._read(schema, since) if mark[1][0] else None
            self._seen = mark
        return self._found

    async def nothing(self) -> Items | None:
        """Zero items of this catalog; None where it does not tell when items change."""
        schema = await self._main.schema()
        return items_of(item_id_kind(schema), schema.items, []) if can_arrive(schema) else None

    async def count(self, read_at: float) -> int:
        """How many came since."""
        schema = await self._main.schema()
        if not can_arrive(schema):
            return 0
        rows = await self._main.fetch(mark_query(schema), max(read_at - OVERLAP_SECONDS, 0.0))
        return int(rows[0][0])

    async def _read(self, schema: HostSchema, since: float) -> Arrived:
        rows = await self._main.fetch(arrivals_query(schema), since)
        items = await asyncio.to_thread(items_of, item_id_kind(schema), schema.items, rows)
        digest = hashlib.blake2b(repr(sorted(map(tuple, rows), key=repr)).encode("utf-8", "replace"), digest_size=8)
        return Arrived(items, digest.hexdigest())


def can_arrive(schema: HostSchema) -> bool:
    """Whether the catalog tells when its items changed."""
    items = schema.items
    return "updated_at" in items and items["updated_at"].type in BOUNDS


@lru_cache(maxsize=8)
def mark_query(schema: HostSchema) -> str:
    """SQL of one row (count, sum and last of updated_at after $1) that no change leaves as it was."""
    items = schema.items
    moment = items["updated_at"].sql
    number = f"extract(epoch FROM {moment})" if items["updated_at"].type.startswith("timestamp") else moment
    return (
        f"SELECT count(*), coalesce(sum(({number})::numeric), 0), max({number}) FROM {items.source}"
        f" WHERE {_late(schema)}"
    )


@lru_cache(maxsize=8)
def arrivals_query(schema: HostSchema) -> str:
    """SQL of the items that came after $1, as `items_query` selects them, newest first and at most MOST."""
    items = schema.items
    newest = f"ORDER BY {items['updated_at'].sql} DESC LIMIT {MOST}"
    return f"SELECT {selected(items)} FROM {items.source} WHERE {_late(schema)} {newest}"


def _late(schema: HostSchema) -> str:
    items = schema.items
    moment = items["updated_at"]
    return f"{items['public'].sql} AND {moment.sql} > {BOUNDS[moment.type]}"
