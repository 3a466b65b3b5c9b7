"""Distances known by hand, and a decay that never ends."""

import numpy as np
import pytest

from giftwise.algorithms.nearness import NearnessParams, kilometres, nearness

PLACES = {"Moscow": (55.7558, 37.6173), "Saint Petersburg": (59.9343, 30.3351), "Vladivostok": (43.1155, 131.8855)}


def column(*values: float) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """Degrees as models hold them."""
    return np.array(values, dtype=np.float32)


@pytest.mark.parametrize(("city", "distance"), [("Moscow", 0), ("Saint Petersburg", 634), ("Vladivostok", 6417)])
def test_distances_are_those_of_the_globe(city: str, distance: float) -> None:
    """To half a percent."""
    lat, lon = PLACES[city]
    (found,) = kilometres(*PLACES["Moscow"], column(lat), column(lon))
    assert found == pytest.approx(distance, rel=0.005, abs=0.01)


def test_the_date_line_and_the_poles_are_no_edges() -> None:
    """Half a degree either side of 180 is near; at the pole all longitudes are one place; antipodes are half round."""
    assert kilometres(0, 179.75, column(0), column(-179.75))[0] == pytest.approx(55.6, rel=0.01)
    assert kilometres(90, 0, column(90), column(123))[0] == pytest.approx(0, abs=1e-6)
    assert kilometres(0, 0, column(0), column(180))[0] == pytest.approx(np.pi * 6371, rel=1e-4)


def test_nearer_is_more_at_every_distance() -> None:
    """Strictly falling from 1 towards the floor, half way down at half_km; an unknown place is neither near nor far."""
    params = NearnessParams(half_km=10, floor=0.5, unknown=0.75)
    lats = column(0, *(np.array([1, 5, 9.9927, 20, 100, 1_000]) / 111.195), np.nan)
    factors = nearness(0, 0, lats, np.zeros_like(lats), params)
    assert factors[0] == 1
    assert (np.diff(factors[:-1]) < 0).all()
    assert factors[3] == pytest.approx(0.75, abs=0.001)
    assert factors[-2] == pytest.approx(0.5, abs=0.001)
    assert factors[-1] == np.float32(0.75)
