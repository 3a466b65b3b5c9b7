"""Small whole models for tests: a kind of id and a size in, arrays and facts that pass every check out."""

import uuid
from typing import Any

import numpy as np
from numpy.typing import NDArray

from giftwise.ids import IdKind

Arrays = dict[str, NDArray[Any]]
Facts = dict[str, Any]


def make_ids(kind: IdKind, count: int) -> NDArray[Any]:
    """`count` sorted ids of a kind: 1..n, UUIDs, or words."""
    match kind:
        case IdKind.INTEGER:
            return kind.array(list(range(1, count + 1)))
        case IdKind.UUID:
            return kind.array([uuid.UUID(int=(number << 64) + 256) for number in range(1, count + 1)])
        case IdKind.TEXT:
            return np.sort(kind.array([f"item-{number}-ю" for number in range(1, count + 1)]))


def make_model(kind: IdKind = IdKind.INTEGER, count: int = 50, *, seed: int = 1) -> tuple[Arrays, Facts]:
    """Arrays and facts of a catalog of `count` items; every seventh is out of stock, every item has a card."""
    rng = np.random.default_rng(seed)
    cards = [b'{"title": "gift %d"}' % number for number in range(count)]
    popular = rng.permutation(count).astype(np.int32)
    text = rng.normal(size=(count, 8)).astype(np.float32)
    arrays: Arrays = {
        "ids": make_ids(kind, count),
        "price": rng.uniform(100, 5000, count).astype(np.float32),
        "created_at": rng.integers(1_600_000_000, 1_700_000_000, count),
        "category": (np.arange(count) % 3).astype(np.int16),
        "platform": (np.arange(count) % 2).astype(np.int16),
        "suitable_for": rng.integers(0, 4, count),
        "acquaintance_level": rng.integers(0, 4, count),
        "target_gender": (np.arange(count) % 3 - 1).astype(np.int8),
        "target_age": rng.integers(0, 64, count).astype(np.int16),
        "geo": np.full(count, -1, np.int64),
        "in_stock": np.arange(count) % 7 != 6,
        "cards_at": np.concatenate([[0], np.cumsum([len(card) for card in cards])]).astype(np.int64),
        "cards": np.frombuffer(b"".join(cards), np.uint8),
        "popular_items": popular,
        "popular_scores": np.linspace(1, 0.1, count, dtype=np.float32),
        "neighbours": np.stack([np.roll(popular, shift) for shift in range(4)], axis=1),
        "neighbour_weights": np.tile(np.array([0.9, 0.5, 0.3, 0.1], np.float16), (count, 1)),
        "text": text / np.linalg.norm(text, axis=1, keepdims=True),
        "history_users": np.arange(1, 6, dtype=np.int64),
        "history_at": np.arange(6, dtype=np.int64),
        "history_items": (np.arange(5) % max(count, 1)).astype(np.int32),
        "history_kinds": np.full(5, 2, np.int8),
    }
    facts: Facts = {
        "id_kind": kind.value,
        "words": {
            "categories": ["books", "toys", "tea"],
            "platforms": ["ozon", "wildberries"],
            "suitable_for": ["friend", "family"],
            "acquaintance_level": ["close", "casual"],
        },
        "segments": {"any|any|any": [0, count, 100]},
    }
    return arrays, facts
