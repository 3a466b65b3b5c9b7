"""Products by words, over a small shop whose every item is known by hand."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import event, text

from giftwise.catalog.store import ModelStore
from giftwise.catalog.watch import ModelWatcher
from giftwise.db.own import OwnDatabase, copy
from giftwise.dialogue.products import ProductFinder
from giftwise.dialogue.quiz import Facts
from giftwise.dialogue.session import Gift
from tests.support.models import make_model


@dataclass(frozen=True)
class Item:
    """One item; `like` are the items that the same people choose."""

    title: str | None
    description: str | None = None
    category: str = "home"
    price: float = 1000.0
    gender: int = -1  # 0 m, 1 f
    like: tuple[int, ...] = ()
    delivery_days: int | None = None


SHOP = (
    Item("Coffee mug", like=(3,)),  # 1
    Item("Travel mugs of steel", "for coffee on the way"),  # 2
    Item("Saucer with roses"),  # 3
    Item("Зелёная кружка", "для кофе", price=900),  # 4
    Item("Lunch box", price=1100),  # 5
    Item("Doorstop owl"),  # 6
    Item("Kettle", price=5000),  # 7
    Item("Kettle of copper", price=5400),  # 8
    Item("Kettle of gold", price=5600),  # 9
    Item("Kettle, price on demand", price=float("nan")),  # 10
    Item("Scarf for him", gender=0),  # 11
    Item("Scarf for her", gender=1),  # 12
    Item("Lamp for desks", delivery_days=2),  # 13
    Item("Lamp for walls", delivery_days=9),  # 14
    Item("Lamp for floors"),  # 15
    Item("Cabinet for wine"),  # 16
    Item("Cabinet for shoes"),  # 17
    Item("Gift set"),  # 18
    Item("Gardening gloves"),  # 19
    Item(None),  # 20
    Item("Vase of blue"),  # 21
    Item("Vase of green"),  # 22
)
ANYBODY = Facts(age=30, language="en")


@dataclass(frozen=True)
class Counter:
    """Our database, and the finder over it."""

    own: OwnDatabase
    finder: ProductFinder
    watcher: ModelWatcher

    async def ids(self, *queries: str, facts: Facts = ANYBODY, **options: Any) -> list[int]:
        """What is found, best first."""
        return [int(gift.id) for gift in await self.found(*queries, facts=facts, **options)]

    async def found(self, *queries: str, facts: Facts = ANYBODY, limit: int = 10, **options: Any) -> list[Gift]:
        """The same whole."""
        return await self.finder(queries, facts, limit=limit, **options)


@pytest.fixture
async def counter(own: OwnDatabase, tmp_path: Path) -> AsyncIterator[Counter]:
    """The shop learned and mirrored."""
    store = ModelStore(own, tmp_path / "host")
    await publish(own, store, SHOP)
    watcher = ModelWatcher(store, 60)
    await watcher.look()
    yield Counter(own, ProductFinder(own, watcher, currency="RUB"), watcher)


async def publish(own: OwnDatabase, store: ModelStore, shop: Sequence[Item]) -> None:
    count = len(shop)
    arrays, facts = make_model(count=count)
    arrays["price"] = np.array([item.price for item in shop], np.float32)
    arrays["in_stock"] = np.ones(count, np.bool_)
    arrays["target_gender"] = np.array([item.gender for item in shop], np.int8)
    arrays["target_age"] = np.zeros(count, np.int16)
    arrays["suitable_for"] = np.zeros(count, np.int64)
    arrays["text"] = np.eye(count, dtype=np.float32)  # no title is like another
    neighbours = np.full((count, 4), -1, np.int32)
    for place, item in enumerate(shop):
        neighbours[place, : len(item.like)] = [number - 1 for number in item.like]
    arrays["neighbours"] = neighbours
    arrays["neighbour_weights"] = (neighbours >= 0).astype(np.float16)
    # Women choose the green vase, everybody else the blue one.
    arrays["popular_items"] = np.array([count - 2, count - 1, count - 1, count - 2], np.int32)
    arrays["popular_scores"] = np.array([1, 0.1, 1, 0.1], np.float32)
    facts["segments"] = {"any|any|any": [0, 2, 100], "any|f|any": [2, 4, 100]}
    columns = ("catalog", "item_id", "in_stock", "title", "description", "category", "price", "delivery_days")
    rows = [
        ("presents", str(place + 1), True, item.title, item.description, item.category, item.price, item.delivery_days)
        for place, item in enumerate(shop)
    ]
    async with own.begin() as connection:
        await copy(connection, "item_texts", columns, rows)
        await store.publish(connection, arrays, facts)


@contextmanager
def statements(own: OwnDatabase) -> Iterator[list[str]]:
    """Every statement that is sent meanwhile."""
    sent: list[str] = []

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        sent.append(statement)

    event.listen(own._engine.sync_engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(own._engine.sync_engine, "before_cursor_execute", note)


async def test_words_are_found_in_any_form_titles_first(counter: Counter) -> None:
    """Plurals, cases and ё do not matter, and a word in the title weighs more than one in the description."""
    assert (await counter.ids("mug"))[:2] == [1, 2]
    assert (await counter.ids("mugs for coffee"))[:2] == [1, 2]
    assert await counter.ids("зеленые кружки") == [4]
    assert (await counter.ids("travel mug"))[0] == 2


async def test_compounds_and_beginnings_are_found(counter: Counter) -> None:
    """One word or two, or a word that is only the beginning of an item's, finds it."""
    assert await counter.ids("lunchbox") == [5]
    assert await counter.ids("door stop") == [6]
    assert await counter.ids("cabin") == [16, 17]


async def test_gift_is_not_what_a_search_for_a_gift_is_about(counter: Counter) -> None:
    """In "gift set for gardening" the garden decides, though another item has the other two words."""
    assert (await counter.ids("gift set for gardening"))[0] == 19


async def test_what_belongs_together_follows_what_was_asked_for(counter: Counter) -> None:
    """What the same people choose comes after the matches; what nothing answers has no answer."""
    assert await counter.ids("coffee mug") == [1, 2, 3]
    assert await counter.ids("submarine") == []
    assert await counter.ids() == []


async def test_the_budget_holds(counter: Counter) -> None:
    """Nothing above the factor, nothing of unknown price, and what is above the budget says so."""
    facts = Facts(age=30, budget=5000, language="en")
    found = {gift.id: gift.budget_relaxed for gift in await counter.found("kettle", facts=facts)}
    assert found == {7: False, 8: True}
    assert await counter.ids("kettle", facts=facts, price_factor=1.0) == [7]
    assert set(await counter.ids("kettle")) == {7, 8, 9, 10}


async def test_what_is_sold_out_or_gone_private_is_never_found(counter: Counter) -> None:
    """What the stock sweep has seen counts at once, though the mirror still has it; nor is it told of by its id."""
    async with counter.own.begin() as connection:
        await connection.execute(text("INSERT INTO unavailable_items (catalog, item_id) VALUES ('presents', '1')"))
        await connection.execute(text("UPDATE catalog_state SET stock_version = stock_version + 1"))
        await connection.execute(
            text("INSERT INTO item_texts (catalog, item_id, title, in_stock) VALUES ('presents', '99', 'Mug', true)")
        )
    await counter.watcher.look()
    assert not {1, 99} & set(await counter.ids("mug"))
    assert list(await counter.finder.gifts(["1", "2", "99", "no such"])) == ["2"]


async def test_what_they_have_or_dislike_is_never_found(counter: Counter) -> None:
    """Neither what the recipient got already nor what was disliked."""
    assert 1 not in await counter.ids("mug", facts=Facts(age=30, language="en", owned=frozenset({"1"})))
    assert 1 not in await counter.ids("mug", disliked=["1"])


async def test_whom_it_is_for_decides_the_order(counter: Counter) -> None:
    """Gifts for her come first for her; among equals what people like her choose; then what is like her likes."""
    her, him = Facts(age=30, gender="f", language="en"), Facts(age=30, gender="m", language="en")
    assert (await counter.ids("scarf", facts=her))[0] == 12
    assert (await counter.ids("scarf", facts=him))[0] == 11
    assert (await counter.ids("kettle", liked=["9"]))[0] == 9
    assert await counter.ids("vase", facts=him) == [21, 22]
    assert await counter.ids("vase", facts=her) == [22, 21]


async def test_a_deadline_drops_what_comes_too_late(counter: Counter) -> None:
    """Where the host says how long it takes, that counts; where it does not, the gift may still come in time."""
    facts = Facts(age=30, deadline_days=3, language="en")
    assert set(await counter.ids("lamp", facts=facts)) == {13, 15}


async def test_closed_gates_hold_in_any_search(counter: Counter) -> None:
    """A child gets no cabinet for wine, whatever is searched for; nor does who does not drink."""
    assert await counter.ids("cabinet", facts=Facts(age=10, language="en")) == [17]
    assert await counter.ids("cabinet", facts=Facts(age=40, language="en", vetoes=("wine",))) == [17]


async def test_several_queries_are_one_round_trip_and_then_none(counter: Counter) -> None:
    """All queries of a language are one statement, the items found another; within minutes neither is sent again."""
    with statements(counter.own) as sent:
        first = await counter.ids("mug", "lamp", "scarf")
        assert len(sent) == 2
        assert await counter.ids("scarf", "mug", "lamp") == first
        assert len(sent) == 2


async def test_items_are_whole(counter: Counter) -> None:
    """A gift has what the mirror has, in the default currency where the item names none; without a title it is none."""
    (gift,) = await counter.found("зеленая кружка")
    assert (gift.id, gift.gift_id, gift.title, gift.price) == (4, 4, "Зелёная кружка", 900.0)
    assert (gift.description, gift.category, gift.currency) == ("для кофе", "home", "RUB")
    assert await counter.finder.gifts(["20"]) == {}


@pytest.mark.parametrize(
    "query", ["'", "\\", "''; DROP TABLE item_texts; --", ":*", "a & | !", "\0", "🎁", "mug" * 900]
)
async def test_odd_words_find_nothing_and_break_nothing(counter: Counter, query: str) -> None:
    """Quotes, operators, NUL and endless words are words like others."""
    assert await counter.ids(query) == []
    assert 1 in await counter.ids(query, "mug")


async def test_a_new_generation_is_searched_at_once(counter: Counter, tmp_path: Path) -> None:
    """What was kept of an older model is not taken for the newer one's."""
    assert 1 in await counter.ids("mug")
    async with counter.own.begin() as connection:
        await connection.execute(text("DELETE FROM item_texts"))
    await publish(counter.own, ModelStore(counter.own, tmp_path / "host"), (*SHOP[5:20], *SHOP[:5], *SHOP[20:]))
    await counter.watcher.look()
    assert (await counter.ids("mug"))[:2] == [16, 17]
