"""Scores, similar items and reasons from neighbour rows, worked by hand on the six-item catalog."""

import numpy as np

from giftwise.algorithms.neighbours import NeighbourParams, because_of, score_neighbours, similar_items
from giftwise.catalog.model import Model


def places(*values: int) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    """Item places."""
    return np.array(values, dtype=np.int32)


def weights(*values: float) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """Weights."""
    return np.array(values, dtype=np.float32)


def test_a_score_is_the_weighted_sum_of_rows(model: Model) -> None:
    """3 x row 0 plus 1 x row 1: item 0 gets 1, item 1 gets 3, item 2 gets 1.5 + 0.25, the rest nothing."""
    scores = score_neighbours(model, places(0, 1), weights(3, 1))
    np.testing.assert_allclose(scores[:3], [1, 3, 1.75])
    assert np.isnan(scores[3:]).all()


def test_exact_cancellation_is_a_score_of_zero(model: Model) -> None:
    """A like and a dislike that cancel out are a known 0, not "cannot say"."""
    scores = score_neighbours(model, places(0, 1), weights(1, -2))
    assert scores[2] == 0
    assert np.isnan(scores[3])


def test_only_the_weightiest_of_a_long_history_count(model: Model) -> None:
    """With max_history 1, the item of weight 3 speaks and the one of weight 1 does not."""
    scores = score_neighbours(model, places(3, 0), weights(1, 3), NeighbourParams(max_history=1))
    assert scores[1] == 3
    assert np.isnan(scores[4])


def test_a_strong_dislike_survives_the_cut(model: Model) -> None:
    """Weight is counted without its sign when a history is cut."""
    scores = score_neighbours(model, places(3, 0), weights(1, -3), NeighbourParams(max_history=1))
    assert scores[1] == -3


def test_similar_items_are_the_row_without_pads(model: Model) -> None:
    """Heaviest first, cut at the limit, pads never shown."""
    found, heavy = similar_items(model, 0, 10)
    assert found.tolist() == [1, 2]
    assert heavy.tolist() == [1, 0.5]
    assert similar_items(model, 0, 1)[0].tolist() == [1]
    assert similar_items(model, 2, 5)[0].tolist() == [0]
    assert similar_items(model, 5, 5)[0].tolist() == []


def test_the_reason_is_the_largest_contribution(model: Model) -> None:
    """Item 2 has 0.5 from item 0 and 0.25 from item 1: weights decide; nothing of the history leads to item 4."""
    assert because_of(model, places(0, 1), weights(1, 1), places(2, 4)).tolist() == [0, -1]
    assert because_of(model, places(0, 1), weights(1, 3), places(2, 4)).tolist() == [1, -1]


def test_a_dislike_is_never_a_reason(model: Model) -> None:
    """Item 2 is shown because of the liked item 1, however much item 0 was disliked."""
    assert because_of(model, places(0, 1), weights(-9, 1), places(2)).tolist() == [1]
    assert because_of(model, places(0), weights(-9), places(2)).tolist() == [-1]
