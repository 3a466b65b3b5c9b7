"""The graph filter: known answers, tiny catalogs, determinism, and that it finds the tastes in the data."""

from collections.abc import Callable
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from giftwise.algorithms.graph import GraphParams, damp_rows, item_neighbours, preference_matrix
from giftwise.interactions.event import Kind
from giftwise.interactions.matrix import Interactions

MakeInteractions = Callable[..., Interactions]
PLAIN = GraphParams(
    user_exponent=0, item_exponent=0, output_exponent=0, linear=1, near=0, half_life_days=0, neighbours=3, evidence=0
)


def test_plain_co_occurrence_worked_by_hand(make_interactions: MakeInteractions) -> None:
    """Without exponents and low pass, a weight is the number of users who liked both (up to scale)."""
    likes = [(0, 0), (0, 1), (1, 0), (1, 1), (1, 2), (2, 3)]
    found = item_neighbours(make_interactions([(u, i, Kind.LIKE, 0) for u, i in likes], users=3), PLAIN)
    assert found.items.tolist() == [[1, 2, -1], [0, 2, -1], [0, 1, -1], [-1] * 3, [-1] * 3, [-1] * 3]
    np.testing.assert_array_equal(found.weights[:3, :2], [[1, 0.5], [1, 0.5], [0.5, 0.5]])


@pytest.mark.parametrize("near", [0.0, 0.4])
def test_a_user_s_scores_are_the_filter_s_scores(clusters: Interactions, near: float) -> None:
    """Summing neighbour rows is r Di^-b F Di^o in full, but for entries below zero and an item's with itself."""
    params = GraphParams(neighbours=80, rank=20, power_steps=12, half_life_days=0, evidence=0, near=near)
    found = item_neighbours(clusters, params)
    r = np.zeros((clusters.users, clusters.items))
    r[clusters.user, clusters.item] = 3
    users, items = r.sum(axis=1), r.sum(axis=0)
    rn = users[:, None] ** -params.user_exponent * r * items**-params.item_exponent
    _, sigma, vectors = np.linalg.svd(rn)
    low = (vectors[:20].T * (sigma[:20] / sigma[0]) ** params.sigma_power) @ vectors[:20]
    succession = _succession(clusters, r) * np.outer(*[items**-params.item_exponent] * 2)
    full = (1 - near) * (params.linear * rn.T @ rn / sigma[0] ** 2 + (1 - params.linear) * low)
    full += near * succession / np.linalg.eigvalsh(succession).max()
    np.fill_diagonal(full, 0)
    expected = (r * items**-params.item_exponent) @ full.clip(0) * items**params.output_exponent
    rows = np.zeros((clusters.items, clusters.items + 1))  # the last column takes the pads
    np.put_along_axis(rows, found.items, found.weights.astype(np.float64), axis=1)
    got = r @ rows[:, :-1]
    np.testing.assert_allclose(got / got.max(), expected / expected.max(), atol=0.01)


def _succession(interactions: Interactions, preferences: np.ndarray) -> np.ndarray:
    """C pair by pair: one over the distance in moments, one moment's pairs over its size."""
    close = np.zeros((interactions.items, interactions.items))
    for user in range(interactions.users):
        mine = np.flatnonzero(interactions.user == user)
        moments = np.unique(interactions.at[mine], return_inverse=True)[1]
        sizes = np.bincount(moments)[moments]
        for one, other in product(range(len(mine)), repeat=2):
            apart = abs(int(moments[one]) - int(moments[other]))
            i, j = interactions.item[mine[one]], interactions.item[mine[other]]
            if i != j and apart <= GraphParams().steps:
                weight = (
                    preferences[user, i] * preferences[user, j] / (max(apart, 1) * (sizes[one] * sizes[other]) ** 0.5)
                )
                close[i, j] += weight
    return close


def test_rows_are_evened_out_by_their_length() -> None:
    """A row of length 5 at exponent 1 has length 1, at 0.5 the root of 5; an empty row stays empty."""
    rows = np.array([[4, 3], [0.5, 0], [0, 0]], dtype=np.float32)
    np.testing.assert_allclose(damp_rows(rows, 1), np.array([[0.8, 0.6], [1, 0], [0, 0]]), rtol=1e-6)
    np.testing.assert_allclose(damp_rows(rows, 0.5)[0], np.array([4, 3]) / 5**0.5, rtol=1e-6)
    np.testing.assert_array_equal(damp_rows(rows, 0), rows)


def test_neighbours_share_the_taste(clusters: Interactions) -> None:
    """Of the five heaviest neighbours of every item, nine in ten are of its own taste of 20 items."""
    found = item_neighbours(clusters, GraphParams(rank=8, neighbours=5))
    assert (found.items // 20 == np.arange(80)[:, None] // 20).mean() > 0.9


def test_the_same_seed_gives_the_same_bits(clusters: Interactions) -> None:
    """Deterministic, so that a model without new data has the same checksums; blocks change nothing."""
    params = GraphParams(rank=16, neighbours=10)
    one, two = item_neighbours(clusters, params), item_neighbours(clusters, params)
    np.testing.assert_array_equal(one.items, two.items)
    np.testing.assert_array_equal(one.weights, two.weights)
    in_blocks = item_neighbours(clusters, replace(params, block=7))
    np.testing.assert_allclose(in_blocks.weights.astype(float), one.weights.astype(float), atol=2e-3)


def test_rows_are_heaviest_first_without_the_item_itself(clusters: Interactions) -> None:
    """Weights fall along each row, pads (-1, 0) come last, and no item neighbours itself."""
    found = item_neighbours(clusters, GraphParams(rank=16, neighbours=200))
    assert (np.diff(found.weights.astype(float), axis=1) <= 0).all()
    assert ((found.items == -1) == (found.weights == 0)).all()
    assert not (found.items == np.arange(80)[:, None]).any()
    assert found.weights.max() == 1


@pytest.mark.parametrize(("users", "items"), [(0, 0), (0, 4), (3, 0), (3, 4), (1, 1)])
def test_no_interactions_give_empty_rows(make_interactions: MakeInteractions, users: int, items: int) -> None:
    """A host that starts today has a model too."""
    found = item_neighbours(make_interactions([], users=users, items=items))
    assert found.items.shape == found.weights.shape == (items, 200)
    assert (found.items == -1).all()


def test_a_tiny_catalog_clips_the_rank(make_interactions: MakeInteractions) -> None:
    """Three users and four items under the defaults (rank 512): those who share a user are neighbours."""
    rows = [(0, 0, Kind.LIKE, 0), (0, 1, Kind.LIKE, 0), (1, 1, Kind.CLICK, 0), (2, 3, Kind.LIKE, 0)]
    found = item_neighbours(make_interactions(rows, users=3, items=4))
    assert found.items[0, 0] == 1
    assert found.items[1, 0] == 0
    assert (found.items[2] == -1).all()


def test_a_disliked_item_is_no_bond(make_interactions: MakeInteractions) -> None:
    """Kinds of a pair add up: a click and a dislike end below 0 and are left out."""
    rows = [(0, 0, Kind.LIKE, 0), (0, 1, Kind.CLICK, 0), (0, 1, Kind.DISLIKE, 0), (0, 2, Kind.CLICK, 0)]
    matrix = preference_matrix(make_interactions(rows, users=1), GraphParams().kind_weights, 0, 1000).toarray()
    assert matrix.tolist() == [[3, 0, 1, 0, 0, 0]]


def test_old_interactions_fade(make_interactions: MakeInteractions) -> None:
    """One half-life before the newest interaction counts half."""
    rows = [(0, 0, Kind.LIKE, 0), (0, 1, Kind.LIKE, 30 * 86_400)]
    matrix = preference_matrix(make_interactions(rows, users=1), GraphParams().kind_weights, 30, 1000).toarray()
    np.testing.assert_allclose(matrix[0, :2], [1.5, 3])


def test_a_crawler_costs_no_more_than_its_cap(make_interactions: MakeInteractions) -> None:
    """Of a user with more pairs than max_per_user, only the heaviest count."""
    rows = [(0, item, Kind.CLICK, 0) for item in range(6)] + [(0, 4, Kind.LIKE, 0)]
    matrix = preference_matrix(make_interactions(rows, users=1), GraphParams().kind_weights, 0, 2).toarray()
    assert matrix.tolist() == [[1, 0, 0, 0, 4, 0]]


def test_progress_ends_at_one(clusters: Interactions) -> None:
    """A bar fed by the callback fills, and never runs backwards."""
    seen: list[float] = []
    item_neighbours(clusters, GraphParams(block=30, rank=4), seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == 1
