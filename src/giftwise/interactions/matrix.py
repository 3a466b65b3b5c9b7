"""Everyone's interactions with a catalog in bulk: aligned arrays that the algorithms take."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from giftwise.people.crowd import Crowd

__all__ = ["Crowd", "Interactions"]


@dataclass(frozen=True, slots=True)
class Interactions:
    """m interactions, aligned, in no particular order.

    `user` are positions in `user_ids`, `item` positions in the catalog's ids (interactions with items that are not
    in the catalog, such as private presents, are left out before this), `kind` numbers of event.Kind, `at` unix
    seconds. A (user, item, kind) appears once, with its latest time: one person clicking a thousand times counts once.
    """

    user: NDArray[np.int32]  # [m]
    item: NDArray[np.int32]  # [m]
    kind: NDArray[np.int8]  # [m]
    at: NDArray[np.int64]  # [m]
    user_ids: NDArray[np.generic]  # [users] sorted; int64, S16 or S<width>
    items: int  # how many items the catalog has
    clock: bool = True  # False: `at` orders each user's own interactions, and says nothing across users
    factor: NDArray[np.float32] | None = None  # [m] what hosts say that each counts; None: each counts once

    def __len__(self) -> int:
        return len(self.user)

    def weighed(self, weights: NDArray[np.float32]) -> NDArray[np.float32]:
        """Weights by kind and age [m], times what the host says of each."""
        return weights if self.factor is None else weights * self.factor

    @property
    def users(self) -> int:
        """How many distinct users there are."""
        return len(self.user_ids)
