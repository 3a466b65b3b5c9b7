"""Variety's promises: the same items, less of the same in a row, something new now and then, and still one order."""

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from giftwise.algorithms.mix import Mix
from giftwise.catalog.model import Model
from giftwise.ids import IdKind
from giftwise.interactions.event import Kind
from giftwise.interactions.history import EMPTY, History
from giftwise.people.demographics import Segment
from giftwise.recommend.personalized import CONTENT_RUNG, LadderParams, personal_rungs, vary
from giftwise.recommend.variety import VarietyParams, untried
from tests.support.models import make_model

N = 300
TRIED = 240


@pytest.fixture(scope="module")
def model() -> Model:
    """Three hundred items, of which sixty nobody has tried; items 0-9 are one gift in ten colours."""
    arrays, facts = make_model(IdKind.INTEGER, N, seed=5)
    arrays["text"][:10] = arrays["text"][0]
    arrays["category"][:10] = 0
    arrays["popular_items"] = arrays["popular_items"][arrays["popular_items"] < TRIED]
    arrays["popular_scores"] = arrays["popular_scores"][:TRIED]
    arrays["neighbours"] = arrays["neighbours"] % TRIED
    facts["segments"] = {"any|any|any": [0, TRIED, 1000]}
    return Model("presents", 1, datetime.now(UTC), arrays, facts)


def history(count: int) -> History:
    """The first likes of a user, newest first."""
    places = np.arange(100, 100 + count, dtype=np.int32)
    days = np.arange(count, dtype=np.int64)
    return History(places, np.full(count, Kind.LIKE, np.int8), 1_700_000_000 - days * 86_400)


@given(
    count=st.sampled_from([0, 1, 2, 5, 20]), want=st.integers(1, N), closed=st.sets(st.integers(0, N - 1), max_size=80)
)
def test_a_varied_list_is_one_order_however_much_is_asked(
    model: Model, count: int, want: int, closed: set[int]
) -> None:
    """Any part is the head of the whole; the whole is exactly the free items, once each."""
    rungs = personal_rungs(model, history(count), Segment(), LadderParams())

    def ranked(places: int) -> list[int]:
        free = np.ones(N, dtype=np.bool_)
        free[list(closed)] = False
        found = vary(model, rungs, free, places, VarietyParams())
        assert found.total == N - len(closed)
        return [int(place) for place in found.places]

    whole = ranked(N)
    assert sorted(whole) == sorted(set(range(N)) - closed)
    assert ranked(want)[:want] == whole[:want]


def test_the_same_gift_in_other_colours_stands_half_a_page_apart(model: Model) -> None:
    """Of ten colours of one gift no five places show two, while there are other gifts to show."""
    rungs = personal_rungs(model, EMPTY, Segment(), LadderParams())
    found = vary(model, rungs, np.ones(N, dtype=np.bool_), N, VarietyParams())
    at = np.flatnonzero(found.places < 10)
    inside = at[at < VarietyParams().window - 20]
    assert len(inside) > 3
    assert np.diff(inside).min() >= 5
    plain = vary(model, rungs, np.ones(N, dtype=np.bool_), N, VarietyParams(alike=2.0))
    assert sorted(plain.places.tolist()) == sorted(found.places.tolist())
    assert plain.places.tolist() != found.places.tolist()


@pytest.mark.parametrize("count", [1, 2, 5])
def test_one_place_in_twenty_is_for_an_item_that_nobody_has_tried(model: Model, count: int) -> None:
    """At places 15, 35, ... of a personal list, chosen by content; only content's own voice finds others."""
    params = VarietyParams()
    rungs = personal_rungs(model, history(count), Segment(), LadderParams())
    found = vary(model, rungs, np.ones(N, dtype=np.bool_), N, params)
    fresh = untried(model)
    kept = np.arange(params.explore_first, params.window, params.explore_every)
    assert fresh.sum() == N - TRIED
    assert fresh[found.places[kept]].all()
    assert set(found.rungs[kept].tolist()) == {CONTENT_RUNG}
    if count <= Mix().few_until:
        return  # content has a share in their list, and may speak of untried items at any place
    others = np.setdiff1d(np.arange(params.window), kept)
    assert not fresh[found.places[others]].any()
    none = vary(model, rungs, np.ones(N, dtype=np.bool_), N, VarietyParams(explore_every=0))
    assert not fresh[none.places[: params.window]].any()


def test_scores_fall_within_each_rung_after_variety(model: Model) -> None:
    """A page reads as it is ranked: what moved down carries a lower score."""
    for count in (0, 2, 8):
        rungs = personal_rungs(model, history(count), Segment(), LadderParams())
        found = vary(model, rungs, np.ones(N, dtype=np.bool_), N, VarietyParams())
        for rung in np.unique(found.rungs):
            scores = found.scores[found.rungs == rung]
            assert (np.diff(scores) <= 1e-6).all(), (count, rung)
