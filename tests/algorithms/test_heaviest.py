"""The heaviest entries of rows are exact, however they are found."""

import numpy as np
import pytest

from giftwise.algorithms.heaviest import heaviest


@pytest.mark.parametrize("columns", [1, 3, 5, 60, 1000, 5000])
def test_agrees_with_a_full_sort(columns: int) -> None:
    """Narrow rows, wide rows that take the sampled threshold, and clustered rows where the sample misleads."""
    rng = np.random.default_rng(columns)
    block = rng.standard_normal((20, columns)).astype(np.float32)
    block[5] = -1  # nothing positive
    block[6, 1:] = 0  # one entry at most
    block[7] = 0
    block[7, ::8] = 9  # the sampled columns are exactly the heavy ones, so the threshold is too high
    items, weights = heaviest(block, 5)
    for row in range(20):
        order = np.argsort(-block[row], kind="stable")[:5]
        order = order[block[row, order] > 0]
        np.testing.assert_array_equal(weights[row, : len(order)], block[row, order])
        np.testing.assert_array_equal(block[row, items[row, : len(order)]], block[row, order])
        assert (items[row, len(order) :] == -1).all()
        assert (weights[row, len(order) :] == 0).all()


def test_no_rows_and_no_columns() -> None:
    """Empty blocks give empty or padded rows."""
    assert heaviest(np.empty((0, 9), np.float32), 3)[0].shape == (0, 3)
    assert heaviest(np.empty((2, 0), np.float32), 3)[0].tolist() == [[-1] * 3] * 2
