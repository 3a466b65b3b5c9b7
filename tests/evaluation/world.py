"""Items and users to go with made-up interactions."""

import numpy as np

from giftwise.catalog.item import Items
from giftwise.evaluation.shop import Facts
from giftwise.ids import IdKind
from giftwise.interactions.matrix import Crowd, Interactions


def facts(interactions: Interactions, category: list[int] | None = None, gender: list[int] | None = None) -> Facts:
    """Bare facts: items of these categories (default: one of four by turns), users of these genders (unknown)."""
    n, users = interactions.items, interactions.users
    return Facts(
        Items(
            id_kind=IdKind.INTEGER,
            ids=np.arange(n),
            price=np.full(n, np.nan, np.float32),
            created_at=np.zeros(n, np.int64),
            category=np.array(category if category is not None else np.arange(n) % 4, np.int16),
            platform=np.full(n, -1, np.int16),
            suitable_for=np.zeros(n, np.int64),
            acquaintance_level=np.zeros(n, np.int64),
            target_gender=np.full(n, -1, np.int8),
            target_age=np.zeros(n, np.int16),
            geo=np.full(n, -1, np.int64),
            in_stock=np.ones(n, np.bool_),
            cards=(b"{}",) * n,
            titles=("",) * n,
            categories=("a", "b", "c", "d"),
            platforms=(),
            suitable_for_words=(),
            acquaintance_level_words=(),
        ),
        Crowd(
            gender=np.array(gender if gender is not None else np.full(users, -1), np.int8),
            age=np.full(users, -1, np.int8),
            geo=np.full(users, -1, np.int64),
        ),
        0,
    )
