"""What came since a generation: in the lists as if it had been learned, without moving what was."""

from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from giftwise.catalog.item import Items
from giftwise.catalog.model import TRAITS, Model
from giftwise.catalog.overlay import blank, overlaid
from giftwise.ids import IdKind
from tests.support.places import business, businesses, place_model

words = st.lists(st.sampled_from(["coffee", "books", "board games", "чай"]), max_size=3, unique=True)
rows = st.builds(
    business,
    st.integers(1, 12),
    words,
    words,
    name=st.sampled_from(["North", "South", "East"]),
    place=st.none() | st.tuples(st.floats(-90, 90), st.floats(-180, 180)),
    popularity=st.none() | st.floats(0, 100),
    open_now=st.booleans(),
)
catalogs = st.lists(rows, max_size=8, unique_by=lambda row: row[0])


def facts_of(model: Model, number: object) -> dict[str, Any]:
    """All that a model knows of one item, in words."""
    (place,) = model.positions(model.id_kind.array([number])).tolist()
    assert place >= 0, number
    _, codes, strengths = model.topics.of(np.array([place], np.int32))
    return {
        "card": model.card(place),
        "category": model.word("categories", int(model["category"][place])),
        "topics": {model.facts["words"]["topics"][code]: value for code, value in zip(codes, strengths, strict=True)},
        "traits": [None if np.isnan(model[name][place]) else float(model[name][place]) for name in TRAITS],
        "in_stock": bool(model["in_stock"][place]),
        "id": model.answer_ids(np.array([place], np.int32))[0],
    }


@given(catalogs, catalogs)
def test_what_came_is_known_as_if_it_had_been_learned(learned: list[Any], came: list[Any]) -> None:
    """Every fact of every item, new, changed or neither, is that of a model made of all of them at once."""
    model = place_model(*learned)
    found, places = overlaid(model, businesses(*came))
    newest = {row[0]: row for row in (*learned, *came)}
    whole = place_model(*newest.values())
    assert len(found) == len(whole) == len(newest)
    for number in newest:
        assert facts_of(found, number) == facts_of(whole, number)
    assert [found.id_kind.answer(found["ids"][[place]])[0] for place in places] == sorted(row[0] for row in came)


@given(catalogs, catalogs)
def test_no_learned_place_moves(learned: list[Any], came: list[Any]) -> None:
    """Histories, neighbours and lists of the generation mean the same items as before; nothing is written to."""
    model = place_model(*learned)
    for array in model.arrays.values():
        array.flags.writeable = False
    found, _ = overlaid(model, businesses(*came))
    assert found["ids"][: len(model)].tolist() == model["ids"].tolist()
    assert found["neighbours"] is model["neighbours"]
    absent = found.positions(found.id_kind.array(["nothing", "0"]))
    assert absent.tolist() == [-1, -1]


def test_the_order_of_arrival_changes_nothing() -> None:
    """Two processes that saw the same rows have the same model, whatever order their rows came in."""
    model = place_model(business(5, ["tea"]))
    came = [business(number, [f"kind {number % 3}"], ["a", "b"]) for number in (9, 2, 7)]
    one, other = (overlaid(model, businesses(*order))[0] for order in (came, came[::-1]))
    for name, array in one.arrays.items():
        np.testing.assert_array_equal(array, other[name], err_msg=name)
    assert one.facts["words"] == other.facts["words"]


def test_a_catalog_that_was_never_learned_is_what_came() -> None:
    """Generation 0 has no item; what came makes a catalog of it, and its ids are numbers only if all of them are."""
    nothing: Items = businesses()
    empty = blank("businesses", nothing)
    assert (len(empty), empty.generation, empty.id_kind) == (0, 0, IdKind.TEXT)
    found, _ = overlaid(empty, businesses(business(2), business(10)))
    assert found.answer_ids(np.array([0, 1], np.int32)) == [10, 2]
    found, _ = overlaid(found, businesses(business("7a")))
    assert found.answer_ids(np.array([0, 1, 2], np.int32)) == ["10", "2", "7a"]


def test_words_mean_the_same_in_masks_and_codes() -> None:
    """What came has vocabularies of its own: its bits and codes are those of the model's words, which grow."""

    def dressed(row: Any, word: str, platform: str) -> Items:
        return replace(
            businesses(row), suitable_for=np.array([1]), suitable_for_words=(word,),
            platform=np.zeros(1, np.int16), platforms=(platform,),
        )  # fmt: skip

    found, _ = overlaid(blank("businesses", businesses()), dressed(business(1), "friend", "ozon"))
    for number, word, platform in ((2, "family", "wildberries"), (3, "friend", "ozon"), (4, "family", "ozon")):
        found, _ = overlaid(found, dressed(business(number), word, platform))
    assert found.facts["words"]["suitable_for"] == ["friend", "family"]
    assert found["suitable_for"].tolist() == [0b01, 0b10, 0b01, 0b10]
    assert [found.word("platforms", code) for code in found["platform"].tolist()] == [
        "ozon", "wildberries", "ozon", "ozon",
    ]  # fmt: skip
