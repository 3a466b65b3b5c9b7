"""Intervals say how far a mean may be off, and not more."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from giftwise.evaluation.intervals import interval, resampled_means


def spread(users: int, seed: int = 1) -> tuple[float, float, float]:
    """Mean and interval of one column of random values."""
    values = np.random.default_rng(seed).random((users, 1))
    found = interval(values[:, 0], resampled_means(values, 7)[:, 0])
    assert found is not None
    return found.low, found.mean, found.high


@given(st.integers(2, 300), st.integers(0, 50))
def test_an_interval_contains_its_mean(users: int, seed: int) -> None:
    """Whatever the values."""
    low, mean, high = spread(users, seed)
    assert low <= mean <= high


def test_an_interval_is_as_wide_as_theory_says_and_shrinks_with_users() -> None:
    """Uniform values have a deviation of 1 / sqrt(12); a hundred times the users make a tenth of the width."""
    widths = []
    for users in (100, 10_000):
        low, _, high = spread(users)
        widths.append(high - low)
        assert abs((high - low) / (2 * 1.96 / np.sqrt(12 * users)) - 1) < 0.15
    assert 8 < widths[0] / widths[1] < 12


def test_the_same_seed_draws_the_same_users_for_all_columns() -> None:
    """Equal columns have a difference of exactly 0, and a second call gives the same again."""
    values = np.random.default_rng(1).random((50, 1))
    means = resampled_means(np.hstack([values, values]), 7)
    assert (means[:, 0] == means[:, 1]).all()
    assert (resampled_means(values, 7)[:, 0] == means[:, 0]).all()
    assert (resampled_means(values, 8)[:, 0] != means[:, 0]).any()


def test_what_is_missing_is_left_out() -> None:
    """NaN is no 0; a column without any value has no interval."""
    values = np.array([[1.0, np.nan], [np.nan, np.nan], [1.0, np.nan]])
    means = resampled_means(values, 7)
    found = interval(values[:, 0], means[:, 0])
    assert found is not None
    assert (found.low, found.mean, found.high) == (1, 1, 1)
    assert interval(values[:, 1], means[:, 1]) is None
