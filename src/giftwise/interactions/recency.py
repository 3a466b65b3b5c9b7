"""When users did what in; how much each interaction still says of their taste out."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

DAY: Final = 86_400


@dataclass(frozen=True, slots=True)
class HistoryParams:
    """How much the parts of a history count."""

    half_life_days: float = 365.0
    """So many days before the user's newest interaction one counts half."""
    least_recency: float = 0.1
    """But by its age alone never less than this share, as old taste is still taste."""
    fading: float = 0.25
    """What was done k moments before the newest counts (1 + k) ** -fading; 0: the order does not matter."""


def recency(user: NDArray[Any], at: NDArray[np.int64], params: HistoryParams) -> NDArray[np.float32]:
    """The share that is left of each interaction: float32 [m]; rows are sorted by user, each user's newest first.

    It is seen from the user's own newest interaction, so that the same history always weighs the same. What was done
    at one moment, as a basket is, fades together.
    """
    if not len(at):
        return np.empty(0, np.float32)
    starts = np.flatnonzero(np.concatenate([[True], user[1:] != user[:-1]]))
    sizes = np.diff(np.append(starts, len(at)))
    days = (np.repeat(at[starts], sizes) - at) / DAY
    by_age = np.maximum(0.5 ** (days / params.half_life_days), params.least_recency)
    moments = np.cumsum(np.concatenate([[False], at[1:] != at[:-1]]))
    back = moments - np.repeat(moments[starts], sizes)
    return np.asarray(by_age * (1.0 + back) ** -params.fading, dtype=np.float32)
