"""What a generation must satisfy to be served: its arrays and facts in, nothing or the reason of refusal out."""

import json
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from giftwise.catalog.model import Arrays
from giftwise.errors import BrokenModel
from giftwise.ids import IdKind

# Arrays with one row per item, and their dtypes; model.py says what they hold.
PER_ITEM: Final[Mapping[str, str]] = {
    "price": "float32", "created_at": "int64", "category": "int16", "platform": "int16", "suitable_for": "int64",
    "acquaintance_level": "int64", "target_gender": "int8", "target_age": "int16", "geo": "int64", "in_stock": "bool",
    "neighbours": "int32", "neighbour_weights": "float16", "text": "float32",
}  # fmt: skip
OTHERS: Final[Mapping[str, str]] = {
    "cards_at": "int64", "cards": "uint8", "popular_items": "int32", "popular_scores": "float32",
    "history_at": "int64", "history_items": "int32", "history_kinds": "int8",
}  # fmt: skip
# What a catalog whose items have traits has beside.
TRAITED: Final[Mapping[str, str]] = {
    "lat": "float32", "lon": "float32", "popularity": "float32", "rating": "float32", "rating_count": "float32",
}  # fmt: skip
TOPICS: Final[Mapping[str, str]] = {"topics_at": "int64", "topics": "int32", "topic_strengths": "float32"}
# Positions of items, and whether -1 (none) is allowed among them.
POSITIONS: Final[Mapping[str, int]] = {"popular_items": 0, "history_items": 0, "neighbours": -1}
NUMBERS: Final = ("popular_scores", "neighbour_weights", "text")
FEWEST_SHARE: Final = 0.5


def check_model(
    arrays: Arrays, facts: Mapping[str, Any], previous_items: int = 0, *, fewest_share: float = FEWEST_SHARE
) -> None:
    """BrokenModel, with the reason, unless these arrays and facts can serve.

    `previous_items` is the size of the generation that serves now: a new one with less than `fewest_share` of it is
    taken for a bad read of the host's database, not for the host's wish. About 20 ms at 100,000 items x 200 neighbours.
    """
    _types(arrays, facts)
    count = len(arrays["ids"])
    if count < previous_items * fewest_share:
        raise BrokenModel(f"only {count} items, where the serving generation has {previous_items}")
    _sorted("ids", arrays["ids"])
    _lengths(arrays, count)
    _values(arrays, facts, count)
    _offsets("cards_at", arrays["cards_at"], len(arrays["cards"]))
    _histories(arrays)
    _segments(arrays, facts)
    if TOPICS.keys() & arrays.keys():
        _traits(arrays, facts, count)


def _types(arrays: Arrays, facts: Mapping[str, Any]) -> None:
    wanted = {**PER_ITEM, **OTHERS}
    if missing := sorted((set(wanted) | {"ids", "history_users"}) - set(arrays)):
        raise BrokenModel(f"arrays are missing: {', '.join(missing)}")
    if missing := sorted({"id_kind", "words", "segments"} - set(facts)):
        raise BrokenModel(f"facts are missing: {', '.join(missing)}")
    for name, dtype in wanted.items():
        if arrays[name].dtype != dtype:
            raise BrokenModel(f"{name} is {arrays[name].dtype}, not {dtype}")
    kind = IdKind(facts["id_kind"])
    held = arrays["ids"].dtype
    fits = held == np.int64 if kind is IdKind.INTEGER else held.kind == "S"
    if not fits or (kind is IdKind.UUID and held.itemsize != 16):
        raise BrokenModel(f"ids are {held}, which does not hold ids of kind {kind.value}")
    try:
        json.dumps(facts, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise BrokenModel(f"facts are not JSON: {error}") from error


def _traits(arrays: Arrays, facts: Mapping[str, Any], count: int) -> None:
    for name, dtype in {**TRAITED, **TOPICS}.items():
        if name not in arrays or arrays[name].dtype != dtype:
            raise BrokenModel(f"{name} is missing, or not {dtype}")
    for name in TRAITED:
        if len(arrays[name]) != count or np.isinf(arrays[name]).any():
            raise BrokenModel(f"{name} has {len(arrays[name])} rows for {count} items, or holds infinity")
    if len(arrays["topics_at"]) != count + 1 or len(arrays["topics"]) != len(arrays["topic_strengths"]):
        raise BrokenModel("topics do not fit the items")
    _offsets("topics_at", arrays["topics_at"], len(arrays["topics"]))
    _within("topics", arrays["topics"], 0, len(facts["words"]["topics"]))


def _lengths(arrays: Arrays, count: int) -> None:
    for name in PER_ITEM:
        if len(arrays[name]) != count:
            raise BrokenModel(f"{name} has {len(arrays[name])} rows for {count} items")
    for left, right in (("neighbours", "neighbour_weights"), ("popular_items", "popular_scores"),
                        ("history_items", "history_kinds")):  # fmt: skip
        if arrays[left].shape != arrays[right].shape:
            raise BrokenModel(f"{left} and {right} differ in shape: {arrays[left].shape}, {arrays[right].shape}")


def _values(arrays: Arrays, facts: Mapping[str, Any], count: int) -> None:
    for name in NUMBERS:
        if not np.isfinite(arrays[name]).all():
            raise BrokenModel(f"{name} holds NaN or infinity")
    if np.isinf(arrays["price"]).any():
        raise BrokenModel("price holds infinity")
    for name, lowest in POSITIONS.items():
        _within(name, arrays[name], lowest, count)
    for name, vocabulary in (("category", "categories"), ("platform", "platforms")):
        _within(name, arrays[name], -1, len(facts["words"][vocabulary]))
    _within("history_kinds", arrays["history_kinds"], 0, 127)


def _within(name: str, values: NDArray[Any], lowest: int, end: int) -> None:
    if values.size and (int(values.min()) < lowest or int(values.max()) >= end):
        raise BrokenModel(f"{name} reaches from {values.min()} to {values.max()}, outside {lowest} to {end - 1}")


def _sorted(name: str, values: NDArray[Any]) -> None:
    if not (values[:-1] < values[1:]).all():
        raise BrokenModel(f"{name} are not sorted, or one appears twice")


def _offsets(name: str, offsets: NDArray[Any], end: int) -> None:
    if len(offsets) == 0 or offsets[0] != 0 or offsets[-1] != end or (np.diff(offsets) < 0).any():
        raise BrokenModel(f"{name} does not cut 0 to {end} into parts")


def _histories(arrays: Arrays) -> None:
    _sorted("history_users", arrays["history_users"])
    if len(arrays["history_at"]) != len(arrays["history_users"]) + 1:
        raise BrokenModel("history_at does not have one offset more than there are history_users")
    _offsets("history_at", arrays["history_at"], len(arrays["history_items"]))


def _segments(arrays: Arrays, facts: Mapping[str, Any]) -> None:
    end = len(arrays["popular_items"])
    for key, (start, stop, support) in facts["segments"].items():
        if not (0 <= start <= stop <= end) or support < 0:
            raise BrokenModel(f"segment {key} points at {start} to {stop} of {end} places")
