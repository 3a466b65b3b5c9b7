"""How much an interaction still says."""

import numpy as np

from giftwise.algorithms.decay import DAY, decayed_weights
from giftwise.interactions.event import WEIGHTS, Kind

KINDS = np.array([Kind.LIKE, Kind.LIKE, Kind.CLICK], dtype=np.int8)
TIMES = np.array([0, 10 * DAY, 30 * DAY])


def test_halves_with_each_half_life_and_knows_no_future() -> None:
    """At day 20 with a half-life of 10 days: a quarter, a half, and what lies ahead counts as now."""
    weights = decayed_weights(KINDS, TIMES, kind_weights=WEIGHTS, half_life_days=10, now=20 * DAY)
    assert weights.dtype == np.float32
    np.testing.assert_allclose(weights, [0.75, 1.5, 1])


def test_a_half_life_of_zero_never_forgets() -> None:
    """Then only the kind counts."""
    weights = decayed_weights(KINDS, TIMES, kind_weights=WEIGHTS, half_life_days=0, now=10**10)
    assert weights.tolist() == [3, 3, 1]


def test_now_may_differ_for_each() -> None:
    """Each interaction seen from its own user's time."""
    weights = decayed_weights(KINDS, TIMES, kind_weights=WEIGHTS, half_life_days=10, now=TIMES + 10 * DAY)
    assert weights.tolist() == [1.5, 1.5, 0.5]
