"""The mirror of the items' texts: the host's public items in, the rows of item_texts that changed written out."""

from typing import Final

from sqlalchemy import text

from giftwise.catalog.check import FEWEST_SHARE
from giftwise.catalog.texts import read_texts
from giftwise.db.own import copy
from giftwise.errors import BrokenModel
from giftwise.jobs.context import Context

COLUMNS: Final = (
    "item_id", "in_stock", "title", "description", "category", "price", "currency", "image_url", "url", "merchant",
    "delivery_days", "is_customizable",
)  # fmt: skip

# One table's worth of rows arrives by COPY and is compared where it lies: only what changed is indexed anew.
_ARRIVING: Final = (
    f"CREATE TEMP TABLE arriving ON COMMIT DROP AS SELECT {', '.join(COLUMNS)} FROM item_texts WITH NO DATA"
)
_HELD: Final = "SELECT count(*) FROM item_texts WHERE catalog = :catalog"
_GONE: Final = (
    "DELETE FROM item_texts held WHERE catalog = :catalog"
    " AND NOT EXISTS (SELECT FROM arriving WHERE arriving.item_id = held.item_id)"
)
_VALUES: Final = ", ".join(COLUMNS[1:])
_MERGED: Final = (
    f"INSERT INTO item_texts AS held (catalog, {', '.join(COLUMNS)})"
    f" SELECT :catalog, {', '.join(COLUMNS)} FROM arriving"
    f" ON CONFLICT (catalog, item_id) DO UPDATE SET ({_VALUES}, updated_at) ="
    f" ROW({', '.join(f'excluded.{name}' for name in COLUMNS[1:])}, now())"
    f" WHERE ({', '.join(f'held.{name}' for name in COLUMNS[1:])})"
    f" IS DISTINCT FROM ({', '.join(f'excluded.{name}' for name in COLUMNS[1:])})"
)


async def run(context: Context) -> int:
    """Read all public items and write what changed; returns how many rows that were.

    An item that was made private or deleted at the host leaves with the next run; until then the model keeps it
    from being shown. BrokenModel, and nothing is written, where the host has far fewer items than before.
    """
    context.progress("reading texts", 0)
    texts = await read_texts(context.main)
    context.progress("writing texts", 40)
    async with context.commit() as connection:
        named = {"catalog": context.catalog}
        held = (await connection.execute(text(_HELD), named)).scalar_one()
        if len(texts) < held * FEWEST_SHARE:
            raise BrokenModel(f"only {len(texts)} items have texts, where {held} are searched now")
        await connection.execute(text(_ARRIVING))
        await copy(connection, "arriving", COLUMNS, ([getattr(one, name) for name in COLUMNS] for one in texts))
        await connection.execute(text("ANALYZE arriving"))
        context.progress("indexing words", 60)
        gone = (await connection.execute(text(_GONE), named)).rowcount
        written = (await connection.execute(text(_MERGED), named)).rowcount
        await connection.execute(text("ANALYZE item_texts"))
    return gone + written
