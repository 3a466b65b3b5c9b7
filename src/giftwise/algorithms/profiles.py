"""Interactions of one user or of everyone in; what each user prefers (the contract's user profile) out.

Numpy only: the bulk job and the request for one user run the same code.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from giftwise.algorithms.decay import decayed_weights
from giftwise.catalog.model import Model
from giftwise.interactions.event import WEIGHTS
from giftwise.interactions.matrix import Interactions
from giftwise.people.demographics import AGE_GROUPS, GENDERS

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class ProfileParams:
    """What a profile is made of."""

    kind_weights: tuple[float, ...] = WEIGHTS
    """Weight of each event.Kind; kinds that weigh nothing or less say nothing of what is preferred."""
    half_life_days: float = 180.0
    """Days before the user's own latest interaction at which one counts half; 0 never forgets."""
    price_low: float = 0.1
    """Weighted quantile of prices at which the usual range starts."""
    price_high: float = 0.9
    """Weighted quantile of prices at which the usual range ends."""


DEFAULTS = ProfileParams()


class Facts(Protocol):
    """The columns of items that profiles read, with their vocabularies: catalog.item.Items, or ModelFacts."""

    @property
    def price(self) -> Floats: ...
    @property
    def category(self) -> NDArray[np.int16]: ...
    @property
    def platform(self) -> NDArray[np.int16]: ...
    @property
    def suitable_for(self) -> NDArray[np.int64]: ...
    @property
    def target_gender(self) -> NDArray[np.int8]: ...
    @property
    def target_age(self) -> NDArray[np.int16]: ...
    @property
    def categories(self) -> tuple[str, ...]: ...
    @property
    def platforms(self) -> tuple[str, ...]: ...
    @property
    def suitable_for_words(self) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """The same columns of a served model."""

    price: Floats
    category: NDArray[np.int16]
    platform: NDArray[np.int16]
    suitable_for: NDArray[np.int64]
    target_gender: NDArray[np.int8]
    target_age: NDArray[np.int16]
    categories: tuple[str, ...]
    platforms: tuple[str, ...]
    suitable_for_words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shares:
    """For each of u users, words and their shares, largest first: those of user i are [at[i]:at[i + 1]]."""

    at: NDArray[np.int64]  # [u + 1]
    code: NDArray[np.int64]
    share: Floats  # sums to 1 over a user's words
    words: tuple[str, ...]

    def of(self, user: int) -> dict[str, float]:
        """One user's shares by word, to four decimals, largest first."""
        part = slice(self.at[user], self.at[user + 1])
        pairs = zip(self.code[part].tolist(), self.share[part].tolist(), strict=True)
        return {self.words[code]: round(share, 4) for code, share in pairs}


@dataclass(frozen=True, slots=True)
class Profile:
    """One user's profile, named as the contract names it; None where nothing is known."""

    preferred_categories: dict[str, float]
    preferred_platforms: dict[str, float]
    avg_price: float | None
    price_range_min: float | None
    price_range_max: float | None
    buying_patterns_target_ages: dict[str, float]
    buying_patterns_relationships: dict[str, float]
    buying_patterns_gender_targets: dict[str, float]
    interaction_count: int
    last_interaction_at: int | None  # unix seconds


@dataclass(frozen=True, slots=True)
class Profiles:
    """Profiles of u users, aligned with Interactions.user_ids."""

    categories: Shares
    platforms: Shares
    target_ages: Shares
    relationships: Shares
    gender_targets: Shares
    price: Floats  # [u, 3]: mean, low, high; NaN = unknown
    count: NDArray[np.int64]  # [u]
    last_at: NDArray[np.int64]  # [u] unix seconds, 0 = never

    def __len__(self) -> int:
        return len(self.count)

    def of(self, user: int) -> Profile:
        """The profile of one user by position."""
        mean, low, high = (None if np.isnan(value) else round(float(value), 2) for value in self.price[user])
        return Profile(
            preferred_categories=self.categories.of(user),
            preferred_platforms=self.platforms.of(user),
            avg_price=mean,
            price_range_min=low,
            price_range_max=high,
            buying_patterns_target_ages=self.target_ages.of(user),
            buying_patterns_relationships=self.relationships.of(user),
            buying_patterns_gender_targets=self.gender_targets.of(user),
            interaction_count=int(self.count[user]),
            last_interaction_at=int(self.last_at[user]) or None,
        )


def facts_of_model(model: Model) -> ModelFacts:
    """What profiles read of a served model."""
    words = model.facts["words"]
    return ModelFacts(
        price=model["price"],
        category=model["category"],
        platform=model["platform"],
        suitable_for=model["suitable_for"],
        target_gender=model["target_gender"],
        target_age=model["target_age"],
        categories=tuple(words["categories"]),
        platforms=tuple(words["platforms"]),
        suitable_for_words=tuple(words["suitable_for"]),
    )


def user_profiles(interactions: Interactions, items: Facts, params: ProfileParams = DEFAULTS) -> Profiles:
    """The profile of every user of `interactions` (one or all).

    Counts and the last time include every interaction; preferences weigh kinds, and older ones less, seen from the
    user's own latest. An item for several ages or relationships speaks an equal part for each.
    """
    user, users = interactions.user, interactions.users
    last_at = np.zeros(users, dtype=np.int64)
    np.maximum.at(last_at, user, interactions.at)
    weights = decayed_weights(
        interactions.kind,
        interactions.at,
        kind_weights=params.kind_weights,
        half_life_days=params.half_life_days,
        now=last_at[user],
    )
    positive = weights > 0
    owner, item, weights = user[positive], interactions.item[positive], weights[positive]

    def by_code(codes: NDArray[np.integer], words: tuple[str, ...]) -> Shares:
        known = codes >= 0
        return _shares(owner[known], codes[known].astype(np.int64), weights[known], words, users)

    def by_mask(masks: NDArray[np.integer], words: tuple[str, ...]) -> Shares:
        part, word = np.nonzero(masks[:, None] >> np.arange(len(words), dtype=masks.dtype) & 1)
        spread = weights / np.maximum(np.bincount(part, minlength=len(masks)), 1)
        return _shares(owner[part], word, spread[part].astype(np.float32), words, users)

    return Profiles(
        categories=by_code(items.category[item], items.categories),
        platforms=by_code(items.platform[item], items.platforms),
        target_ages=by_mask(items.target_age[item], AGE_GROUPS),
        relationships=by_mask(items.suitable_for[item], items.suitable_for_words),
        gender_targets=by_code(items.target_gender[item], GENDERS),
        price=_prices(owner, items.price[item], weights, users, params),
        count=np.bincount(user, minlength=users),
        last_at=last_at,
    )


def _shares(
    owner: NDArray[np.integer], code: NDArray[np.int64], weights: Floats, words: tuple[str, ...], users: int
) -> Shares:
    """Weights of (user, word) pairs summed, divided by each user's total, sorted by user and falling share."""
    width = max(len(words), 1)
    pairs, place = np.unique(owner * np.int64(width) + code, return_inverse=True)
    sums = np.bincount(place, weights=weights, minlength=len(pairs))
    holder, word = pairs // width, pairs % width
    totals = np.bincount(holder, weights=sums, minlength=users)
    share = (sums / totals[holder]).astype(np.float32)
    order = np.lexsort((word, -share, holder))
    at = np.concatenate([[0], np.cumsum(np.bincount(holder, minlength=users))])
    return Shares(at.astype(np.int64), word[order], share[order], words)


def _prices(owner: NDArray[np.integer], prices: Floats, weights: Floats, users: int, params: ProfileParams) -> Floats:
    """Weighted mean and the two quantiles of each user's prices: float32 [users, 3], NaN where none is known."""
    priced = prices > 0
    owner, prices, weights = owner[priced], prices[priced], weights[priced]
    order = np.lexsort((prices, owner))
    owner, prices, weights = owner[order], prices[order], weights[order]
    found = np.full((users, 3), np.nan, dtype=np.float32)
    totals = np.bincount(owner, weights=weights, minlength=users)
    holders = np.flatnonzero(totals > 0)
    sums = np.bincount(owner, weights=weights * prices, minlength=users)
    found[holders, 0] = sums[holders] / totals[holders]
    running = np.cumsum(weights, dtype=np.float64)
    before = np.cumsum(totals) - totals
    for column, quantile in ((1, params.price_low), (2, params.price_high)):
        # The first price by which the quantile's share of the user's own weight is reached; never past the last.
        place = np.searchsorted(running, before[holders] + quantile * totals[holders] * (1 - 1e-9))
        last = np.searchsorted(owner, holders, side="right") - 1
        found[holders, column] = prices[np.minimum(place, last)]
    return found
