"""A scorer and users' histories in; each user's k best new items, ranked as a request would rank them, out."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from giftwise.algorithms.graph import Neighbours
from giftwise.algorithms.neighbours import NeighbourParams, score_neighbours
from giftwise.catalog.model import Model
from giftwise.interactions.event import WEIGHTS
from giftwise.interactions.matrix import Interactions
from giftwise.interactions.recency import HistoryParams, recency


@dataclass(frozen=True, slots=True)
class View:
    """What of the world a ranking is judged on: all of it, unless something is taken away."""

    newest: int | None = None
    """Only so many of each user's interactions, the newest, are known to the scorer."""
    banned: NDArray[np.int32] | None = None
    """Places that are not ranked for anyone."""


WHOLE = View()

Ranker = Callable[[NDArray[np.int32], int, View], NDArray[np.int32]]
"""Users [u], k and a view in; each user's k best new items out: int32 [u, k], -1 pads."""

Scorer = Callable[[NDArray[np.int32], NDArray[np.float32]], NDArray[np.float32]]
"""History places [h] and weights [h] in, scores [n] out, NaN = cannot say: what every online scorer is at heart."""


@dataclass(frozen=True, slots=True)
class Past:
    """What a request would read of one user: h interactions, newest first, and what each weighs."""

    user: int  # position in Interactions.user_ids
    places: NDArray[np.int32]  # [h]
    kinds: NDArray[np.int8]  # [h]
    at: NDArray[np.int64]  # [h]
    weights: NDArray[np.float32]  # [h]
    taken: NDArray[np.int32]  # places not to be ranked: all that the user ever did, cut or not, and the banned ones


class Pasts:
    """Every user's past, weighed as interactions/history.py weighs it: recency is seen from the user's own newest."""

    def __init__(
        self, train: Interactions, kind_weights: tuple[float, ...] = WEIGHTS, params: HistoryParams | None = None
    ) -> None:
        params = params or HistoryParams()
        order = np.lexsort((train.kind, train.item, -train.at, train.user))
        self._user, self._places = train.user[order], train.item[order]
        self._kinds, self._at = train.kind[order], train.at[order]
        shares = recency(self._user, self._at, params)
        weights = train.weighed(np.asarray(kind_weights, dtype=np.float32)[train.kind])
        self._weights = (weights[order] * shares).astype(np.float32)

    def of(self, users: NDArray[np.int32], view: View = WHOLE) -> Iterator[Past]:
        """The past of each of `users`, in their order."""
        starts, stops = np.searchsorted(self._user, users), np.searchsorted(self._user, users, side="right")
        for user, start, stop in zip(users.tolist(), starts.tolist(), stops.tolist(), strict=True):
            end = stop if view.newest is None else min(stop, start + view.newest)
            seen, own = slice(start, end), self._places[start:stop]
            taken = own if view.banned is None else np.concatenate([own, view.banned])
            yield Past(user, self._places[seen], self._kinds[seen], self._at[seen], self._weights[seen], taken)


def rank_for(
    users: NDArray[np.int32], train: Interactions, kind_weights: tuple[float, ...], score: Scorer, k: int
) -> NDArray[np.int32]:
    """The k best items of each user without those of the user's own history: int32 [users, k], -1 pads."""
    return ranker(Pasts(train, kind_weights), score)(users, k, WHOLE)


def ranker(pasts: Pasts, score: Scorer) -> Ranker:
    """An online scorer as what ranks many users, one after another."""

    def rank(users: NDArray[np.int32], k: int, view: View) -> NDArray[np.int32]:
        ranked = np.full((len(users), k), -1, dtype=np.int32)
        for row, past in enumerate(pasts.of(users, view)):
            best = best_new(score(past.places, past.weights), past.taken, k)
            ranked[row, : len(best)] = best
        return ranked

    return rank


def best_new(scores: NDArray[np.float32], taken: NDArray[np.int32], k: int) -> NDArray[np.int32]:
    """Places of the k highest scores, best first (of equals the first place), without `taken` and NaN."""
    falling = -scores
    falling[taken] = np.nan  # NaN sorts last, and is below nothing
    if k < len(falling):
        # Whatever equals the last kept one is let in, so that places decide and not the partition.
        top = np.flatnonzero(falling <= np.partition(falling, k - 1)[k - 1])
        if len(top) < k:
            top = np.flatnonzero(~np.isnan(falling))
    else:
        top = np.flatnonzero(~np.isnan(falling))
    return top[np.argsort(falling[top], kind="stable")[:k]].astype(np.int32)


def neighbour_scorer(found: Neighbours, params: NeighbourParams) -> Scorer:
    """The online scorer over freshly learned neighbours."""
    arrays: dict[str, NDArray[Any]] = {
        "ids": np.arange(len(found.items)),
        "neighbours": found.items,
        "neighbour_weights": found.weights,
    }
    model = Model("evaluated", 0, datetime.now(UTC), arrays, {})
    return lambda places, weights: score_neighbours(model, places, weights, params)


def popularity(train: Interactions, kind_weights: tuple[float, ...]) -> NDArray[np.float32]:
    """Weighted counts of each item [n], dislikes left out."""
    weights = np.maximum(np.asarray(kind_weights)[train.kind], 0)
    return np.bincount(train.item, weights=weights, minlength=train.items).astype(np.float32)


def popularity_scorer(train: Interactions, kind_weights: tuple[float, ...]) -> Scorer:
    """The baseline as a scorer: the same counts for everyone."""
    counts = popularity(train, kind_weights)
    return lambda places, weights: counts


def list_ranker(pasts: Pasts, scores: NDArray[np.float32]) -> Ranker:
    """One list for everyone, best first (of equals the first place), each user's own items left out."""
    order = np.argsort(-scores, kind="stable").astype(np.int32)

    def rank(users: NDArray[np.int32], k: int, view: View) -> NDArray[np.int32]:
        ranked = np.full((len(users), k), -1, dtype=np.int32)
        for row, past in enumerate(pasts.of(users, view)):
            head = order[: k + len(past.taken)]
            best = head[~np.isin(head, past.taken)][:k]
            ranked[row, : len(best)] = best
        return ranked

    return rank
