"""Scores of several voices in, one score for every item out."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

CAUTION = 0.5


def blend(
    scores: Sequence[NDArray[np.float32]], shares: Sequence[float], caution: float = CAUTION
) -> NDArray[np.float32]:
    """A mixture of voices, each float32 [n] with NaN for "cannot say": float32 [n], NaN where no voice speaks.

    Each voice is first scaled to 0..1 (its worst and best item), so that shares mean the same whatever its unit.
    Where voices are silent, those that speak are averaged and the average is multiplied by
    (share of those that speak) ** caution: 0 trusts a lone voice fully, 1 counts silence as the worst score.
    """
    if not scores:
        raise ValueError("blend needs at least one voice")
    if len(scores) != len(shares) or min(shares) < 0:
        raise ValueError("blend needs one share, not negative, for each voice")
    total = np.zeros_like(scores[0])
    spoken = np.zeros_like(scores[0])
    for voice, share in zip(scores, shares, strict=True):
        if share == 0:
            continue
        speaks = ~np.isnan(voice)
        total += np.where(speaks, scaled(voice), 0) * np.float32(share)
        spoken += speaks * np.float32(share)
    spoken[spoken == 0] = np.nan
    whole = np.float32(sum(shares))
    # mean of those that speak * (spoken / whole) ** caution, written with one power
    return np.asarray(total / whole * (spoken / whole) ** np.float32(caution - 1), dtype=np.float32)


def scaled(voice: NDArray[np.float32]) -> NDArray[np.float32]:
    """A voice as 0 (its worst item) to 1 (its best), float32 [n]; NaN stays."""
    low, high = np.fmin.reduce(voice, initial=np.inf), np.fmax.reduce(voice, initial=-np.inf)
    if not high > low:
        return np.ones_like(voice)  # a voice that finds all alike, or is silent
    return np.asarray((voice - low) / (high - low), dtype=np.float32)
