"""What was chosen close to one another: worked by hand, and told apart from what merely the same people chose."""

import numpy as np
import pytest

from giftwise.algorithms.graph import GraphParams, item_neighbours, preference_matrix
from giftwise.algorithms.succession import Succession
from giftwise.interactions.event import Kind
from giftwise.interactions.matrix import Interactions

ONES = (1.0,) * len(Kind)


def likes(rows: list[tuple[int, int, int]], items: int) -> Interactions:
    """Likes from (user, item, time)."""
    user, item, at = (np.array(column) for column in zip(*rows, strict=True))
    kinds = np.full(len(rows), Kind.LIKE, np.int8)
    return Interactions(user.astype(np.int32), item.astype(np.int32), kinds, at, np.arange(user.max() + 1), items)


def succession(interactions: Interactions, steps: int) -> Succession:
    """Of pairs that all weigh 1."""
    return Succession.of(preference_matrix(interactions, ONES, 0, 1000), interactions, steps)


def test_one_step_apart_counts_more_than_two() -> None:
    """Chosen one after another 1, two steps apart 1/2, further apart than allowed 0; time itself is not asked."""
    found = succession(likes([(0, 0, 5), (0, 1, 6), (0, 2, 1_000_000), (0, 3, 1_000_001)], 4), steps=2)
    close = found.rows(0, 4).toarray()
    np.fill_diagonal(close, 0)
    assert close.tolist() == [[0, 1, 0.5, 0], [1, 0, 1, 0.5], [0.5, 1, 0, 1], [0, 0.5, 1, 0]]


def test_one_user_ends_where_the_next_begins() -> None:
    """The last choice of one person says nothing of the first choice of another."""
    close = succession(likes([(0, 0, 1), (0, 1, 2), (1, 2, 3), (1, 3, 4)], 4), steps=3).rows(0, 4).toarray()
    assert close[1, 2] == close[0, 3] == 0
    assert close[0, 1] == close[2, 3] == 1


def test_a_basket_shares_its_weight() -> None:
    """Two items of one moment count for one another as much as the moment is large: a cart of 50 is no 50 wishes."""
    pair = succession(likes([(0, 0, 1), (0, 1, 1)], 2), steps=1).rows(0, 2).toarray()
    four = succession(likes([(0, item, 1) for item in range(4)], 4), steps=1).rows(0, 4).toarray()
    assert pair[0, 1] == pytest.approx(1 / 2)
    assert four[0, 1:] == pytest.approx([1 / 4] * 3)


def test_rows_in_blocks_are_the_whole() -> None:
    """A block of rows is what the whole matrix has there."""
    rng = np.random.default_rng(4)
    rows = sorted({(int(u), int(i)) for u, i in zip(rng.integers(0, 9, 60), rng.integers(0, 12, 60), strict=True)})
    found = succession(likes([(u, i, int(rng.integers(0, 6))) for u, i in rows], 12), steps=3)
    whole = found.rows(0, 12).toarray()
    np.testing.assert_allclose(np.vstack([found.rows(0, 5).toarray(), found.rows(5, 12).toarray()]), whole, rtol=1e-6)
    np.testing.assert_allclose(whole, whole.T, rtol=1e-6)
    scale = rng.random(12).astype(np.float32)
    np.fill_diagonal(whole, 0)
    expected = np.abs(np.linalg.eigvalsh(scale[:, None] * whole * scale)).max()
    assert found.largest(scale) == pytest.approx(expected, rel=0.02)


def test_nobody_chose_anything() -> None:
    """An empty catalog of choices has an empty matrix, and no eigenvalue to divide by."""
    empty = np.empty(0, np.int32)
    nothing = Interactions(empty, empty, empty.astype(np.int8), empty.astype(np.int64), np.arange(0), 3)
    found = succession(nothing, steps=2)
    assert found.rows(0, 3).toarray().tolist() == [[0] * 3] * 3
    assert found.largest(np.ones(3, np.float32)) == 1


def test_what_follows_is_a_nearer_neighbour() -> None:
    """Everyone likes the same four gifts, two in spring and two in autumn: who came together stands first."""
    rows = [(user, item, when) for user in range(30) for item, when in ((0, 1), (1, 2), (2, 900), (3, 901))]
    far = [(user, 4, at) for user in range(30) for at in (400,)]
    between = [(user, 5 + step, 100 + step) for user in range(30) for step in range(12)]
    world = likes(sorted(rows + far + between), 17)
    found = item_neighbours(world, GraphParams(near=1.0, rank=4, half_life_days=0, neighbours=3, evidence=0))
    assert found.items[0, 0] == 1
    assert found.items[3, 0] == 2
