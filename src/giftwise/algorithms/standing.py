"""Popularity, ratings and their counts as hosts tell them in; how each item stands among the others out."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from giftwise.algorithms.blend import scaled

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class StandingParams:
    """What the host's own opinion of its items counts."""

    doubt: float = 10.0
    """Ratings of the catalog's mean that every item is given beside its own: three friends' five stars are few."""
    rating: float = 0.6
    """Share of the rating; the rest is popularity."""
    floor: float = 0.7
    """What the score of the item that stands lowest is multiplied by; of the highest it is 1."""


DEFAULTS = StandingParams()


def bayesian_rating(rating: Floats, count: Floats, doubt: float) -> Floats:
    """(doubt * mean + count * rating) / (doubt + count), float32 [n]; the mean where an item has no rating.

    The mean is over all ratings. A rating without a count is taken for one; NaN everywhere where nothing is rated.
    """
    rated = ~np.isnan(rating)
    counts = np.where(rated, np.maximum(np.nan_to_num(count, nan=1.0), 0), 0).astype(np.float64)
    values = np.where(rated, rating, 0).astype(np.float64)
    if not rated.any():
        return np.full(len(rating), np.nan, dtype=np.float32)
    mean = (counts @ values) / counts.sum() if counts.sum() > 0 else values[rated].mean()
    return np.asarray((doubt * mean + counts * values) / (doubt + counts), dtype=np.float32)


def standing(popularity: Floats, rating: Floats, count: Floats, params: StandingParams = DEFAULTS) -> Floats:
    """How each item stands, float32 [n] from 0 to 1: shares of its rating and its popularity among all items.

    Popularity counts by its logarithm, as hosts' scores are often visits. What no item has counts for nothing, and an
    item that lacks what others have stands in the middle.
    """
    logs = np.log1p(np.maximum(popularity, 0))
    parts = (
        (params.rating, bayesian_rating(rating, count, params.doubt)),
        (1 - params.rating, np.asarray(logs, dtype=np.float32)),
    )
    known = [(share, scaled(values)) for share, values in parts if not np.isnan(values).all()]
    if not known:
        return np.full(len(popularity), 0.5, dtype=np.float32)
    whole = sum(share for share, _ in known)
    return np.asarray(
        sum(np.float32(share / whole) * np.nan_to_num(values, nan=0.5) for share, values in known), dtype=np.float32
    )


def standing_factor(stands: Floats, params: StandingParams = DEFAULTS) -> Floats:
    """What the scores of items that stand so are multiplied by: float32 [n]."""
    return np.asarray(params.floor + (1 - params.floor) * stands, dtype=np.float32)
