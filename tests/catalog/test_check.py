"""A broken generation is refused with the reason, whichever way it is broken."""

from typing import Any

import numpy as np
import pytest

from giftwise.catalog.check import check_model
from giftwise.errors import BrokenModel
from giftwise.ids import IdKind
from tests.support.models import make_model


@pytest.mark.parametrize("kind", list(IdKind))
@pytest.mark.parametrize("count", [1, 50])
def test_a_whole_model_passes(kind: IdKind, count: int) -> None:
    """What the jobs make is accepted, for every kind of id and down to one item."""
    check_model(*make_model(kind, count))


def changed(array: np.ndarray[Any, Any], place: Any, value: Any) -> np.ndarray[Any, Any]:
    """A copy with one value replaced."""
    copy = array.copy()
    copy[place] = value
    return copy


@pytest.mark.parametrize(
    ("name", "place", "value", "reason"),
    [
        ("popular_scores", 3, np.nan, "popular_scores holds NaN"),
        ("neighbour_weights", (3, 1), np.inf, "neighbour_weights holds NaN or infinity"),
        ("text", (0, 0), np.nan, "text holds NaN"),
        ("price", 0, np.inf, "price holds infinity"),
        ("popular_items", 0, 50, "popular_items reaches"),
        ("popular_items", 0, -1, "popular_items reaches"),
        ("neighbours", (0, 0), 50, "neighbours reaches"),
        ("neighbours", (0, 0), -2, "neighbours reaches"),
        ("history_items", 0, 50, "history_items reaches"),
        ("category", 0, 3, "category reaches"),
        ("ids", 1, 1, "ids are not sorted"),
        ("ids", 1, 99, "ids are not sorted"),
        ("cards_at", -1, 7, "cards_at does not cut"),
        ("history_at", 1, 4, "history_at does not cut"),
        ("history_users", 0, 9, "history_users are not sorted"),
    ],
)
def test_one_bad_value_is_refused(name: str, place: Any, value: Any, reason: str) -> None:
    """NaN, positions out of range and broken order are each named."""
    arrays, facts = make_model()
    arrays[name] = changed(arrays[name], place, value)
    with pytest.raises(BrokenModel, match=reason):
        check_model(arrays, facts)


@pytest.mark.parametrize("name", sorted(set(make_model()[0]) - {"ids", "cards", "history_users"}))
def test_misaligned_arrays_are_refused(name: str) -> None:
    """An array with a row too few is refused, whichever it is."""
    arrays, facts = make_model()
    arrays[name] = arrays[name][:-1]
    with pytest.raises(BrokenModel):
        check_model(arrays, facts)


@pytest.mark.parametrize("name", sorted(make_model()[0]))
def test_a_missing_array_is_refused(name: str) -> None:
    """An array that is not there is named."""
    arrays, facts = make_model()
    del arrays[name]
    with pytest.raises(BrokenModel, match=name):
        check_model(arrays, facts)


def test_a_wrong_dtype_is_refused() -> None:
    """Float positions would index nothing; they are refused before they are served."""
    arrays, facts = make_model()
    arrays["neighbours"] = arrays["neighbours"].astype(np.float64)
    with pytest.raises(BrokenModel, match="neighbours is float64"):
        check_model(arrays, facts)


@pytest.mark.parametrize("segment", [[0, 51, 1], [-1, 5, 1], [5, 4, 1], [0, 5, -1]])
def test_a_segment_out_of_range_is_refused(segment: list[int]) -> None:
    """Segments point within the popular lists."""
    arrays, facts = make_model()
    facts["segments"]["213|f|any"] = segment
    with pytest.raises(BrokenModel, match="segment 213"):
        check_model(arrays, facts)


def test_facts_that_are_not_json_are_refused() -> None:
    """A NaN or a numpy number among the facts is refused here, not when it is read back."""
    arrays, facts = make_model()
    for value in (float("nan"), np.int64(3)):
        with pytest.raises(BrokenModel, match="not JSON"):
            check_model(arrays, {**facts, "figure": value})


def test_far_fewer_items_are_refused() -> None:
    """Less than half of the serving generation's items is a bad read; exactly half is the host's wish."""
    arrays, facts = make_model(count=50)
    check_model(arrays, facts, previous_items=100)
    with pytest.raises(BrokenModel, match="only 50 items, where the serving generation has 101"):
        check_model(arrays, facts, previous_items=101)
