"""How much the host's database holds, for /stats: exact where counting is cheap, estimated where it is not."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from giftwise.db.schema import HostSchema, HostTable

EXACT_BELOW: Final = 2_000_000  # rows by PostgreSQL's own estimate; counting so many takes it about half a second

ReadRows = Callable[..., Awaitable[list[Any]]]


@dataclass(frozen=True, slots=True)
class Totals:
    """Rows of the host: public items, likes, clicks, and users with at least one interaction."""

    total_items: int
    total_likes: int
    total_clicks: int
    active_users: int


async def count_totals(read_rows: ReadRows, schema: HostSchema) -> Totals:
    """Count, over a connection that no request waits for; tables past EXACT_BELOW rows are estimated by statistics."""
    items = schema.items
    by_kind = {"like": 0, "click": 0}
    small, estimates = [], [0]
    for source in schema.interactions:
        estimate = await _estimate(read_rows, source)
        if estimate is None:
            rows = await read_rows(f"SELECT count(*) FROM {source.source}")
            small.append(f"SELECT {source['user'].sql} AS person FROM {source.source}")
        else:
            rows = [(estimate,)]
            estimates.append(await _estimate_users(read_rows, source, estimate))
        if source.kind in by_kind:
            by_kind[source.kind] += rows[0][0]
    public = await read_rows(f"SELECT count(*) FROM {items.source} WHERE {items['public'].sql}")
    active = (
        await read_rows(f"SELECT count(DISTINCT person) FROM ({' UNION ALL '.join(small)}) AS people")
        if small
        else [(0,)]
    )
    # The same people stand in several tables, so the largest count is the nearest bound where one is an estimate.
    return Totals(public[0][0], by_kind["like"], by_kind["click"], max(active[0][0], *estimates))


async def _estimate(read_rows: ReadRows, table: HostTable) -> int | None:
    """PostgreSQL's estimate of a table's rows; None where it is small, not a plain table, or never analysed."""
    found = await read_rows("SELECT reltuples::bigint FROM pg_class WHERE oid = to_regclass($1)", table.section.table)
    return found[0][0] if found and found[0][0] >= EXACT_BELOW else None


async def _estimate_users(read_rows: ReadRows, source: HostTable, rows: int) -> int:
    found = await read_rows(
        "SELECT n_distinct FROM pg_stats JOIN pg_class ON pg_class.oid = to_regclass($1) AND relname = tablename"
        " JOIN pg_namespace ON pg_namespace.oid = relnamespace AND nspname = schemaname WHERE attname = $2",
        source.section.table,
        source.section.expressions["user"].strip('"'),
    )
    if not found:
        return 0
    distinct: float = found[0][0]
    return round(distinct if distinct >= 0 else -distinct * rows)  # below 0 it is a share of the rows
