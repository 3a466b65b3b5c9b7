"""Made-up interactions, and items and users to go with them."""

import numpy as np

from giftwise.algorithms.graph import GraphParams
from giftwise.catalog.item import Items
from giftwise.evaluation.shop import Facts
from giftwise.ids import IdKind
from giftwise.interactions.event import Kind
from giftwise.interactions.matrix import Crowd, Interactions

PARAMS = GraphParams(rank=8, neighbours=40)


def circles(strangers: int = 0) -> Interactions:
    """120 users, by turns of two circles, with six likes each among their circle's twenty items, over ten days.

    After them come users who did nothing.
    """
    rng = np.random.default_rng(3)
    user = np.repeat(np.arange(120), 6)
    item = np.concatenate([rng.permutation(20)[:6] + one % 2 * 20 for one in range(120)])
    kind = np.full(len(user), Kind.LIKE, np.int8)
    at = rng.integers(0, 10 * 86_400, len(user))
    return Interactions(user.astype(np.int32), item.astype(np.int32), kind, at, np.arange(120 + strangers), 40)


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
