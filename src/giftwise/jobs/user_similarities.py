"""Who and what is alike: interactions and titles in; neighbours, text vectors and both similarity tables out."""

import asyncio
from typing import TYPE_CHECKING, Final

import numpy as np
from sqlalchemy import Table

from giftwise.algorithms.graph import Neighbours, item_neighbours
from giftwise.algorithms.similar_users import SimilarUsers, SimilarUsersParams, similar_users
from giftwise.algorithms.text import TextParams, title_vectors
from giftwise.db.tables import item_similarities, user_similarities
from giftwise.jobs.chosen import read_chosen
from giftwise.jobs.context import Context
from giftwise.jobs.gifts import with_gifts
from giftwise.jobs.host import World
from giftwise.jobs.learn import Arrays, compose, is_bare
from giftwise.jobs.popular_items import rank_segments
from giftwise.jobs.rows import id_series, replace_rows

if TYPE_CHECKING:
    import polars

KEPT_NEIGHBOURS: Final = 50  # of each item in the table; the model has more


async def run(context: Context) -> int:
    """Learn everything afresh and publish it. Returns the rows of both tables."""
    world = await context.host.world(context.progress, 15)
    if await is_bare(context, world):
        return 0
    chosen = await read_chosen(context.own, context.catalog, world.items)
    told = context.progress.part("learning neighbours", 15, 60)
    done = await with_gifts(context, world) if context.fills_tables else world.interactions
    neighbours = await asyncio.to_thread(item_neighbours, done, chosen.graph, told)
    context.progress("learning titles", 60)
    text = await asyncio.to_thread(title_vectors, world.items.titles, TextParams())
    frames = await _tables(context, world, neighbours) if context.fills_tables else []
    context.progress("counting", 80)
    popular = await asyncio.to_thread(rank_segments, world, context.started, chosen.mix)
    learned: Arrays = {"neighbours": neighbours.items, "neighbour_weights": neighbours.weights, "text": text}
    arrays, facts = compose(world, popular, learned, chosen)
    context.progress("publishing", 85)
    async with context.commit() as connection:
        rows = 0
        for table, frame in frames:
            rows += await replace_rows(connection, table, frame)
        await context.store.publish(connection, arrays, facts)
    return rows


async def _tables(context: Context, world: World, neighbours: Neighbours) -> "list[tuple[Table, polars.DataFrame]]":
    """The rows of both similarity tables."""
    told = context.progress.part("comparing users", 65, 80)
    params = SimilarUsersParams(max_similar=context.settings.max_similar_users)
    alike = await asyncio.to_thread(similar_users, world.interactions, params, told)
    users, items = await asyncio.to_thread(lambda: (user_frame(world, alike), item_frame(world, neighbours)))
    return [(user_similarities, users), (item_similarities, items)]


def user_frame(world: World, alike: SimilarUsers) -> "polars.DataFrame":
    """Rows of user_similarities."""
    import polars

    ids = id_series(world.user_kind, world.interactions.user_ids)
    return polars.DataFrame(
        {
            "user_id": ids.gather(alike.user),
            "similar_user_id": ids.gather(alike.similar),
            "similarity_score": alike.score,
        }
    )


def item_frame(world: World, neighbours: Neighbours) -> "polars.DataFrame":
    """Rows of item_similarities: the heaviest neighbours of each item."""
    import polars

    ids = id_series(world.items.id_kind, world.items.ids)
    similar = neighbours.items[:, :KEPT_NEIGHBOURS]
    item, column = np.nonzero(similar >= 0)
    return polars.DataFrame(
        {
            "item_id": ids.gather(item),
            "similar_item_id": ids.gather(similar[item, column]),
            "similarity_score": neighbours.weights[item, column].astype(np.float32),
        }
    )
