"""A user's newest interactions as the catalog's tables have them: an id in, rows with their moments out."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from giftwise.db.main import MainDatabase
from giftwise.db.schema import MOMENTS, HostSchema, HostSource
from giftwise.people.users import user_id_kind


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing that a user did."""

    item: int | str
    kind: str  # as the host calls it
    at: datetime
    weight: float


async def read_newest(main: MainDatabase, user_id: str, limit: int) -> tuple[list[Deed], int]:
    """A user's newest deeds, newest first, and how many there are in all. Nobody has done nothing: ([], 0).

    Raises MainDatabaseUnavailable, MappingError.
    """
    schema = await main.schema()
    kind = user_id_kind(schema)
    known = kind.parse(user_id) if kind is not None else None
    if known is None or not schema.interactions:
        return [], 0
    rows = await main.fetch(newest_query(schema), known, limit)
    deeds = [
        Deed(item if isinstance(item, int) else str(item), word, datetime.fromtimestamp(at, UTC), weight)
        for item, word, at, weight, _ in rows
    ]
    return deeds, rows[0][4] if rows else 0


@lru_cache(maxsize=8)
def newest_query(schema: HostSchema) -> str:
    """SQL of the newest $2 interactions of user $1: rows of (item, kind, unix seconds, weight, how many in all)."""
    parts = " UNION ALL ".join(_source_query(source) for source in schema.interactions)
    return f"SELECT *, count(*) OVER () FROM ({parts}) AS deeds ORDER BY 3 DESC, 1, 2 LIMIT $2"


def _source_query(source: HostSource) -> str:
    user = source["user"]
    word = source.text("kinds") if source.kind is None else f"'{source.kind}'::text"
    weight = f"coalesce({source['weight'].sql}, 1)::float8" if "weight" in source else "1::float8"
    return (
        f"SELECT {source.value('item')}, {word}, {_moment(source)}, {weight} FROM {source.source}"
        f" WHERE {user.sql} = $1::{user.parameter} AND {source['item'].sql} IS NOT NULL"
    )


def _moment(source: HostSource) -> str:
    """Unix seconds with their fraction, 0 where nobody knows; a float8 holds microseconds until the year 2255."""
    if "at" not in source:
        return "0::float8"
    at = source["at"]
    if at.type in MOMENTS:
        return f"CASE WHEN isfinite({at.sql}) THEN extract(epoch FROM {at.sql})::float8 ELSE 0 END"
    return f"coalesce({at.sql}::float8, 0)"
