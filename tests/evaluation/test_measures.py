"""Recall, NDCG and hit rate on lists small enough to work by hand."""

import numpy as np

from giftwise.evaluation.measures import Truth, find_hits, hit_rate, ndcg, recall, reciprocal_rank

# User 5 chose 1 and 2, user 7 chose 3, user 9 chose four things.
TRUTH = Truth(np.array([5, 7, 9], np.int32), np.array([0, 2, 3, 7]), np.array([1, 2, 3, 0, 1, 2, 3], np.int32))
RANKED = np.array([[2, 0, 1], [0, 1, -1], [3, 2, 1]], dtype=np.int32)


def test_hits_are_found_per_user() -> None:
    """An item is a hit only for the user who chose it; a pad is never one."""
    assert find_hits(RANKED, TRUTH).tolist() == [[True, False, True], [False] * 3, [True] * 3]


def test_a_pad_is_not_the_last_item_of_the_user_before() -> None:
    """Pads are -1, which must not reach back into the row above."""
    truth = Truth(np.array([0, 1], np.int32), np.array([0, 1, 2]), np.array([3, 0], np.int32))
    assert find_hits(np.array([[0], [-1]], dtype=np.int32), truth).tolist() == [[False], [False]]


def test_the_figures() -> None:
    """Recall divides by all that was chosen, NDCG by the ideal list of min(chosen, k)."""
    hits = find_hits(RANKED, TRUTH)
    np.testing.assert_allclose(recall(hits, TRUTH.sizes), [1, 0, 0.75])
    np.testing.assert_allclose(ndcg(hits, TRUTH.sizes), [1.5 / (1 + 1 / np.log2(3)), 0, 1])
    assert hit_rate(hits).tolist() == [1, 0, 1]


def test_reciprocal_rank_looks_at_the_first_hit() -> None:
    """A first hit at the second place gives one half, later hits nothing more, no hit nothing at all."""
    hits = np.array([[False, True, True], [False] * 3, [True, False, False]])
    assert reciprocal_rank(hits).tolist() == [0.5, 0, 1]


def test_a_user_who_chose_nothing_has_no_figure() -> None:
    """NaN, so that it is noticed and not averaged as a failure."""
    nothing = Truth(np.array([1], np.int32), np.array([0, 0]), np.empty(0, np.int32))
    hits = find_hits(RANKED[:1], nothing)
    assert np.isnan(recall(hits, nothing.sizes)).all()
    assert np.isnan(ndcg(hits, nothing.sizes)).all()


def test_taking_users_takes_their_items() -> None:
    """A sample keeps each user's own choices."""
    part = TRUTH.take(np.array([2, 0]))
    assert part.users.tolist() == [9, 5]
    assert part.sizes.tolist() == [4, 2]
    assert part.items.tolist() == [0, 1, 2, 3, 1, 2]
