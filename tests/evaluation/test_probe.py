"""The search's fast scores are those of the served ranking."""

from dataclasses import replace

import pytest

from giftwise.algorithms.graph import GraphParams, factorise, item_neighbours, preference_matrix
from giftwise.algorithms.neighbours import NeighbourParams
from giftwise.evaluation.measures import find_hits, ndcg
from giftwise.evaluation.probe import Grid, K, try_all
from giftwise.evaluation.ranking import Pasts, View, neighbour_scorer, ranker
from giftwise.evaluation.split import validation_split
from tests.evaluation.world import circles


@pytest.mark.parametrize("linear", [0.3, 1.0])
def test_a_trial_is_what_is_served(linear: float) -> None:
    """NDCG of a trial is NDCG of the neighbours learned with its params and ranked by the online scorer."""
    split = validation_split(circles(), 7)
    params = GraphParams(rank=6, neighbours=40, half_life_days=0, power_steps=8, evidence=0)
    raw = preference_matrix(split.train, params.kind_weights, params.half_life_days, params.max_per_user)
    grid = Grid((6,), (0.5,), (linear,), (0.1,))
    (trial,) = try_all(split, factorise(raw, params), params, grid)
    served = item_neighbours(split.train, trial.params)
    rank = ranker(Pasts(split.train, params.kind_weights), neighbour_scorer(served, NeighbourParams()))
    hits = find_hits(rank(split.truth.users, K, View()), split.truth)
    assert trial.ndcg == pytest.approx(ndcg(hits, split.truth.sizes).mean(), abs=0.02)


def test_a_grid_is_tried_in_full() -> None:
    """Every combination is a trial, and its params say which."""
    split = validation_split(circles(), 7)
    params = GraphParams(rank=6)
    raw = preference_matrix(split.train, params.kind_weights, params.half_life_days, params.max_per_user)
    grid = Grid((2, 6), (0.5, 1.0), (0.0, 1.0), (0.0, 0.1, 0.2))
    found = list(try_all(split, factorise(raw, params), params, grid))
    assert len({(t.params.rank, t.params.sigma_power, t.params.linear, t.params.output_exponent) for t in found}) == 24
    assert all(replace(t.params, rank=6, sigma_power=0.5, linear=0.4, output_exponent=0.15) == params for t in found)
