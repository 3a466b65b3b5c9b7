"""Kinds and times of interactions in; how much each still says out."""

import numpy as np
from numpy.typing import NDArray

DAY = 86_400


def decayed_weights(
    kind: NDArray[np.int8],
    at: NDArray[np.int64],
    *,
    kind_weights: tuple[float, ...],
    half_life_days: float,
    now: int | NDArray[np.int64],
) -> NDArray[np.float32]:
    """kind_weights[kind] * 2 ** -(age / half-life): float32 [m]. `now` in unix seconds, one or one per interaction.

    What lies in the future counts as now; a half-life of 0 never forgets.
    """
    weights = np.asarray(kind_weights, dtype=np.float32)[kind]
    if half_life_days <= 0:
        return weights
    age = np.maximum(now - at, 0) / (half_life_days * DAY)
    return np.asarray(weights * np.exp2(-age), dtype=np.float32)
