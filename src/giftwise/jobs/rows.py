"""Frames as rows of our own tables: a polars frame in, the table replaced within the caller's transaction out."""

import io
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Table, delete
from sqlalchemy.ext.asyncio import AsyncConnection

from giftwise.db.own import raw
from giftwise.ids import IdKind

if TYPE_CHECKING:
    import polars
    from numpy.typing import NDArray

CHUNK_ROWS: Final = 200_000  # written as CSV at once: some 10 MB


async def replace_rows(connection: AsyncConnection, table: Table, frame: "polars.DataFrame") -> int:
    """Put the frame's rows in the place of all the table's rows; returns how many.

    Others see the old rows until the commit and the new ones after it, never none: hence DELETE, which leaves dead
    rows for autovacuum, and not TRUNCATE, which would lock out readers until the commit. By COPY as CSV, about
    300,000 rows a second, with no limit on their number.
    """
    await connection.execute(delete(table))
    driver = await raw(connection)
    for part in frame.iter_slices(CHUNK_ROWS):
        csv = io.BytesIO()
        part.write_csv(csv, include_header=False)
        csv.seek(0)
        await driver.copy_to_table(table.name, source=csv, columns=part.columns, format="csv")
    return len(frame)


def id_series(kind: IdKind, ids: "NDArray[Any]") -> "polars.Series":
    """Ids as the text that our tables hold, one per id; pick from it by position."""
    import polars

    return polars.Series(kind.answer(ids), dtype=polars.Int64 if kind is IdKind.INTEGER else None).cast(polars.String)
