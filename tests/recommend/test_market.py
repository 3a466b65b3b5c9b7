"""The ladder of businesses: who leads by how much is known, near before far, one scale from top to end."""

from typing import Any

import numpy as np
import pytest

from giftwise.catalog.model import Model
from giftwise.interactions.event import Kind
from giftwise.interactions.history import EMPTY, History
from giftwise.recommend.customers import STRANGER, Customer
from giftwise.recommend.filters import allowed
from giftwise.recommend.ladder import Ranked, climb
from giftwise.recommend.market import MarketParams, in_one_scale, market_rungs
from giftwise.recommend.request import Filters
from tests.support.places import business, place_model

MOSCOW, KAZAN = (55.75, 37.62), (55.79, 49.11)


@pytest.fixture
def town() -> Model:
    """0-2 coffee, 3-5 books, 6 coffee and books; who came to one coffee house came to the others."""
    return place_model(
        *(business(number, ["coffee"]) for number in (10, 11, 12)),
        *(business(number, ["books"]) for number in (13, 14, 15)),
        business(16, ["Coffee", "Books"]),
        neighbours=[[1, 2], [0, 2], [0, 1], [4, 5], [3, 5], [3, 4], []],
    )


def did(*deeds: tuple[int, Kind]) -> History:
    """A history of these, newest first, a day apart."""
    places, kinds = zip(*deeds, strict=True)
    at = 1_750_000_000 - 86_400 * np.arange(len(deeds))
    return History(np.array(places, np.int32), np.array(kinds, np.int8), at)


def ranked(model: Model, history: History = EMPTY, customer: Customer = STRANGER, **more: Any) -> tuple[Ranked, Any]:
    """The whole list and the names of its rungs."""
    rungs = market_rungs(model, history, customer, more.get("here"), MarketParams())
    free = np.ones(len(model), dtype=np.bool_)
    free[history.settled] = False
    return in_one_scale(climb(rungs, free, len(model))), [rung.name for rung in rungs]


VIEW = Kind.VIEW


@pytest.mark.parametrize(
    ("history", "interests", "leading"),
    [
        (EMPTY, (), "popular_fallback"),
        (EMPTY, ("yachts",), "popular_fallback"),
        (EMPTY, ("coffee",), "interests"),
        (did((0, VIEW)), ("books",), "content_based"),
        (did((0, VIEW), (1, VIEW)), (), "content_based"),
        (did((0, VIEW), (1, VIEW), (3, VIEW)), (), "collaborative"),
        (did((6, VIEW), (6, Kind.SAVE), (6, Kind.SHARE)), (), "collaborative_fallback_content"),
    ],
)
def test_so_much_is_known_so_it_is_ranked(
    town: Model, history: History, interests: tuple[str, ...], leading: str
) -> None:
    """Nothing: what stands well. Interests: those. One deed: content. Three: neighbours, where there are any."""
    found, names = ranked(town, history, Customer(interests))
    assert names[found.rungs[0]] == leading
    assert len(found.places) == found.total == 7 - len(history.settled), "no list ends while items are left"


def test_interests_come_before_everything_else(town: Model) -> None:
    """Both coffee and books before either; what shares no word comes last and by another way."""
    found, names = ranked(town, customer=Customer(("coffee", "books")))
    assert found.places[0] == 6
    found, names = ranked(town, customer=Customer(("Books",)))
    assert set(found.places[:4].tolist()) == {3, 4, 5, 6}
    assert [names[rung] for rung in found.rungs] == ["interests"] * 4 + ["popular_fallback"] * 3


def test_what_was_done_leads_to_more_of_its_kind(town: Model) -> None:
    """Who liked coffee houses gets the coffee house that is left, and none of those that were liked."""
    found, _ = ranked(town, did((0, Kind.LIKE), (1, Kind.LIKE), (3, VIEW)))
    assert found.places[0] == 2
    assert not {0, 1} & set(found.places.tolist())


@pytest.mark.parametrize("history", [EMPTY, did((0, VIEW)), did((0, VIEW), (3, VIEW), (4, VIEW))])
@pytest.mark.parametrize("interests", [(), ("coffee",)])
def test_of_equals_the_near_one_is_first(history: History, interests: tuple[str, ...]) -> None:
    """On every rung, among those that suit and among those that do not; the place of the question counts first."""
    rows = [business(10, ["coffee"]), business(11, ["books"]), business(12, ["tea"])]
    for number, kind in ((20, "coffee"), (30, "garden")):
        rows += [business(number, [kind], place=KAZAN), business(number + 1, [kind]),
                 business(number + 2, [kind], place=MOSCOW)]  # fmt: skip
    model = place_model(*rows, *(business(number, ["x"]) for number in (40, 41)))
    for customer, here, order in (
        (Customer(interests, MOSCOW), None, (2, 1, 0)),
        (Customer(interests, KAZAN), MOSCOW, (2, 1, 0)),
        (Customer(interests, MOSCOW), KAZAN, (0, 1, 2)),
    ):
        found, _ = ranked(model, history, customer, here=here)
        places = found.places.tolist()
        for first in (3, 6):
            assert sorted(range(first, first + 3), key=places.index) == [first + one for one in order]


def test_of_equals_the_well_rated_and_popular_one_is_first() -> None:
    """By rating with its count, by popularity; a rating of one visitor is not the best of all."""
    model = place_model(
        business(10, ["coffee"], rating=5, rating_count=1, popularity=5),
        business(11, ["coffee"], rating=4.8, rating_count=300, popularity=5),
        business(12, ["coffee"], rating=3, rating_count=300, popularity=5),
        business(13, ["coffee"], rating=4.8, rating_count=300, popularity=50),
    )
    found, _ = ranked(model, customer=Customer(("coffee",)))
    assert found.places.tolist() == [3, 1, 0, 2]


def test_scores_fall_in_one_scale(town: Model) -> None:
    """Over all rungs, from at most 1 to at least 0, keeping proportions within a rung."""
    history = did((0, VIEW), (3, Kind.SHARE), (6, VIEW))
    for found, _ in (ranked(town, history), ranked(town, customer=Customer(("coffee",))), ranked(town)):
        assert (np.diff(found.scores) <= 0).all()
        assert 0 <= found.scores[-1] <= found.scores[0] <= 1
    raw = Ranked(
        np.arange(5, dtype=np.int32), np.array([0.5, 0.4, 0.8, 0.2, 0.0], np.float32),
        np.array([0, 0, 2, 2, 3], np.uint8), 5,
    )  # fmt: skip
    assert in_one_scale(raw).scores.tolist() == pytest.approx([0.5, 0.4, 0.4, 0.1, 0.0])


def test_a_category_narrows_by_any_of_a_business_s_own(town: Model) -> None:
    """By every category, however it is spelled; never by a tag or a word of the text; unknown ones leave nothing."""
    model = place_model(business(1, ["Coffee", "Books"]), business(2, ["Tea"], ["books"], text="books"))
    free = np.ones(2, dtype=np.bool_)
    for categories, left in ((("book",), [True, False]), (("TEA", "books"), [True, True]), (("yachts",), [False] * 2)):
        assert allowed(model, free, Filters(categories=categories)).tolist() == left


def test_an_empty_town_has_an_empty_list() -> None:
    """Nothing was synced yet: no error, no business."""
    found, _ = ranked(place_model(), customer=Customer(("coffee",), MOSCOW))
    assert (found.total, len(found.places)) == (0, 0)
