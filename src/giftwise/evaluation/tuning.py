"""A way to rank and its grid in; the best of the grid on a split inside the training data, within a time, out."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from giftwise.evaluation.measures import find_hits, ndcg
from giftwise.evaluation.ranking import WHOLE, Ranker
from giftwise.evaluation.split import Way, sample_users, validation_split
from giftwise.interactions.matrix import Interactions

JUDGED_USERS = 2000
"""Users of the inner split whose lists decide; drawn by seed."""

Params = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Tunable:
    """An algorithm and what may be chosen about it; the first of the grid is what is usual."""

    name: str
    grid: Sequence[Params]
    fit: Callable[[Interactions, Params], Ranker]


@dataclass(frozen=True, slots=True)
class Tuned:
    """What was chosen, by which figure, out of how many."""

    params: Params
    ndcg: float
    trials: int
    seconds: float


def tune(
    one: Tunable,
    train: Interactions,
    *,
    budget: float,
    k: int,
    seed: int,
    way: Way = "time",
    told: Callable[[float], None] = lambda share: None,
) -> Tuned:
    """Try the grid in an order drawn by seed, the usual first, until it or `budget` seconds end; the best NDCG@k wins.

    One trial is always made; one that has begun is ended. Only `train` is read: its inner split is the one that
    every algorithm of a report is tuned on.
    """
    started = time.monotonic()
    inner = sample_users(validation_split(train, seed, way), JUDGED_USERS, seed)
    order = [0, *(1 + np.random.default_rng(seed).permutation(len(one.grid) - 1)).tolist()]
    best, trials = Tuned(one.grid[0], -1.0, 0, 0.0), 0
    for place in order:
        spent = time.monotonic() - started
        if trials and spent >= budget:
            break
        told(max(spent / max(budget, 1e-9), trials / len(order)))
        ranked = one.fit(inner.train, one.grid[place])(inner.truth.users, k, WHOLE)
        figure = float(ndcg(find_hits(ranked, inner.truth), inner.truth.sizes).mean()) if len(inner.truth) else 0.0
        trials += 1
        if figure > best.ndcg:
            best = Tuned(one.grid[place], round(figure, 5), trials, 0.0)
    return Tuned(best.params, best.ndcg, trials, round(time.monotonic() - started, 3))
