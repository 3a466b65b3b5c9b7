"""Gifts ranked: small shops whose right order is known by hand."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from giftwise.algorithms.gifts import (
    GiftParams,
    Wish,
    affordable,
    choose,
    standing_among,
    suitability,
    taste,
    together,
    widen,
)
from giftwise.catalog.model import Model, RankedItems
from tests.support.models import make_model

PARAMS = GiftParams()


def make_shop(count: int = 6, **replaced: Any) -> Model:
    """Items that nothing connects, for anybody, at 100 each, unless said otherwise."""
    arrays, facts = make_model(count=count)
    neutral: dict[str, Any] = {
        "price": np.full(count, 100, np.float32),
        "target_gender": np.full(count, -1, np.int8),
        "target_age": np.zeros(count, np.int16),
        "suitable_for": np.zeros(count, np.int64),
        "text": np.eye(count, dtype=np.float32),
        "neighbours": np.full((count, 2), -1, np.int32),
        "neighbour_weights": np.zeros((count, 2), np.float16),
    }
    return Model("presents", 1, datetime.now(UTC), {**arrays, **neutral, **replaced}, facts)


def places(*values: int) -> NDArray[np.int32]:
    return np.array(values, np.int32)


def scores(*values: float) -> NDArray[np.float32]:
    return np.array(values, np.float32)


def test_what_belongs_to_the_best_matches_follows_them() -> None:
    """A neighbour of the best match is found without having its words, below it; a weak match answers nothing."""
    neighbours = np.full((6, 2), -1, np.int32)
    neighbours[0, 0] = 4
    shop = make_shop(neighbours=neighbours, neighbour_weights=np.where(neighbours >= 0, 1, 0).astype(np.float16))
    found, points = widen(shop, (places(0, 1), scores(0.9, 0.8)))
    assert found.tolist() == [0, 1, 4]
    assert points.tolist() == pytest.approx([0.9 * 1.1, 0.8 + 0.1 * 0.9 * self_likeness(0.8), 0.45], rel=0.2)
    assert len(widen(shop, (places(0), scores(PARAMS.weakest / 2)))[0]) == 0
    assert len(widen(shop, (places(), scores()))[0]) == 0


def self_likeness(weight: float) -> float:
    """How near the second seed's title is to the mean of both."""
    return float(weight**2 / (1 + weight**4) ** 0.5)


def test_titles_like_the_matches_follow_too() -> None:
    """The same thing in another language or spelling is near by its title's vector."""
    text = np.eye(6, dtype=np.float32)
    text[5] = text[0]
    found, points = widen(make_shop(text=text), (places(0), scores(1.0)), GiftParams(floor=0.05))
    assert found.tolist() == [0, 5]
    assert points.tolist() == pytest.approx([1.1, 0.1])


def test_each_item_counts_by_the_query_that_it_answers_best() -> None:
    """Two searches become one list without doubles, best first, ties by place."""
    found, points = together([(places(3, 1), scores(0.5, 0.2)), (places(1, 2), scores(0.9, 0.5))])
    assert found.tolist() == [1, 2, 3]
    assert points.tolist() == pytest.approx([0.9, 0.5, 0.5])
    assert len(together([])[0]) == 0


def test_a_limit_lets_through_what_is_known_to_keep_it() -> None:
    """At the limit is within it; an unknown price is not, unless there is no limit."""
    shop = make_shop(price=np.array([99, 100, 101, np.nan, 1, 1], np.float32))
    assert affordable(shop, places(0, 1, 2, 3), 100).tolist() == [True, True, False, False]
    assert affordable(shop, places(0, 1, 2, 3), None).all()


def test_suitability_of_gender_age_and_relationship() -> None:
    """What is for others is worth less, what is for all or for them is not; unknown wishes ask for nothing."""
    shop = make_shop(
        target_gender=np.array([-1, 0, 1, -1, -1, -1], np.int8),
        target_age=np.array([0, 0, 0, 1 << 2, 1 << 0, 0], np.int16),
        suitable_for=np.array([0, 0, 0, 0, 0, 1 << 1], np.int64),
    )
    wish = Wish(gender="f", age="25-34", relation="friend")
    wanted = [1, PARAMS.other_gender, 1, 1, PARAMS.other_age, PARAMS.other_relation]
    assert suitability(shop, places(0, 1, 2, 3, 4, 5), wish).tolist() == pytest.approx(wanted)
    assert suitability(shop, places(0, 1, 2, 3, 4, 5), Wish()).tolist() == [1] * 6


def test_a_price_near_the_budget_is_best() -> None:
    """From 40 % of the budget to all of it is equally good; much cheaper and dearer is worse; unknown is neither."""
    shop = make_shop(price=np.array([40, 100, 10, 110, 300, np.nan], np.float32))
    found = suitability(shop, places(0, 1, 2, 3, 4, 5), Wish(budget=100)).tolist()
    assert found[:2] == pytest.approx([1, 1])
    assert found[2] == pytest.approx(0.25**PARAMS.modest)
    assert found[3] == pytest.approx(1 - PARAMS.over * 0.1, rel=1e-4)
    assert 0 < found[4] < 0.1
    assert found[5] == 1


def test_taste_pulls_and_pushes() -> None:
    """Neighbours and look-alikes of what was liked gain, of what was disliked lose, the rest is left alone."""
    neighbours = np.full((6, 2), -1, np.int32)
    neighbours[0, 0], neighbours[1, 0] = 2, 3
    weights = np.where(neighbours >= 0, 0.5, 0).astype(np.float16)
    text = np.eye(6, dtype=np.float32)
    text[4] = text[0]
    shop = make_shop(neighbours=neighbours, neighbour_weights=weights, text=text)
    found = taste(shop, places(0), places(1))
    assert found.tolist() == pytest.approx([1, -1, 1, -1, 1, 0])
    assert not taste(shop, places(), places()).any()


def test_the_same_gift_in_another_colour_waits() -> None:
    """Of three alike and one other, the other comes second although it scores a little less; nothing is lost."""
    text = np.eye(6, dtype=np.float32)
    text[1] = text[2] = text[0]
    shop = make_shop(text=text)
    order = choose(shop, (places(0, 1, 2, 3), scores(1, 0.95, 0.94, 0.85)), 4)
    assert order.tolist() == [0, 3, 1, 2]
    assert choose(shop, (places(0, 1, 2, 3), scores(1, 0.95, 0.94, 0.5)), 2).tolist() == [0, 1, 2, 3]
    beyond = choose(shop, (places(0, 1, 2, 3), scores(1, 0.9, 0.8, 0.7)), 4, GiftParams(window=2))
    assert beyond.tolist() == [0, 1, 2, 3]


def test_popularity_is_a_share_of_the_most_popular() -> None:
    """The first of a list is 1, what it lacks 0, and four times less popular is half."""
    shop = make_shop()
    ranked = RankedItems(places(2, 0), scores(8, 2), 10)
    assert standing_among(shop, ranked).tolist() == pytest.approx([0.5, 0, 1, 0, 0, 0])
    assert not standing_among(shop, None).any()


def test_items_that_came_after_the_learning_are_no_trouble() -> None:
    """They have neither neighbours nor a title's vector yet; they are found by their words alone."""
    shop = make_shop()
    short = {name: shop[name][:5] for name in ("text", "neighbours", "neighbour_weights")}
    late = Model("presents", 1, datetime.now(UTC), {**shop.arrays, **short}, shop.facts)
    found, points = widen(late, (places(5, 0), scores(1, 0.5)))
    assert found[0] == 5
    assert choose(late, (found, points), 2).tolist() == [5, 0]
    assert taste(late, places(5), places()).shape == (6,)
