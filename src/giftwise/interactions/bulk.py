"""Everyone's interactions from the host's database in bulk: a catalog's items in, Interactions out."""

import asyncio
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from giftwise.catalog.item import Items
from giftwise.db.main import MainDatabase
from giftwise.db.schema import HostSource
from giftwise.ids import TEXT_MAX, IdKind
from giftwise.interactions.matrix import Interactions
from giftwise.interactions.source import factor_of, is_known, number_of
from giftwise.people.users import user_id_kind

if TYPE_CHECKING:
    import polars

KEYS: Final = ("user", "item", "kind")


async def read_interactions(main: MainDatabase, items: Items) -> Interactions:
    """All interactions with these items, of every source of the mapping; those without a user are left out.

    One source is in memory at a time, as CSV and as a frame. Raises MainDatabaseUnavailable, MappingError.
    """
    schema = await main.schema()
    kind = user_id_kind(schema)
    if kind is None or not schema.interactions:
        return _interactions(IdKind.INTEGER, None, len(items))
    places = _places(items)
    frames = [await _read_source(main, source, kind, items.id_kind, places) for source in schema.interactions]
    weighed = any("weight" in source for source in schema.interactions)
    return await asyncio.to_thread(_interactions, kind, frames, len(items), weighed=weighed)


async def _read_source(
    main: MainDatabase, source: HostSource, users: IdKind, items: IdKind, places: "polars.DataFrame"
) -> "polars.DataFrame":
    """(user, item position, kind, at, factor) of one source, each (user, item, kind) once, as it was at last."""
    import polars

    user, item = source["user"].sql, source["item"].sql
    frame = await main.read_frame(
        f"SELECT {source.value('user')}, {source.value('item')}, {source.seconds('at')}, {number_of(source)},"
        f" {factor_of(source)} FROM {source.source}"
        f" WHERE {user} IS NOT NULL AND {item} IS NOT NULL AND {is_known(source)}",
        columns={
            "user": _dtype(users),
            "id": _dtype(items),
            "at": polars.Int64,
            "kind": polars.Int8,
            "factor": polars.Float32,
        },
    )
    if users is IdKind.TEXT:
        frame = frame.filter(polars.col("user").str.len_chars().is_between(1, TEXT_MAX))

    def reduce() -> "polars.DataFrame":
        known = frame.join(places, on="id", how="inner").select("user", "item", "kind", "at", "factor")
        return _latest(known)

    return await asyncio.to_thread(reduce)


def _latest(rows: "polars.DataFrame") -> "polars.DataFrame":
    """Each (user, item, kind) once, with its latest time and what it counted for then."""
    import polars

    return rows.group_by(KEYS).agg(polars.col("at").max(), polars.col("factor").sort_by("at").last())


def _places(items: Items) -> "polars.DataFrame":
    """Each item's id, as COPY writes it, and its position."""
    import polars

    return polars.DataFrame(
        {"id": items.id_kind.answer(items.ids), "item": np.arange(len(items), dtype=np.int32)},
        schema={"id": _dtype(items.id_kind), "item": polars.Int32},
    )


def _interactions(
    kind: IdKind, frames: "list[polars.DataFrame] | None", items: int, *, weighed: bool = False
) -> Interactions:
    """Several sources together; two of one kind may know the same fact."""
    import polars

    if not frames:
        none: NDArray[Any] = np.empty(0, np.int64)
        return Interactions(
            none.astype(np.int32), none.astype(np.int32), none.astype(np.int8), none, kind.array([]), items
        )
    together = polars.concat(frames)
    kinds = [number for frame in frames for number in frame["kind"].unique()]
    if len(set(kinds)) < len(kinds):
        together = _latest(together)
    # Sorting makes the result, and what is learned from it, the same for the same data. The text of integers aside,
    # UUIDs and strings sort as text just as their bytes do.
    people = together.select(polars.col("user").unique().sort())
    numbered = people.with_row_index("number")
    rows = together.join(numbered, on="user").sort("number", "item", "kind")
    return Interactions(
        user=rows["number"].to_numpy().astype(np.int32),
        item=rows["item"].to_numpy().astype(np.int32),
        kind=rows["kind"].to_numpy().astype(np.int8),
        at=rows["at"].to_numpy().astype(np.int64),
        user_ids=people["user"].to_numpy() if kind is IdKind.INTEGER else kind.array(people["user"].to_list()),
        items=items,
        factor=rows["factor"].fill_null(1.0).to_numpy().astype(np.float32) if weighed else None,
    )


def _dtype(kind: IdKind) -> Any:
    import polars

    return polars.Int64 if kind is IdKind.INTEGER else polars.String
