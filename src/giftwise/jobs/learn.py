"""The steps that learning jobs share: what was read from the host in, the arrays and facts of a generation out."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from giftwise.catalog.model import Model, RankedItems, item_arrays
from giftwise.catalog.sources import PRESENTS
from giftwise.ids import positions
from giftwise.interactions.matrix import Interactions
from giftwise.jobs.chosen import Chosen
from giftwise.jobs.context import Context
from giftwise.jobs.host import World

Arrays = dict[str, NDArray[Any]]


async def is_bare(context: Context, world: World) -> bool:
    """Whether there is nothing to learn from and nothing serves: a catalog that this installation does not use."""
    return not len(world.items) and context.catalog != PRESENTS and (await context.store.state()).generation == 0


async def serving_model(context: Context) -> Model | None:
    """The generation that serves now, None before the first."""
    state = await context.store.state()
    return await context.store.load(state.generation) if state.generation else None


def compose(
    world: World, popular: Mapping[str, RankedItems], learned: Mapping[str, NDArray[Any]], chosen: Chosen
) -> tuple[Arrays, dict[str, Any]]:
    """The arrays and facts of a generation; `learned` are neighbours, their weights and text, by item."""
    arrays, facts = item_arrays(world.items)
    lists, segments = popular_arrays(popular)
    arrays |= {**lists, **history_arrays(world.interactions), **learned}
    facts |= {
        "segments": segments,
        "user_id_kind": world.user_kind.value,
        "read_at": world.read_at,
        "mix": chosen.mix.as_json(),
        "fading": chosen.graph.fading,
        "choice": chosen.facts,
        "figures": {
            "items": len(world.items),
            "interactions": len(world.interactions),
            "users": world.interactions.users,
        },
    }
    return arrays, facts


def popular_arrays(popular: Mapping[str, RankedItems]) -> tuple[Arrays, dict[str, list[int]]]:
    """The lists of all segments one after another, and where each stands: key -> [start, stop, support]."""
    segments: dict[str, list[int]] = {}
    start = 0
    for key, ranked in popular.items():
        segments[key] = [start, start + len(ranked.items), int(ranked.support)]
        start += len(ranked.items)
    lists: Arrays = {
        "popular_items": np.concatenate([np.empty(0, np.int32), *(ranked.items for ranked in popular.values())]),
        "popular_scores": np.concatenate([np.empty(0, np.float32), *(ranked.scores for ranked in popular.values())]),
    }
    return lists, segments


def history_arrays(interactions: Interactions) -> Arrays:
    """Who did what, by user, each user's newest first."""
    order = np.lexsort((interactions.item, -interactions.at, interactions.user))
    counts = np.bincount(interactions.user, minlength=interactions.users)
    return {
        "history_users": interactions.user_ids,
        "history_at": np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        "history_items": interactions.item[order],
        "history_kinds": interactions.kind[order],
    }


def carried_over(previous: Model | None, ids: NDArray[Any]) -> Arrays:
    """Neighbours and text vectors of the previous generation, moved to where the items stand now.

    An item that is new has none until the next run of user_similarities; one that is gone leaves its rows.
    """
    if previous is None:
        return {
            "neighbours": np.full((len(ids), 1), -1, np.int32),
            "neighbour_weights": np.zeros((len(ids), 1), np.float16),
            "text": np.zeros((len(ids), 1), np.float32),
        }
    names = ("neighbours", "neighbour_weights", "text")
    if np.array_equal(previous["ids"], ids):
        return {name: previous[name] for name in names}
    before = previous.positions(ids)
    moved = {name: _rows(previous[name], before) for name in names}
    now = np.append(positions(ids, previous["ids"]), np.int32(-1))  # the last place answers for the pads, -1
    rows = now[moved["neighbours"]]
    rows[before < 0] = -1
    weights = np.where(rows < 0, np.float16(0), moved["neighbour_weights"])
    order = np.argsort(rows < 0, axis=1, kind="stable")  # pads go last, the others keep their order
    return {
        "neighbours": np.take_along_axis(rows, order, axis=1),
        "neighbour_weights": np.take_along_axis(weights, order, axis=1),
        "text": moved["text"],
    }


def _rows(array: NDArray[Any], places: NDArray[np.int32]) -> NDArray[Any]:
    """Rows by place, zeros where the place is -1."""
    rows = np.zeros((len(places), *array.shape[1:]), array.dtype)
    known = places >= 0
    rows[known] = array[places[known]]
    return rows
