"""The ladder's promises: a total order, gaps filled by the next rung, filters before everything."""

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from giftwise.catalog.model import Model, RankedItems
from giftwise.ids import IdKind
from giftwise.people.demographics import Segment
from giftwise.recommend.filters import allowed
from giftwise.recommend.ladder import Listed, Newest, Rung, Scored, best_first, climb
from giftwise.recommend.popular import POPULAR, POPULAR_FALLBACK, popular_rungs, steps
from giftwise.recommend.request import Filters, PersonalQuery, PopularQuery, digest
from tests.support.models import make_model

N = 40


def model(kind: IdKind = IdKind.INTEGER) -> Model:
    """A catalog of forty items."""
    arrays, facts = make_model(kind, N)
    return Model("presents", 1, datetime.now(UTC), arrays, facts)


def ladder(found: Model) -> list[Rung]:
    """Scores for a third of the items, a list of some more, then the newest."""
    scores = np.full(N, np.nan, np.float32)
    scores[::3] = np.round(np.linspace(-1, 1, len(scores[::3])), 1)  # with ties
    listed = RankedItems(np.arange(5, 25, dtype=np.int32), np.ones(20, np.float32), 20)
    return [
        Scored("first", lambda: scores),
        Listed("second", Segment(), listed),
        Newest("last", found["created_at"]),
    ]


@given(st.lists(st.floats(width=32, allow_nan=False), max_size=60), st.integers(0, 70))
def test_best_first_is_the_head_of_the_stable_full_order(scores: list[float], want: int) -> None:
    """Any head is exactly the head of the whole order, ties by position: pages can be cut from a kept prefix."""
    array = np.array(scores, dtype=np.float32)
    expected = np.lexsort((np.arange(len(array)), -(array + np.float32(0))))[:want]
    assert best_first(array, want).tolist() == expected.tolist()


@given(st.integers(0, N + 5), st.sets(st.integers(0, N - 1)))
def test_a_shorter_list_is_the_head_of_a_longer_one(want: int, closed: set[int]) -> None:
    """However much is asked for, the first places are the same, nothing repeats, and the total is the free items."""
    found = model()

    def free() -> NDArray[np.bool_]:
        mask = np.ones(N, dtype=np.bool_)
        mask[list(closed)] = False
        return mask

    whole = climb(ladder(found), free(), N)
    part = climb(ladder(found), free(), want)
    assert part.places.tolist() == whole.places[:want].tolist()
    assert part.rungs.tolist() == whole.rungs[:want].tolist()
    assert part.total == whole.total == len(whole.places) == N - len(closed)
    assert len(set(whole.places.tolist())) == len(whole.places)
    assert not closed & set(whole.places.tolist())


def test_a_rung_that_runs_dry_is_topped_up_by_the_next() -> None:
    """Places go to the highest rung that can speak of an item, and no list ends while items are left."""
    whole = climb(ladder(model()), np.ones(N, dtype=np.bool_), N)
    names = ["first" if place % 3 == 0 else "second" if 5 <= place < 25 else "last" for place in whole.places.tolist()]
    assert [("first", "second", "last")[rung] for rung in whole.rungs.tolist()] == names
    assert whole.rungs.tolist() == sorted(whole.rungs.tolist())


def test_lower_rungs_are_not_computed_while_higher_ones_suffice() -> None:
    """Fallback is lazy: a page that the first rung fills never pays for the second."""

    def never() -> NDArray[np.float32]:
        raise AssertionError("scored without need")

    everything = Scored("first", lambda: np.ones(N, np.float32))
    assert len(climb([everything, Scored("second", never)], np.ones(N, dtype=np.bool_), 10).places) == 10


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (Filters(), lambda m: np.ones(N, bool)),
        (Filters(price_from=1000), lambda m: m["price"] >= 1000),
        (Filters(price_from=1000, price_to=2000), lambda m: (m["price"] >= 1000) & (m["price"] <= 2000)),
        (Filters(categories=("books",)), lambda m: m["category"] == 0),
        (Filters(categories=("books", "tea", "unknown")), lambda m: m["category"] != 1),
        (Filters(categories=("unknown",)), lambda m: np.zeros(N, bool)),
        (Filters(platform="wildberries"), lambda m: m["platform"] == 1),
        (Filters(suitable_for="family"), lambda m: (m["suitable_for"] & 2) != 0),
        (Filters(acquaintance_level="close"), lambda m: (m["acquaintance_level"] & 1) != 0),
        (Filters(acquaintance_level="formal"), lambda m: np.zeros(N, bool)),
        (Filters(exclude_ids=("1", "3", "99999", "no id")), lambda m: ~np.isin(m["ids"], [1, 3])),
    ],
)
def test_every_filter_keeps_exactly_the_items_that_pass(filters: Filters, expected: object) -> None:
    """Each filter of the contract, against its meaning written out; sold-out items pass none of them."""
    found = model()
    available = found["in_stock"]
    wanted = expected(found) & available  # type: ignore[operator] # a lambda per case
    assert allowed(found, available, filters).tolist() == wanted.tolist()
    assert available.sum() == found["in_stock"].sum(), "the shared mask must not change"


def test_an_item_without_a_price_passes_no_price_filter() -> None:
    """NaN is neither cheap nor dear."""
    arrays, facts = make_model(IdKind.INTEGER, N)
    arrays["price"][:] = np.nan
    found = Model("presents", 1, datetime.now(UTC), arrays, facts)
    everything = np.ones(N, dtype=np.bool_)
    assert not allowed(found, everything, Filters(price_from=0)).any()
    assert not allowed(found, everything, Filters(price_to=1e9)).any()
    assert allowed(found, everything, Filters()).all()


def test_every_filter_is_in_the_cache_key() -> None:
    """Ozon's list never answers a question about Wildberries: any difference in the question changes the digest."""
    queries: list[PopularQuery | PersonalQuery] = [
        PopularQuery(Segment()),
        PopularQuery(Segment(gender="m")),
        PopularQuery(Segment(age="25-34")),
        PopularQuery(Segment(geo=213)),
        PersonalQuery("1"),
        PersonalQuery("11"),
        PersonalQuery("1", geo=213),
        *(
            PersonalQuery("1", filters=filters)
            for filters in (
                Filters(price_from=1),
                Filters(price_to=1),
                Filters(categories=("a",)),
                Filters(categories=("a", "b")),
                Filters(platform="ozon"),
                Filters(platform="wildberries"),
                Filters(suitable_for="friend"),
                Filters(acquaintance_level="friend"),
                Filters(exclude_ids=("1",)),
                Filters(exclude_ids=("1", "2")),
                Filters(exclude_ids=("12",)),
                Filters(max_per_category=1),
            )
        ),
    ]
    digests = {digest(query, version) for query in queries for version in ("1.0", "1.1", "2.0")}
    assert len(digests) == len(queries) * 3
    assert set(Filters.__slots__) == {
        "price_from", "price_to", "categories", "platform", "suitable_for", "acquaintance_level", "exclude_ids",
        "max_per_category",
    }, "a new filter needs its line above"  # fmt: skip


def test_the_demographic_fallback_takes_the_contracts_four_steps() -> None:
    """(m, 25-34), (m, any), (any, 25-34), (any, any), each with its own support; unseen segments are left out."""
    arrays, facts = make_model(IdKind.INTEGER, N)
    facts["segments"] = {"any|m|25-34": [0, 5, 7], "any|m|any": [5, 10, 30], "any|any|25-34": [10, 20, 50],
                         "any|any|any": [0, N, 100]}  # fmt: skip
    found = Model("presents", 1, datetime.now(UTC), arrays, facts)
    seen = [
        (step.segment.gender, step.segment.age, step.ranked.support) for step in steps(found, Segment("m", "25-34"))
    ]
    assert seen == [("m", "25-34", 7), ("m", None, 30), (None, "25-34", 50), (None, None, 100)]
    assert [step.ranked.support for step in steps(found, Segment("f", "25-34", geo=213))] == [50, 100]
    rungs = popular_rungs(found, Segment("m", "25-34"))
    whole = climb(rungs, np.ones(N, dtype=np.bool_), N)
    assert whole.places[:5].tolist() == found["popular_items"][:5].tolist()
    assert [rung.name for rung in rungs] == [POPULAR] * 4 + [POPULAR_FALLBACK]
