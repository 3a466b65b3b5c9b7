"""A scorer and users' histories in; each user's k best new items, ranked as a request would rank them, out."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from giftwise.algorithms.graph import Neighbours
from giftwise.algorithms.neighbours import NeighbourParams, score_neighbours
from giftwise.catalog.model import Model
from giftwise.interactions.matrix import Interactions

Scorer = Callable[[NDArray[np.int32], NDArray[np.float32]], NDArray[np.float32]]
"""History places [h] and weights [h] in, scores [n] out, NaN = cannot say: what every online scorer is at heart."""


def rank_for(
    users: NDArray[np.int32], train: Interactions, kind_weights: tuple[float, ...], score: Scorer, k: int
) -> NDArray[np.int32]:
    """The k best items of each user without those of the user's own history: int32 [users, k], -1 pads."""
    pairs = train.user.astype(np.int64) * max(train.items, 1) + train.item
    distinct, of_pair = np.unique(pairs, return_inverse=True)
    weights = np.bincount(of_pair, weights=np.asarray(kind_weights)[train.kind], minlength=len(distinct))
    owner, places = distinct // max(train.items, 1), (distinct % max(train.items, 1)).astype(np.int32)
    starts, stops = np.searchsorted(owner, users), np.searchsorted(owner, users, side="right")
    ranked = np.full((len(users), k), -1, dtype=np.int32)
    for row, (start, stop) in enumerate(zip(starts.tolist(), stops.tolist(), strict=True)):
        history = places[start:stop]
        best = best_new(score(history, weights[start:stop].astype(np.float32)), history, k)
        ranked[row, : len(best)] = best
    return ranked


def best_new(scores: NDArray[np.float32], history: NDArray[np.int32], k: int) -> NDArray[np.int32]:
    """Places of the k highest scores, best first (of equals the first place), without `history` and NaN."""
    scores = np.where(np.isnan(scores), -np.inf, scores)
    scores[history] = -np.inf
    top = np.argpartition(-scores, k - 1)[:k] if k < len(scores) else np.arange(len(scores))
    top = top[np.lexsort((top, -scores[top]))]
    return top[scores[top] > -np.inf].astype(np.int32)


def neighbour_scorer(found: Neighbours, params: NeighbourParams) -> Scorer:
    """The online scorer over freshly learned neighbours."""
    arrays: dict[str, NDArray[Any]] = {
        "ids": np.arange(len(found.items)),
        "neighbours": found.items,
        "neighbour_weights": found.weights,
    }
    model = Model("evaluated", 0, datetime.now(UTC), arrays, {})
    return lambda places, weights: score_neighbours(model, places, weights, params)


def popularity_scorer(train: Interactions, kind_weights: tuple[float, ...]) -> Scorer:
    """The baseline: the same weighted counts for everyone."""
    counts = np.bincount(
        train.item, weights=np.maximum(np.asarray(kind_weights)[train.kind], 0), minlength=train.items
    ).astype(np.float32)
    return lambda places, weights: counts
