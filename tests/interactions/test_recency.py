"""How much of a history is left: by age, and by how many moments came after."""

import numpy as np
import pytest

from giftwise.interactions.history import History
from giftwise.interactions.recency import DAY, HistoryParams, recency


def test_each_moment_further_back_counts_less() -> None:
    """The newest counts in full, the one before 1/2, then 1/3; each user starts afresh."""
    user = np.array([0, 0, 0, 4, 4])
    at = np.array([30, 20, 10, 25, 5])
    shares = recency(user, at, HistoryParams(fading=1))
    assert shares.tolist() == pytest.approx([1, 1 / 2, 1 / 3, 1, 1 / 2])


def test_a_basket_fades_together() -> None:
    """What was done at one moment counts alike, and what came before it is one moment back."""
    at = np.array([50, 50, 50, 7])
    shares = recency(np.zeros(4), at, HistoryParams(fading=1))
    assert shares.tolist() == pytest.approx([1, 1, 1, 1 / 2])


def test_old_taste_is_still_taste() -> None:
    """Age alone never takes more than all but the least share, whatever the order."""
    at = np.array([1_000 * DAY, 990 * DAY, 0])
    shares = recency(np.zeros(3), at, HistoryParams(half_life_days=10, least_recency=0.2, fading=0))
    assert shares.tolist() == pytest.approx([1, 0.5, 0.2])


def test_one_user_weighs_the_same_alone_and_in_bulk() -> None:
    """What a request weighs is what learning weighs."""
    rng = np.random.default_rng(2)
    user = np.sort(rng.integers(0, 5, 40))
    at = rng.integers(0, 9 * DAY, 40)
    order = np.lexsort((-at, user))
    at = at[order]
    whole = recency(user, at, HistoryParams())
    for one in range(5):
        mine = user == one
        alone = History(np.arange(mine.sum(), dtype=np.int32), np.ones(mine.sum(), np.int8), at[mine])
        np.testing.assert_allclose(alone.weights(HistoryParams()), whole[mine] * alone.weights(HistoryParams())[0])


def test_nothing_done_weighs_nothing() -> None:
    """An empty history is no error."""
    assert len(recency(np.empty(0), np.empty(0, np.int64), HistoryParams())) == 0
