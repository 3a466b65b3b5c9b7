"""The mix's promises: shares by how much is known, voices blended, and the same after being kept."""

from datetime import UTC, datetime

import numpy as np

from giftwise.algorithms.content import score_content
from giftwise.algorithms.mix import Mix, leading_voice, mixed_scores, spread_list
from giftwise.algorithms.neighbours import score_neighbours
from giftwise.catalog.model import Model, RankedItems
from giftwise.ids import IdKind
from tests.support.models import make_model

PLACES = np.array([3, 8], np.int32)
WEIGHTS = np.array([3.0, 1.0], np.float32)


def model() -> Model:
    """Fifty items."""
    arrays, facts = make_model(IdKind.INTEGER, 50)
    return Model("presents", 1, datetime.now(UTC), arrays, facts)


def test_few_interactions_hear_other_shares_than_many() -> None:
    """Up to two interactions the first shares, from three on the second."""
    mix = Mix(few=(0.0, 1.0, 0.0), many=(1.0, 0.0, 0.0))
    assert [mix.shares(count) for count in (1, 2, 3, 50)] == [mix.few, mix.few, mix.many, mix.many]


def test_a_mix_is_the_same_after_being_kept() -> None:
    """JSON and back; an old model without one gets the defaults."""
    mix = Mix(14.0, (0.2, 0.6, 0.2), (0.6, 0.4, 0.0), 2)
    assert Mix.of_json(mix.as_json()) == mix
    assert Mix.of_json(None) == Mix()


def test_one_voice_alone_is_that_voice() -> None:
    """With all shares on one voice its scores come out unchanged."""
    found, popular = model(), model().popular("any|any|any")
    alone = [mixed_scores(found, PLACES, WEIGHTS, popular, shares) for shares in ((1, 0, 0), (0, 1, 0), (0, 0, 1))]
    assert popular is not None
    voices = [score(found, PLACES, WEIGHTS) for score in (score_neighbours, score_content)]
    expected = [*voices, spread_list(popular, 50)]
    for scores, wanted in zip(alone, expected, strict=True):
        np.testing.assert_array_equal(scores, wanted)


def test_a_mixture_lies_between_its_voices() -> None:
    """Where all speak, the blend of scaled voices is between the lowest and the highest of them."""
    found = model()
    scores = mixed_scores(found, PLACES, WEIGHTS, found.popular("any|any|any"), (0.5, 0.3, 0.2))
    assert scores.dtype == np.float32
    assert np.nanmin(scores) >= 0
    assert np.nanmax(scores) <= 1


def test_without_any_voice_nothing_can_be_said() -> None:
    """No shares that can be heard: NaN everywhere, so that the next rung fills the list."""
    assert np.isnan(mixed_scores(model(), PLACES, WEIGHTS, None, (0, 0, 1))).all()


def test_items_that_a_list_does_not_name_are_silent() -> None:
    """A list speaks of its own items alone."""
    scores = spread_list(RankedItems(np.array([2, 0], np.int32), np.array([0.5, 0.25], np.float32), 9), 4)
    np.testing.assert_array_equal(scores, np.array([0.25, np.nan, 0.5, np.nan], np.float32))


def test_the_leading_voice_is_the_one_that_adds_most() -> None:
    """With one voice alone it leads wherever it speaks well; where none does, nobody leads."""
    found = model()
    chosen = np.arange(50, dtype=np.int32)
    popular = found.popular("any|any|any")
    for voice, shares in enumerate(((1, 0, 0), (0, 1, 0), (0, 0, 1))):
        led = leading_voice(found, PLACES, WEIGHTS, popular, shares, chosen=chosen)
        assert set(led.tolist()) <= {voice, -1}
        assert (led == voice).sum() > 1
    strong = leading_voice(found, PLACES, WEIGHTS, popular, (0.9, 0.0, 0.1), chosen=chosen)
    named = ~np.isnan(score_neighbours(found, PLACES, WEIGHTS))
    assert (strong[~named] != 0).all()
