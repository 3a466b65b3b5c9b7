"""Interactions in; how much better than popularity the collaborative ranking foresees the latest choices, out."""

import time
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from giftwise.algorithms.graph import DEFAULTS, GraphParams, item_neighbours
from giftwise.algorithms.neighbours import NeighbourParams
from giftwise.evaluation.measures import Truth, find_hits, hit_rate, ndcg, recall
from giftwise.evaluation.ranking import Scorer, neighbour_scorer, popularity_scorer, rank_for
from giftwise.evaluation.split import cut_at, temporal_split
from giftwise.interactions.matrix import Interactions

GROUPS = {"0": (0, 0), "1-2": (1, 2), "3+": (3, None)}
"""Activity groups by number of items in train, as the ladder has them: name -> lowest and highest."""

JUDGED = replace(DEFAULTS, rank=256)
"""The filter that is judged on live data: half the served rank, at under half the time. Where the data rewards a high
rank its figures are a floor of what is served (on Gowalla 5 % below it); the report names the rank."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Means over a group's users."""

    users: int
    recall: float
    ndcg: float
    hit_rate: float
    coverage: float  # share of the catalog that stands in at least one list
    novelty: float  # mean of -log2(share of users who have the item), over the lists' places


@dataclass(frozen=True, slots=True)
class Report:
    """One offline evaluation: figures by algorithm, then by activity group (and `all`)."""

    k: int
    rank: int  # of the filter judged (GraphParams.rank)
    train: int
    users: int
    cut: int
    seconds: float
    figures: dict[str, dict[str, Figures]]

    def as_json(self) -> dict[str, Any]:
        """Plain dicts and numbers."""
        return asdict(self)


def report_live(
    interactions: Interactions,
    *,
    share: float = 0.9,
    k: int = 20,
    most_users: int = 2000,
    params: GraphParams = JUDGED,
    seed: int = 7,
) -> Report:
    """Learn from the first `share` of all choices in time, judge on the rest, for at most `most_users` users."""
    cut = cut_at(interactions, share)
    split = temporal_split(interactions, cut)
    return evaluate(split.train, split.truth, k=k, cut=cut, most_users=most_users, params=params, seed=seed)


def evaluate(
    train: Interactions,
    truth: Truth,
    *,
    k: int = 20,
    cut: int = 0,
    most_users: int = 2000,
    params: GraphParams = DEFAULTS,
    seed: int = 7,
) -> Report:
    """Figures of `collaborative` (graph neighbours) and `popular` on the same users, by activity in train.

    Ranks every item except the user's own, with the online scorer. The sample of users is drawn by seed.
    """
    started = time.monotonic()
    if len(truth) > most_users:
        rows = np.sort(np.random.default_rng(seed).choice(len(truth), most_users, replace=False))
        truth = truth.take(rows)
    scorers: dict[str, Scorer] = {
        "collaborative": neighbour_scorer(item_neighbours(train, params), NeighbourParams()),
        "popular": popularity_scorer(train, params.kind_weights),
    }
    groups = _groups(train, truth)
    share_of_users = _share_of_users(train)
    figures = {
        name: _by_group(rank_for(truth.users, train, params.kind_weights, score, k), truth, groups, share_of_users)
        for name, score in scorers.items()
    }
    return Report(k, params.rank, len(train), len(truth), cut, round(time.monotonic() - started, 3), figures)


def _by_group(
    ranked: NDArray[np.int32],
    truth: Truth,
    groups: dict[str, NDArray[np.intp]],
    share_of_users: NDArray[np.float64],
) -> dict[str, Figures]:
    hits, sizes = find_hits(ranked, truth), truth.sizes
    figures = {}
    for name, rows in groups.items():
        if not len(rows):
            continue
        listed = ranked[rows][ranked[rows] >= 0]
        figures[name] = Figures(
            users=len(rows),
            recall=_mean(recall(hits[rows], sizes[rows])),
            ndcg=_mean(ndcg(hits[rows], sizes[rows])),
            hit_rate=_mean(hit_rate(hits[rows])),
            coverage=round(len(np.unique(listed)) / len(share_of_users), 4),
            novelty=_mean(-np.log2(share_of_users[listed])) if len(listed) else 0.0,
        )
    return figures


def _groups(train: Interactions, truth: Truth) -> dict[str, NDArray[np.intp]]:
    """Rows of the test users by how many distinct items they have in train."""
    pairs = np.unique(train.user.astype(np.int64) * max(train.items, 1) + train.item)
    activity = np.bincount(pairs // max(train.items, 1), minlength=train.users)[truth.users]
    groups = {"all": np.arange(len(truth))}
    for name, (low, high) in GROUPS.items():
        groups[name] = np.flatnonzero((activity >= low) & (activity <= (high if high is not None else np.inf)))
    return groups


def _share_of_users(train: Interactions) -> NDArray[np.float64]:
    """Of each item, the share of users who did something to it; half a user where none did."""
    pairs = np.unique(train.user.astype(np.int64) * max(train.items, 1) + train.item)
    users = np.bincount(pairs % max(train.items, 1), minlength=train.items)
    return np.maximum(users, 0.5) / max(train.users, 1)


def _mean(values: NDArray[np.floating]) -> float:
    return round(float(values.mean()), 4)
