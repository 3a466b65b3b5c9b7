"""Demographics of many users at once, as aligned arrays that the algorithms take."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Crowd:
    """Demographics of users, aligned with an array of their ids (such as Interactions.user_ids)."""

    gender: NDArray[np.int8]  # [users] code in demographics.GENDERS, -1 = unknown
    age: NDArray[np.int8]  # [users] code in demographics.AGE_GROUPS, -1 = unknown
    geo: NDArray[np.int64]  # [users] region id, -1 = unknown
