"""How items stand: few ratings are few, units do not matter, and what nobody has does not count."""

import numpy as np
import pytest

from giftwise.algorithms.standing import StandingParams, bayesian_rating, standing, standing_factor

NAN = float("nan")


def column(*values: float) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """Values as models hold them."""
    return np.array(values, dtype=np.float32)


def test_a_mean_of_few_ratings_is_drawn_to_the_mean_of_all() -> None:
    """By hand: (10 * 4 + n * r) / (10 + n) with 4 = the mean over all ratings; without ratings it is that mean."""
    found = bayesian_rating(column(5, 5, 3, NAN), column(1, 90, 91, NAN), doubt=10)
    assert found.tolist() == pytest.approx([(40 + 5) / 11, (40 + 450) / 100, (40 + 273) / 101, 4], abs=1e-5)
    assert found[1] > found[0] > found[3] > found[2]


def test_a_rating_without_a_count_is_one_rating() -> None:
    """It says something, but little; nothing rated at all says nothing."""
    found = bayesian_rating(column(5, 1), column(NAN, NAN), doubt=10)
    assert found.tolist() == pytest.approx([35 / 11, 31 / 11])
    assert np.isnan(bayesian_rating(column(NAN, NAN), column(3, NAN), doubt=10)).all()


def test_units_of_hosts_make_no_difference() -> None:
    """Ratings of five or of ten stars stand alike; popularity counts by its order of magnitude."""
    popularity, rating, count = column(0, 10, 1_000), column(2, 4, 5), column(9, 9, 9)
    one, other = standing(popularity, rating, count), standing(popularity, rating * 2, count)
    np.testing.assert_allclose(one, other, rtol=1e-5)
    assert one[0] == 0
    assert one[2] == 1
    assert (np.diff(one) > 0).all()


def test_what_an_item_lacks_is_no_verdict() -> None:
    """It stands in the middle; where no item has anything, all do; the factor is between its floor and 1."""
    assert standing(column(NAN, 1, 9), column(NAN, NAN, NAN), column(NAN, NAN, NAN))[0] == 0.5
    assert standing(column(NAN, NAN), column(NAN, NAN), column(NAN, NAN)).tolist() == [0.5, 0.5]
    assert standing(column(), column(), column()).shape == (0,)
    factors = standing_factor(column(0, 0.5, 1), StandingParams(floor=0.6))
    assert factors.tolist() == pytest.approx([0.6, 0.8, 1])
