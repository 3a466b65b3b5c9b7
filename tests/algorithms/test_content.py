"""Content scores and facts on the six-item catalog, worked by hand."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import numpy as np
import pytest

from giftwise.algorithms.content import ContentFacts, ContentParams, content_facts, score_content
from giftwise.catalog.model import Model

FACETS = ("category", "platform", "price", "suitable_for", "target_age", "target_gender", "text")


def only(facet: str, **more: Any) -> ContentParams:
    """Parameters under which one facet alone counts."""
    silent: dict[str, Any] = dict.fromkeys(FACETS, 0.0)
    return ContentParams(**{**silent, facet: 1.0, **more})


PLACES = np.array([0, 3], dtype=np.int32)
WEIGHTS = np.array([3, 1], dtype=np.float32)


@pytest.mark.parametrize(
    ("facet", "expected"),
    [
        ("category", [0.75, 0.75, 0.75, 0.25, 0.25, np.nan]),
        ("platform", [0.75, 0.25, 0.75, 0.25, 0.25, np.nan]),
        ("target_gender", [1, 0, 0, 1, 1, np.nan]),
        ("suitable_for", [0.75, 1, 0.75, 0.25, 0.25, np.nan]),
        ("target_age", [1, 1, 0, 1, 0, np.nan]),
    ],
)
def test_a_facet_is_the_share_of_the_history(model: Model, facet: str, expected: list[float]) -> None:
    """Three quarters of the weight lie on the mug, one on the headphones: each item gets its own facts' share."""
    scores = score_content(model, PLACES, WEIGHTS, only(facet))
    np.testing.assert_allclose(scores, expected, rtol=1e-6)


def test_every_facet_has_a_weight_that_counts(model: Model) -> None:
    """No hyperparameter is dead: each facet alone ranks something."""
    for facet in FACETS:
        assert facet in asdict(ContentParams())
        assert np.nanmax(score_content(model, PLACES, WEIGHTS, only(facet))) > 0


def test_price_is_near_in_ratio_not_in_roubles(model: Model) -> None:
    """For 500, both 550 (x 1.1) and 1500 (x 3) are judged by their ratio: exp(-(ln r / 0.5)^2 / 2)."""
    scores = score_content(model, PLACES[:1], WEIGHTS[:1], only("price"))
    np.testing.assert_allclose(scores[:3], np.exp(-((np.log([1, 1.1, 3]) / 0.5) ** 2) / 2), rtol=1e-4)


def test_a_disliked_price_draws_nobody(model: Model) -> None:
    """Only a dislike: what it cost says nothing of what the user would spend."""
    scores = score_content(model, PLACES[:1], -WEIGHTS[:1], only("price"))
    assert np.nanmax(scores) == 0


def test_text_is_the_cosine_with_the_mean_title(model: Model) -> None:
    """The mug's own title is 1, the other mug's 0.8, the headphones' 0."""
    scores = score_content(model, PLACES[:1], WEIGHTS[:1], only("text"))
    np.testing.assert_allclose(scores[[0, 1, 3]], [1, 0.8, 0], atol=1e-6)


def test_a_history_of_unknown_items_says_nothing(model: Model) -> None:
    """Item 5 has no facts, so liking it compares with nothing."""
    assert np.isnan(score_content(model, np.array([5], np.int32), np.ones(1, np.float32))).all()


def test_relationship_words_past_the_limit_are_not_looked_at(make_model: Callable[..., Model]) -> None:
    """With max_words 1, only the history's most frequent relationship counts."""
    scores = score_content(make_model(), PLACES, WEIGHTS, only("suitable_for", max_words=1))
    np.testing.assert_allclose(scores[:4], [0.75, 0.75, 0.75, 0])


def test_items_without_a_category_are_no_category(make_model: Callable[..., Model]) -> None:
    """Half of the history has no category: that draws nobody, least of all others without one."""
    model = make_model(category=np.array([0, 0, -1, 1, 1, -1], dtype=np.int16))
    scores = score_content(model, np.array([0, 2], np.int32), np.ones(2, np.float32), only("category"))
    np.testing.assert_allclose(scores[:4], [0.5, 0.5, 0, 0])


def test_facts_name_what_is_shared(model: Model) -> None:
    """For a liked blue mug: the red mug shares category, price and title; headphones share nothing."""
    facts = content_facts(model, PLACES[:1], WEIGHTS[:1], np.array([1, 3, 5], np.int32))
    assert facts == [
        ContentFacts(category=0, near_price=True, like_title=0, suitable_for=0b01),
        ContentFacts(category=-1, near_price=False, like_title=-1, suitable_for=0),
        ContentFacts(category=-1, near_price=False, like_title=-1, suitable_for=0),
    ]


def test_facts_of_a_history_of_dislikes_are_empty(model: Model) -> None:
    """What was disliked is no reason for anything."""
    facts = content_facts(model, PLACES[:1], -WEIGHTS[:1], np.array([1], np.int32))
    assert facts == [ContentFacts(-1, False, -1, 0)]
