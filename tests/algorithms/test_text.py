"""Title vectors: unit rows, near where words are shared, in any language."""

import numpy as np
import pytest

from giftwise.algorithms.text import TextParams, title_vectors

TITLES = (
    "Кружка керамическая синяя",
    "КРУЖКИ керамические, красные",
    "Наушники беспроводные чёрные",
    "Беспроводные наушники черные Sony",
    "Blue ceramic mug",
    "Red ceramic mugs!",
    "Wireless headphones Sony",
    "Wireless headphones, black",
    "",
    " \0\n ",
    "🎁",
)


def test_rows_are_unit_or_zero() -> None:
    """Titles without letters or digits have no direction; the rest have length 1."""
    vectors = title_vectors(TITLES)
    assert vectors.dtype == np.float32
    assert vectors.shape == (len(TITLES), 48)
    lengths = np.linalg.norm(vectors, axis=1)
    np.testing.assert_allclose(lengths[:8], 1, rtol=1e-5)
    np.testing.assert_array_equal(lengths[8:], 0)


@pytest.mark.parametrize("start", [0, 4])
def test_like_titles_are_near(start: int) -> None:
    """In Russian and in English: mugs are nearer to mugs than to headphones, in spite of case, endings and ё."""
    vectors = title_vectors(TITLES, TextParams(max_share=0.5))[start : start + 4]
    near = vectors @ vectors.T
    assert near[0, 1] > 0.3
    assert near[2, 3] > 0.5
    assert near[:2, 2:].max() < 0.2


def test_the_same_words_in_another_order_are_the_same() -> None:
    """A bag of words and runs of letters: order, case and punctuation do not count."""
    vectors = title_vectors(["red mug", "MUG, red", "blue lamp", "lamp blue", "red lamp"], TextParams(max_share=0.9))
    np.testing.assert_allclose(vectors[0] @ vectors[1], 1, rtol=1e-4)
    np.testing.assert_allclose(vectors[2] @ vectors[3], 1, rtol=1e-4)
    assert vectors[0] @ vectors[2] < vectors[0] @ vectors[4]


def test_letters_written_in_two_ways_are_one() -> None:
    """ё and е, and the full-width letters of some keyboards."""
    vectors = title_vectors(["ёж", "еж", "ＴＶ", "tv"], TextParams(max_share=0.9))
    np.testing.assert_allclose([vectors[0] @ vectors[1], vectors[2] @ vectors[3]], 1, rtol=1e-4)


def test_words_of_different_titles_do_not_run_together() -> None:
    """The end of one title and the start of the next are no word: unrelated titles stay unrelated."""
    vectors = title_vectors(["abc", "def", "abc", "def"], TextParams(max_share=0.9))
    np.testing.assert_allclose(vectors @ vectors.T, np.tile(np.eye(2), (2, 2)), atol=1e-4)


@pytest.mark.parametrize("titles", [[], [""], ["one"], ["one", "two"], ["\ud800 lone surrogate"] * 2])
def test_any_few_titles_do(titles: list[str]) -> None:
    """Empty, single and odd titles give rows, never an error; what shares nothing is zero."""
    assert title_vectors(titles).shape == (len(titles), 48)


def test_the_same_twice() -> None:
    """Deterministic to the bit."""
    np.testing.assert_array_equal(title_vectors(TITLES), title_vectors(TITLES))
