"""The search's fast scores are those of the served ranking."""

from dataclasses import replace
from typing import Any

import pytest

from giftwise.algorithms.graph import GraphParams, factorise, item_neighbours
from giftwise.algorithms.neighbours import NeighbourParams
from giftwise.evaluation.measures import find_hits, ndcg
from giftwise.evaluation.probe import Grid, K, try_all
from giftwise.evaluation.ranking import Pasts, View, neighbour_scorer, ranker
from giftwise.evaluation.split import validation_split
from giftwise.interactions.recency import HistoryParams
from tests.evaluation.world import circles


@pytest.mark.parametrize(("linear", "near"), [(0.3, 0.0), (1.0, 0.0), (0.3, 0.4)])
def test_a_trial_is_what_is_served(linear: float, near: float) -> None:
    """NDCG of a trial is NDCG of the neighbours learned with its params and ranked by the online scorer."""
    split = validation_split(circles(), 7)
    params = GraphParams(rank=6, neighbours=40, half_life_days=0, power_steps=8, evidence=0)
    grid = Grid((6,), (0.5,), (linear,), (0.1,), (near,))
    (trial,) = try_all(split, factorise(split.train, params), params, grid)
    served = item_neighbours(split.train, trial.params)
    pasts = Pasts(split.train, params.kind_weights, HistoryParams(fading=params.fading))
    rank = ranker(pasts, neighbour_scorer(served, NeighbourParams()))
    hits = find_hits(rank(split.truth.users, K, View()), split.truth)
    assert trial.ndcg == pytest.approx(ndcg(hits, split.truth.sizes).mean(), abs=0.02)


def test_a_grid_is_tried_in_full() -> None:
    """Every combination is a trial, and its params say which."""
    split = validation_split(circles(), 7)
    params = GraphParams(rank=6)
    grid = Grid((2, 6), (0.5, 1.0), (0.0, 1.0), (0.0, 0.1, 0.2), (0.0, 0.5))
    found = list(try_all(split, factorise(split.train, params), params, grid))
    varied: dict[str, Any] = {"rank": 6, "sigma_power": 0.5, "linear": 0.4, "output_exponent": 0.15, "near": 0.1}
    assert len({tuple(getattr(trial.params, name) for name in varied) for trial in found}) == 48
    assert all(replace(trial.params, **varied) == replace(params, **varied) for trial in found)
