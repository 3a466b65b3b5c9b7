"""Popularity per segment: counts, decay, shrinkage, stand-ins and order, worked by hand."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest

from giftwise.algorithms.popularity import PopularityParams, segment_popularity
from giftwise.catalog.item import Items
from giftwise.interactions.event import Kind
from giftwise.interactions.matrix import Crowd, Interactions
from giftwise.people.demographics import AGE_GROUPS, GENDERS, Segment

MakeInteractions = Callable[..., Interactions]
PLAIN = PopularityParams(half_life_days=0, kappa=0, geo_support=1, segment_support=1)


def crowd(*people: tuple[str | None, str | None, int]) -> Crowd:
    """Demographics of users 0, 1, ... as (gender, age group, region)."""
    return Crowd(
        np.array([GENDERS.index(gender) if gender else -1 for gender, _, _ in people], dtype=np.int8),
        np.array([AGE_GROUPS.index(age) if age else -1 for _, age, _ in people], dtype=np.int8),
        np.array([geo for _, _, geo in people], dtype=np.int64),
    )


def likes(make: MakeInteractions, pairs: Sequence[tuple[int, int]], users: int) -> Interactions:
    """Likes of (user, item), all at the same time."""
    return make([(user, item, Kind.LIKE, 0) for user, item in pairs], users=users)


def test_kinds_weigh_and_shares_sum_to_one(make_interactions: MakeInteractions, items: Items) -> None:
    """A purchase (5) outweighs a like (3), and that three clicks' worth (2); scores are shares."""
    rows = [(0, 0, Kind.LIKE, 0), (0, 1, Kind.PURCHASE, 0), (0, 2, Kind.CLICK, 0), (1, 2, Kind.CLICK, 0)]
    lists = segment_popularity(
        make_interactions(rows, users=2), crowd((None, None, -1), (None, None, -1)), items, PLAIN, 0
    )
    everyone = lists[Segment().key]
    assert everyone.items.tolist() == [1, 0, 2]
    np.testing.assert_allclose(everyone.scores, [0.5, 0.3, 0.2])
    assert everyone.support == 4


def test_every_demographic_segment_is_there_even_without_anyone(
    items: Items, make_interactions: MakeInteractions
) -> None:
    """Three genders times eight ages, so that the ladder finds each key; empty data gives empty lists."""
    lists = segment_popularity(make_interactions([], users=0), crowd(), items, PopularityParams(), 0)
    assert len(lists) == 24
    assert all(len(ranked.items) == 0 and ranked.support == 0 for ranked in lists.values())


def test_the_wide_age_is_the_union_of_the_last_two(make_interactions: MakeInteractions, items: Items) -> None:
    """45+ counts those of 45-54 and of 55+, and nobody else."""
    people = crowd(("f", "45-54", -1), ("f", "55+", -1), ("f", "18-24", -1))
    lists = segment_popularity(likes(make_interactions, [(0, 0), (1, 1), (2, 2)], 3), people, items, PLAIN, 0)
    assert lists["any|f|45+"].items.tolist() == [0, 1]
    assert lists["any|f|45+"].support == 2
    assert lists["any|any|45-54"].items.tolist() == [0]
    assert lists["any|m|45+"].support == 0


def test_where_the_user_is_unknown_the_item_s_target_stands_in(
    make_interactions: MakeInteractions, items: Items
) -> None:
    """Item 0 is for men of 25-34; item 1 for two ages, so only its gender (f) stands in; item 2 for 45-54 and 55+."""
    unknown = crowd((None, None, -1))
    lists = segment_popularity(likes(make_interactions, [(0, 0), (0, 1), (0, 2), (0, 4)], 1), unknown, items, PLAIN, 0)
    assert lists["any|m|25-34"].items.tolist() == [0]
    assert lists["any|f|any"].items.tolist() == [1, 2]
    assert lists["any|any|45+"].items.tolist() == [2]
    assert lists["any|any|45-54"].support == 0
    assert lists["213|any|any"].items.tolist() == [4]


def test_a_known_user_is_believed_before_the_item(make_interactions: MakeInteractions, items: Items) -> None:
    """A woman who likes a gift for men counts as a woman."""
    lists = segment_popularity(likes(make_interactions, [(0, 0)], 1), crowd(("f", "18-24", 2)), items, PLAIN, 0)
    assert lists["any|f|18-24"].support == 1
    assert lists["any|m|any"].support == 0


def test_a_small_segment_borrows_from_its_parents(make_interactions: MakeInteractions, items: Items) -> None:
    """share = (c + kappa * mean of the parents' shares) / (N + kappa), through both steps."""
    pairs = [(user, 0) for user in range(1, 9)] + [(0, 1)]
    people = crowd(("m", "18-24", -1), *[("f", "25-34", -1)] * 8)
    found = segment_popularity(likes(make_interactions, pairs, 9), people, items, replace(PLAIN, kappa=6), 0)
    everyone, man = 3 / 27, (3 + 6 * 3 / 27) / 9
    exact = (3 + 6 * man) / 9  # its parents, men and 18-24, are the same one person, so their mean is `man`
    for key, share in (("any|any|any", everyone), ("any|m|any", man), ("any|m|18-24", exact)):
        shares = dict(zip(found[key].items.tolist(), found[key].scores.tolist(), strict=True))
        assert shares == pytest.approx({0: 1 - share, 1: share})
    assert found["any|m|any"].items.tolist() == [0, 1]
    assert found["any|m|18-24"].items.tolist() == [1, 0]


def test_three_clicks_in_a_tiny_town_make_no_hit(make_interactions: MakeInteractions, items: Items) -> None:
    """A region's list leans on the same people anywhere: item 0 stays first in the town that clicked item 2 thrice."""
    pairs = [(user, 0) for user in range(3, 103)] + [(user, 1) for user in range(3, 43)]
    rows = [(user, item, Kind.LIKE, 0) for user, item in pairs] + [(user, 2, Kind.CLICK, 0) for user in range(3)]
    people = crowd(*[(None, None, 77)] * 3, *[(None, None, 213)] * 100)
    params = PopularityParams(half_life_days=0, geo_support=3, segment_support=3)
    lists = segment_popularity(make_interactions(rows, users=103), people, items, params, 0)
    assert lists["77|any|any"].items.tolist()[0] == 0
    assert lists["77|any|any"].support == 3
    raw = segment_popularity(make_interactions(rows, users=103), people, items, replace(params, kappa=0), 0)
    assert raw["77|any|any"].items.tolist() == [2]


def test_regions_without_support_get_no_list(make_interactions: MakeInteractions, items: Items) -> None:
    """Region 213 has three interactions, 2 has two; of 213's people only the men reach the support."""
    pairs = [(0, 0), (0, 1), (1, 0), (2, 0), (2, 1)]
    people = crowd(("m", "18-24", 213), ("f", "18-24", 213), ("m", None, 2))
    params = replace(PLAIN, geo_support=3, segment_support=2)
    keys = segment_popularity(likes(make_interactions, pairs, 3), people, items, params, 0).keys()
    assert {key for key in keys if not key.startswith("any|")} == {
        "213|any|any", "213|any|18-24", "213|m|any", "213|m|18-24",
    }  # fmt: skip


def test_a_region_s_list_is_cut_and_equals_are_ordered_by_place(
    make_interactions: MakeInteractions, items: Items
) -> None:
    """Four items with equal scores: the whole list anywhere, the first two by place in the region."""
    people = crowd(("m", "18-24", 213))
    params = replace(PLAIN, geo_length=2)
    lists = segment_popularity(likes(make_interactions, [(0, 4), (0, 2), (0, 3), (0, 1)], 1), people, items, params, 0)
    assert lists["any|any|any"].items.tolist() == [1, 2, 3, 4]
    assert lists["213|any|any"].items.tolist() == [1, 2]


def test_old_hits_fade(make_interactions: MakeInteractions, items: Items) -> None:
    """With a half-life of a day, one like today beats three of four days ago."""
    day = 86_400
    rows = [(0, 0, Kind.LIKE, 4 * day), *[(user, 1, Kind.LIKE, 0) for user in range(3)]]
    nobody = crowd(*[(None, None, -1)] * 3)
    interactions = make_interactions(rows, users=3)
    fading = segment_popularity(interactions, nobody, items, replace(PLAIN, half_life_days=1), 4 * day)
    assert fading["any|any|any"].items.tolist() == [0, 1]
    assert segment_popularity(interactions, nobody, items, PLAIN, 4 * day)["any|any|any"].items.tolist() == [1, 0]


def test_a_shop_that_rested_for_years_still_knows_its_hits(make_interactions: MakeInteractions, items: Items) -> None:
    """Fifteen years later the lists are what they were on the last day, and not empty."""
    day = 86_400
    old = make_interactions([(0, 0, Kind.LIKE, 0), (1, 1, Kind.LIKE, 0), (0, 1, Kind.LIKE, 60 * day)], users=2)
    params = replace(PLAIN, half_life_days=30)
    people = crowd((None, None, -1), (None, None, -1))
    then = segment_popularity(old, people, items, params, 60 * day)[Segment().key]
    later = segment_popularity(old, people, items, params, 15 * 365 * day)[Segment().key]
    assert later.items.tolist() == then.items.tolist() == [1, 0]
    np.testing.assert_array_equal(later.scores, then.scores)


def test_a_segment_that_dislikes_an_item_does_not_borrow_it(make_interactions: MakeInteractions, items: Items) -> None:
    """Everyone else's hit stays out of the list of the men who dislike it."""
    rows = [(0, 0, Kind.DISLIKE, 0), (0, 1, Kind.LIKE, 0), *[(user, 0, Kind.LIKE, 0) for user in range(1, 9)]]
    people = crowd(("m", None, -1), *[("f", None, -1)] * 8)
    lists = segment_popularity(make_interactions(rows, users=9), people, items, replace(PLAIN, kappa=100), 0)
    assert lists["any|any|any"].items.tolist() == [0, 1]
    assert lists["any|m|any"].items.tolist() == [1]


def test_an_item_disliked_on_balance_is_left_out(make_interactions: MakeInteractions, items: Items) -> None:
    """A like and two dislikes: out; a like and no dislike: in."""
    rows = [(0, 0, Kind.LIKE, 0), (1, 0, Kind.DISLIKE, 0), (2, 0, Kind.DISLIKE, 0), (0, 1, Kind.LIKE, 0)]
    nobody = crowd(*[(None, None, -1)] * 3)
    lists = segment_popularity(make_interactions(rows, users=3), nobody, items, PLAIN, 0)
    assert lists["any|any|any"].items.tolist() == [1]
