"""Businesses for tests without a database: rows as the mapping selects them in, Items and a small model out."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np

from giftwise.catalog.item import Items
from giftwise.catalog.model import Model, item_arrays
from giftwise.catalog.presents import items_of
from giftwise.db.mapping import PUSHED_FILE, load_mapping
from giftwise.db.schema import Expression, HostTable
from giftwise.ids import IdKind

TYPES = {"id": "text", "category": "jsonb", "tags": "jsonb"}


def business(
    number: int | str,
    categories: Sequence[str] = (),
    tags: Sequence[str] = (),
    *,
    name: str | None = None,
    text: str | None = None,
    place: tuple[float, float] | None = None,
    popularity: float | None = None,
    rating: float | None = None,
    rating_count: int | None = None,
    open_now: bool = True,
) -> tuple[Any, ...]:
    """One row as `selected` reads it: numbers come as text."""
    lat, lon = place or (None, None)
    numbers = (lat, lon, popularity, rating, rating_count)
    return (
        str(number), 0, open_now,
        None, None, name or f"Business {number}", None, None, None,
        json.dumps(list(categories)), None, None, None, None, None,
        text, json.dumps(list(tags)), *(None if value is None else str(value) for value in numbers),
    )  # fmt: skip


def businesses(*rows: tuple[Any, ...]) -> Items:
    """Rows as Items, as read from our own tables."""
    section = load_mapping(PUSHED_FILE).items
    types = {key: Expression(f"({sql})", TYPES.get(key, "text")) for key, sql in section.expressions.items()}
    return items_of(IdKind.TEXT, HostTable(section, types), rows)


def place_model(*rows: tuple[Any, ...], neighbours: Sequence[Sequence[int]] = (), **facts: Any) -> Model:
    """A model of these rows, in the order of their ids; each place's neighbours by place, of weight 1."""
    items = businesses(*rows)
    arrays, own = item_arrays(items)
    width = max(map(len, neighbours), default=0)
    table = np.full((len(items), width), -1, np.int32)
    for place, row in enumerate(neighbours):
        table[place, : len(row)] = row
    arrays |= {
        "neighbours": table,
        "neighbour_weights": (table >= 0).astype(np.float16),
        "text": np.zeros((len(items), 1), np.float32),
        "popular_items": np.empty(0, np.int32),
        "popular_scores": np.empty(0, np.float32),
        "history_users": np.empty(0, "S1"),
        "history_at": np.zeros(1, np.int64),
        "history_items": np.empty(0, np.int32),
        "history_kinds": np.empty(0, np.int8),
    }
    return Model("businesses", 1, datetime.now(UTC), arrays, {**own, "segments": {}, **facts})
