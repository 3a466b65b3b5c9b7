"""The randomised SVD agrees with the exact one, and clips to what the data has."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from giftwise.algorithms.spectrum import largest_singular


@pytest.mark.parametrize(("rows", "columns"), [(300, 120), (120, 300), (40, 9)])
def test_agrees_with_the_exact_svd(rows: int, columns: int) -> None:
    """Singular values to half a percent, vectors orthonormal and spanning the same space."""
    rng = np.random.default_rng(1)
    dense = (rng.random((rows, 6)) @ rng.random((6, columns)) * (rng.random((rows, columns)) < 0.2)).astype(np.float32)
    sigma, vectors = largest_singular(csr_array(dense), 5, 8, 7)
    _, exact, right = np.linalg.svd(dense, full_matrices=False)
    np.testing.assert_allclose(sigma, exact[:5], rtol=5e-3)
    np.testing.assert_allclose(vectors.T @ vectors, np.eye(5), atol=1e-4)
    assert abs(vectors[:, 0] @ right[0]) > 0.999


def test_the_rank_is_what_the_data_has() -> None:
    """A matrix of rank 2 has two singular values, however many are asked for."""
    dense = np.zeros((30, 20), dtype=np.float32)
    dense[:10, :5] = 1
    dense[10:, 5:] = 2
    sigma, vectors = largest_singular(csr_array(dense), 15, 3, 7)
    np.testing.assert_allclose(sigma, [2 * np.sqrt(20 * 15), np.sqrt(50)], rtol=1e-5)
    assert vectors.shape == (20, 2)


@pytest.mark.parametrize("shape", [(0, 5), (5, 0), (5, 5)])
def test_nothing_in_nothing_out(shape: tuple[int, int]) -> None:
    """A matrix without entries has no directions."""
    sigma, vectors = largest_singular(csr_array(shape, dtype=np.float32), 3, 2, 7)
    assert len(sigma) == 0
    assert vectors.shape == (shape[1], 0)
