"""A hand-made catalog of six items and the builders that its tests share."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from giftwise.catalog.item import Items
from giftwise.catalog.model import Model, item_arrays
from giftwise.ids import IdKind
from giftwise.interactions.event import Kind
from giftwise.interactions.matrix import Crowd, Interactions

MakeModel = Callable[..., Model]
MakeInteractions = Callable[..., Interactions]


@pytest.fixture
def items() -> Items:
    """Mugs 0, 1 (0: friend, m, 25-34), a teapot 2, headphones 3, 4, and 5 of which nothing is known."""
    return Items(
        id_kind=IdKind.INTEGER,
        ids=np.array([10, 11, 12, 13, 14, 15]),
        price=np.array([500, 550, 1500, 5000, 5500, np.nan], dtype=np.float32),
        created_at=np.zeros(6, dtype=np.int64),
        category=np.array([0, 0, 0, 1, 1, -1], dtype=np.int16),
        platform=np.array([0, 1, 0, 1, 1, -1], dtype=np.int16),
        suitable_for=np.array([0b01, 0b11, 0b01, 0b10, 0b10, 0], dtype=np.int64),
        acquaintance_level=np.zeros(6, dtype=np.int64),
        target_gender=np.array([0, 1, 1, 0, 0, -1], dtype=np.int8),
        target_age=np.array([0b000100, 0b001100, 0b110000, 0b000100, 0b000010, 0], dtype=np.int16),
        geo=np.array([-1, -1, -1, -1, 213, -1], dtype=np.int64),
        in_stock=np.ones(6, dtype=np.bool_),
        cards=(b"{}",) * 6,
        titles=("Blue mug", "Red mug", "Porcelain teapot", "Black headphones", "White headphones", ""),
        categories=("kitchen", "electronics"),
        platforms=("ozon", "wildberries"),
        suitable_for_words=("friend", "family"),
        acquaintance_level_words=("close",),
    )


@pytest.fixture
def make_model(items: Items) -> MakeModel:
    """The model of `items`, with neighbours and text given or made up so that 0-1-2 and 3-4 belong together."""

    def make(**changed: NDArray[Any]) -> Model:
        arrays, facts = item_arrays(items)
        arrays["neighbours"] = np.array([[1, 2], [0, 2], [0, -1], [4, -1], [3, -1], [-1, -1]], dtype=np.int32)
        arrays["neighbour_weights"] = np.array(
            [[1, 0.5], [1, 0.25], [0.5, 0], [0.75, 0], [0.75, 0], [0, 0]], dtype=np.float16
        )
        arrays["text"] = np.array(
            [[1, 0, 0], [0.8, 0.6, 0], [0, 1, 0], [0, 0, 1], [0, 0.6, 0.8], [0, 0, 0]], dtype=np.float32
        )
        arrays.update(changed)
        for array in arrays.values():
            array.flags.writeable = False  # as memory-mapped arrays are
        return Model("presents", 1, datetime.now(UTC), arrays, facts)

    return make


@pytest.fixture
def model(make_model: MakeModel) -> Model:
    """The model of `items` as it is."""
    return make_model()


@pytest.fixture
def make_interactions() -> MakeInteractions:
    """Interactions from rows of (user, item, kind, at); `users` and `items` are how many there are."""

    def make(rows: Sequence[tuple[int, int, Kind, int]], users: int, items: int = 6) -> Interactions:
        table = np.array(rows, dtype=np.int64).reshape(-1, 4)
        return Interactions(
            table[:, 0].astype(np.int32),
            table[:, 1].astype(np.int32),
            table[:, 2].astype(np.int8),
            table[:, 3],
            np.arange(users),
            items,
        )

    return make


@pytest.fixture
def clusters() -> Interactions:
    """200 users, 80 items in four tastes of 20, each user likes about eight items, nine in ten of their own taste."""
    rng = np.random.default_rng(3)
    user = np.repeat(np.arange(200), 8)
    taste = np.where(rng.random(len(user)) < 0.9, user % 4, rng.integers(0, 4, len(user)))
    pairs = np.unique(user * 80 + taste * 20 + rng.integers(0, 20, len(user)))
    return Interactions(
        (pairs // 80).astype(np.int32),
        (pairs % 80).astype(np.int32),
        np.full(len(pairs), Kind.LIKE, dtype=np.int8),
        rng.integers(0, 10**7, len(pairs)),
        np.arange(200),
        80,
    )


@pytest.fixture
def unknown_crowd() -> Callable[[int], Crowd]:
    """A crowd of whom nothing is known."""
    return lambda users: Crowd(np.full(users, -1, np.int8), np.full(users, -1, np.int8), np.full(users, -1, np.int64))
