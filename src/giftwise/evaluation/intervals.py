"""Per-user figures in; how far their means may be off, by resampling the users, out."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 1000
"""How many times the users are drawn again: the ends of a 95 % interval then move by a few per cent of its width."""
LEVEL = 0.95
"""Share of the resampled means that lie within an interval."""
CELLS = 4_000_000
"""Drawn users held at one time: bounds memory at 16 bytes each."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean and the interval around it."""

    mean: float
    low: float
    high: float


def resampled_means(values: NDArray[np.float64], seed: int, resamples: int = RESAMPLES) -> NDArray[np.float64]:
    """Means of each column of `values` [t, c] over t users drawn with replacement: [resamples, c].

    All columns are averaged over the same draws, so that the difference of two columns is a paired comparison. NaN
    values are left out of the mean they would enter; it is NaN where nothing is left. Deterministic by seed.
    Source: Efron, "Bootstrap methods" (1979), percentile intervals.
    """
    users = len(values)
    if users == 0:
        return np.full((resamples, values.shape[1]), np.nan)
    rng = np.random.default_rng(seed)
    known = ~np.isnan(values)
    both = np.hstack([np.where(known, values, 0), known])
    block = max(1, min(resamples, CELLS // users))
    means = np.empty((resamples, values.shape[1]), dtype=np.float64)
    for start in range(0, resamples, block):
        draws = min(block, resamples - start)
        drawn = rng.integers(0, users, (draws, users)) + np.arange(draws)[:, None] * users
        sums = np.bincount(drawn.ravel(), minlength=draws * users).reshape(draws, users) @ both
        total, count = np.hsplit(sums, 2)
        means[start : start + draws] = total / np.where(count > 0, count, np.nan)
    return means


def interval(values: NDArray[np.float64], means: NDArray[np.float64]) -> Interval | None:
    """The mean of one column [t] and the middle 95 % of its resampled means [resamples]; None without a value."""
    known = values[~np.isnan(values)]
    if not len(known):
        return None
    low, high = np.nanquantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(*(round(float(value), 5) for value in (known.mean(), low, high)))
