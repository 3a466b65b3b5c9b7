"""Coverage, novelty and diversity of lists small enough to work by hand."""

import numpy as np

from giftwise.evaluation.lists import coverage, diversity, holders, novelty
from giftwise.interactions.event import Kind
from giftwise.interactions.matrix import Interactions

# Of four users, all have item 0, two have item 1, users 0 and 1; users 2 and 3 have item 2; nobody has item 3.
PAIRS = [(0, 0), (1, 0), (2, 0), (3, 0), (0, 1), (1, 1), (2, 2), (3, 2)]
TRAIN = Interactions(
    np.array([user for user, _ in PAIRS] * 2, np.int32),
    np.array([item for _, item in PAIRS] * 2, np.int32),
    np.repeat([Kind.CLICK, Kind.LIKE], len(PAIRS)).astype(np.int8),
    np.zeros(2 * len(PAIRS), np.int64),
    np.arange(4),
    4,
)
HELD = holders(TRAIN)


def test_a_pair_is_held_once() -> None:
    """A click and a like of one user on one item are one holder."""
    assert HELD.toarray().tolist() == [[1, 1, 1, 1], [1, 1, 0, 0], [0, 0, 1, 1], [0, 0, 0, 0]]


def test_coverage_is_the_share_of_the_catalog() -> None:
    """Each item counts once, pads never."""
    assert coverage(np.array([[0, 1], [1, -1]], np.int32), 4) == 0.5
    assert coverage(np.full((2, 2), -1, np.int32), 4) == 0


def test_novelty_is_the_mean_information() -> None:
    """All have item 0: 0 bits. Half have item 1: 1 bit. Nobody has item 3: as if half of one user had it, 3 bits."""
    ranked = np.array([[0, 1], [1, -1], [3, 1], [-1, -1]], np.int32)
    np.testing.assert_allclose(novelty(ranked, HELD), [0.5, 1, 2, np.nan])


def test_diversity_is_the_mean_distance_of_pairs() -> None:
    """Items 0 and 1 have a cosine of 2 / sqrt(4 * 2); items 1 and 2 share nobody; an untouched item is like none."""
    cosine = 2 / np.sqrt(8)
    ranked = np.array([[0, 1, -1], [1, 2, -1], [0, 1, 2], [0, 3, -1], [0, -1, -1]], np.int32)
    expected = [1 - cosine, 1, 1 - 2 * cosine / 3, 1, np.nan]
    np.testing.assert_allclose(diversity(ranked, HELD), expected, atol=1e-6)
