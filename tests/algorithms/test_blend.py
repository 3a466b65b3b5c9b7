"""Voices are mixed by share; a silent one leaves the word to the others."""

import numpy as np
import pytest

from giftwise.algorithms.blend import blend

NAN = np.nan


def voice(*values: float) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """Scores."""
    return np.array(values, dtype=np.float32)


def test_each_voice_counts_by_its_share_whatever_its_unit() -> None:
    """0..1 against 0..1000 at shares 3 : 1 gives 3/4 and 1/4."""
    mixed = blend([voice(0, 1, 0), voice(0, 0, 1000)], [3, 1])
    assert mixed.dtype == np.float32
    np.testing.assert_allclose(mixed, [0, 0.75, 0.25])


def test_where_one_voice_is_silent_the_other_speaks() -> None:
    """With caution 0 a lone voice is trusted in full, with 1 silence is the worst score, by default in between."""
    voices = [voice(0, 1, NAN), voice(0, 0, 1)]
    np.testing.assert_allclose(blend(voices, [1, 1], caution=0)[2], 1)
    np.testing.assert_allclose(blend(voices, [1, 1], caution=1)[2], 0.5)
    np.testing.assert_allclose(blend(voices, [1, 1])[2], np.sqrt(0.5))


def test_where_all_are_silent_nothing_is_said() -> None:
    """NaN in every voice stays NaN."""
    assert np.isnan(blend([voice(1, NAN), voice(0, NAN)], [1, 1])[1])


def test_a_voice_without_a_share_is_not_heard() -> None:
    """Share 0: neither its scores nor its silences count."""
    np.testing.assert_allclose(blend([voice(0, 1), voice(NAN, 0)], [1, 0]), [0, 1])


def test_a_voice_that_finds_all_alike_does_not_divide_by_zero() -> None:
    """Equal scores, or silence throughout, leave the ranking to the others."""
    assert blend([voice(5, 5, 5), voice(1, 2, 3)], [1, 1]).argsort().tolist() == [0, 1, 2]
    assert blend([voice(NAN, NAN, NAN), voice(1, 2, 3)], [1, 1]).argsort().tolist() == [0, 1, 2]


def test_wrong_shares_are_refused() -> None:
    """No voice, a missing or a negative share is a programming error."""
    for voices, shares in (([], []), ([voice(1)], []), ([voice(1)], [-1.0])):
        with pytest.raises(ValueError, match="blend needs"):
            blend(voices, shares)
