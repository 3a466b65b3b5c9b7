"""Popular lists: items, interactions and demographics in; the table popular_items and a fresh generation out."""

import asyncio
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from giftwise.algorithms.mix import Mix
from giftwise.algorithms.popularity import PopularityParams, segment_popularity
from giftwise.catalog.item import Items
from giftwise.catalog.model import RankedItems
from giftwise.db.tables import popular_items
from giftwise.jobs.chosen import read_chosen
from giftwise.jobs.context import Context
from giftwise.jobs.host import World
from giftwise.jobs.learn import carried_over, compose, is_bare, serving_model
from giftwise.jobs.rows import id_series, replace_rows
from giftwise.people.demographics import ANY

if TYPE_CHECKING:
    import polars

KEPT_PER_SEGMENT: Final = 200  # places that the table keeps of each list; the model has them whole
KEPT_PER_CATEGORY: Final = 100


async def run(context: Context) -> int:
    """Count what is popular and publish it; neighbours and text stay those of the serving generation.

    Returns the rows of popular_items.
    """
    world = await context.host.world(context.progress, 60)
    if await is_bare(context, world):
        return 0
    chosen = await read_chosen(context.own, context.catalog, world.items)
    context.progress("counting", 60)
    popular = await asyncio.to_thread(rank_segments, world, context.started, chosen.mix)
    previous = await serving_model(context)
    learned = await asyncio.to_thread(carried_over, previous, world.items.ids)
    arrays, facts = compose(world, popular, learned, chosen)
    context.progress("publishing", 80)
    async with context.commit() as connection:
        rows = 0
        if context.fills_tables:
            frame = await asyncio.to_thread(popular_frame, world.items, popular)
            rows = await replace_rows(connection, popular_items, frame)
        await context.store.publish(connection, arrays, facts)
    return rows


def rank_segments(world: World, now: int, mix: Mix) -> dict[str, RankedItems]:
    """The popular list of every segment, by its key; how fast fashion turns was chosen for the catalog."""
    params = PopularityParams(half_life_days=mix.popular_half_life_days)
    return segment_popularity(world.interactions, world.crowd, world.items, params, now)


def popular_frame(items: Items, popular: Mapping[str, RankedItems]) -> "polars.DataFrame":
    """Rows of popular_items: the top of each segment, and for people anywhere the top of each category."""
    import polars

    ids = id_series(items.id_kind, items.ids)
    parts = [
        polars.DataFrame(
            {
                "geo_id": [None if geo == ANY else int(geo)] * len(places),
                "gender": [gender] * len(places),
                "age_group": [age] * len(places),
                "category": [category] * len(places),
                "item_id": ids.gather(places),
                "popularity_score": scores,
                "place": np.arange(1, len(places) + 1, dtype=np.int32),
            },
            schema={
                "geo_id": polars.Int64,
                "gender": polars.String,
                "age_group": polars.String,
                "category": polars.String,
                "item_id": polars.String,
                "popularity_score": polars.Float64,
                "place": polars.Int32,
            },
        )
        for (geo, gender, age), category, places, scores in _tops(items, popular)
    ]
    return polars.concat(parts) if parts else polars.DataFrame(schema=[])


def _tops(
    items: Items, popular: Mapping[str, RankedItems]
) -> Iterator[tuple[tuple[str, str, str], str | None, NDArray[Any], NDArray[Any]]]:
    for key, ranked in popular.items():
        geo, gender, age = key.split("|")
        people = (geo, gender, age)
        yield people, None, ranked.items[:KEPT_PER_SEGMENT], ranked.scores[:KEPT_PER_SEGMENT]
        if geo != ANY:
            continue
        codes = items.category[ranked.items]
        for code, category in enumerate(items.categories):
            chosen = np.flatnonzero(codes == code)[:KEPT_PER_CATEGORY]
            if len(chosen):
                yield people, category, ranked.items[chosen], ranked.scores[chosen]
