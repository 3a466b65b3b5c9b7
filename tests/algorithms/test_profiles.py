"""User profiles, worked by hand; everyone's and one user's come from the same code."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from giftwise.algorithms.profiles import Profile, ProfileParams, facts_of_model, user_profiles
from giftwise.catalog.item import Items
from giftwise.catalog.model import Model
from giftwise.interactions.event import Kind
from giftwise.interactions.matrix import Interactions

MakeInteractions = Callable[..., Interactions]
DAY = 86_400


def test_a_profile_worked_by_hand(make_interactions: MakeInteractions, items: Items) -> None:
    """A like of the friend's mug (3) and a click on the headphones for 18-24 (1)."""
    rows = [(0, 0, Kind.LIKE, 100), (0, 4, Kind.CLICK, 200)]
    profile = user_profiles(make_interactions(rows, users=1), items, ProfileParams(half_life_days=0)).of(0)
    assert profile == Profile(
        preferred_categories={"kitchen": 0.75, "electronics": 0.25},
        preferred_platforms={"ozon": 0.75, "wildberries": 0.25},
        avg_price=1750,
        price_range_min=500,
        price_range_max=5500,
        buying_patterns_target_ages={"25-34": 0.75, "18-24": 0.25},
        buying_patterns_relationships={"friend": 0.75, "family": 0.25},
        buying_patterns_gender_targets={"m": 1.0},
        interaction_count=2,
        last_interaction_at=200,
    )


def test_an_item_for_several_speaks_an_equal_part_for_each(make_interactions: MakeInteractions, items: Items) -> None:
    """The red mug suits friend and family, 25-34 and 35-44."""
    profile = user_profiles(make_interactions([(0, 1, Kind.LIKE, 0)], users=1), items).of(0)
    assert profile.buying_patterns_relationships == {"friend": 0.5, "family": 0.5}
    assert profile.buying_patterns_target_ages == {"25-34": 0.5, "35-44": 0.5}


def test_older_interactions_weigh_less_than_the_user_s_latest(
    make_interactions: MakeInteractions, items: Items
) -> None:
    """One half-life apart: two thirds and one third, however long ago both were."""
    rows = [(0, 0, Kind.LIKE, 0), (0, 3, Kind.LIKE, 10 * DAY), (1, 0, Kind.LIKE, 10_000 * DAY)]
    profile = user_profiles(make_interactions(rows, users=2), items, ProfileParams(half_life_days=10)).of(0)
    assert profile.preferred_categories == {"electronics": 0.6667, "kitchen": 0.3333}


def test_a_dislike_is_counted_but_prefers_nothing(make_interactions: MakeInteractions, items: Items) -> None:
    """It is an interaction, and no preference."""
    profile = user_profiles(make_interactions([(0, 0, Kind.DISLIKE, 9)], users=1), items).of(0)
    assert profile == Profile({}, {}, None, None, None, {}, {}, {}, 1, 9)


def test_unknown_facts_and_idle_users_give_none(make_interactions: MakeInteractions, items: Items) -> None:
    """Item 5 has no facts; user 1 did nothing."""
    profiles = user_profiles(make_interactions([(0, 5, Kind.LIKE, 7)], users=2), items)
    assert profiles.of(0) == Profile({}, {}, None, None, None, {}, {}, {}, 1, 7)
    assert profiles.of(1) == Profile({}, {}, None, None, None, {}, {}, {}, 0, None)
    assert len(user_profiles(make_interactions([], users=0), items)) == 0


def test_the_price_range_is_of_weighted_quantiles(make_interactions: MakeInteractions, items: Items) -> None:
    """Weights 3, 3, 3, 1 at 500, 550, 1500, 5000: a tenth is reached at 500, nine tenths at 1500."""
    rows = [(0, 0, Kind.LIKE, 0), (0, 1, Kind.LIKE, 0), (0, 2, Kind.LIKE, 0), (0, 3, Kind.CLICK, 0)]
    profile = user_profiles(make_interactions(rows, users=1), items).of(0)
    assert (profile.price_range_min, profile.price_range_max) == (500, 1500)


@pytest.mark.parametrize("user", [0, 7, 199])
def test_one_user_is_computed_as_everyone_is(clusters: Interactions, items: Items, model: Model, user: int) -> None:
    """The refresh of one user from the model's facts equals that user's row of the bulk job."""
    everyone = replace(clusters, item=clusters.item % 6, items=6)
    mine = everyone.user == user
    alone = Interactions(
        np.zeros(mine.sum(), np.int32), everyone.item[mine], everyone.kind[mine], everyone.at[mine], np.array([user]), 6
    )
    assert user_profiles(alone, facts_of_model(model)).of(0) == user_profiles(everyone, items).of(user)
