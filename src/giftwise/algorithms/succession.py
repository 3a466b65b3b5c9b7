"""Who chose what in which order in; how often any two items were chosen close to one another out.

People come with one wish at a time: what a user chose one step after another belongs together more than what they
chose a year apart. On two public data sets whose lines keep the order, neighbours in a line are 2.2 times as alike
(cosine of who has them) as items half a line apart.

A visit is one moment of one user and what they chose then. Two items of visits d steps apart count 1 / d for one
another, those of one visit 1, divided by the visit's size. Time itself is not asked, the order alone.
Learning only: it imports scipy, which the API never loads.
"""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from giftwise.interactions.matrix import Interactions

POWER_STEPS = 20
"""Of the power iteration for the largest eigenvalue; it settles within a percent."""


@dataclass(frozen=True, slots=True)
class Succession:
    """The symmetric item x item matrix C, never whole unless asked for: its rows are made from the visits."""

    visits: Any  # CSR float32 [visits, items], by user and time: what was chosen, divided by the root of the size
    by_item: Any  # the same, CSR [items, visits]
    user: NDArray[np.int32]  # [visits]
    steps: int

    @classmethod
    def of(cls, preferences: Any, interactions: Interactions, steps: int) -> Self:
        """From the pairs of a preference matrix (CSR [users, items]), each at the time of its latest interaction."""
        user, item, weight, at = _timed(preferences, interactions)
        order = np.lexsort((item, at, user))
        user, item, weight, at = user[order], item[order], weight[order], at[order]
        starts = np.concatenate([[True], (user[1:] != user[:-1]) | (at[1:] != at[:-1])]) if len(user) else user > 0
        visit = np.cumsum(starts) - 1
        sizes = np.bincount(visit)
        scaled = (weight / np.sqrt(sizes[visit])).astype(np.float32) if len(user) else weight
        visits = csr_array((scaled, (visit, item)), shape=(len(sizes), interactions.items), dtype=np.float32)
        return cls(visits, visits.T.tocsr(), user[starts].astype(np.int32), steps)

    def rows(self, start: int, stop: int) -> Any:
        """Rows `start` to `stop` of C, CSR float32 [stop - start, items]; its diagonal is not 0 and means nothing."""
        return self._around(self.by_item[start:stop]) @ self.visits

    def largest(self, scale: NDArray[np.float32]) -> np.float32:
        """The largest eigenvalue of diag(scale) C diag(scale) without its diagonal; 1 where C is empty."""
        own = np.asarray(self.by_item.multiply(self.by_item).sum(axis=1), dtype=np.float32)
        vector = np.ones(len(scale), dtype=np.float32)
        value = np.float32(0)
        for _ in range(POWER_STEPS):
            vector = vector * scale
            vector = (self.by_item @ self._smoothed(self.visits @ vector) - own * vector) * scale
            value = np.float32(np.linalg.norm(vector))
            if value <= 0:
                return np.float32(1)
            vector /= value
        return value

    def _around(self, left: Any) -> Any:
        """A CSR [m, visits] with each entry spread over the visits of the same user up to `steps` away."""
        row = np.repeat(np.arange(left.shape[0], dtype=np.int32), np.diff(left.indptr))
        rows, columns, data = [row], [left.indices], [left.data]
        for step in range(1, self.steps + 1):
            for moved in (left.indices + step, left.indices - step):
                inside = np.flatnonzero((moved >= 0) & (moved < len(self.user)))
                inside = inside[self.user[moved[inside]] == self.user[left.indices[inside]]]
                rows.append(row[inside])
                columns.append(moved[inside])
                data.append(left.data[inside] / np.float32(step))
        joined = np.concatenate(data), (np.concatenate(rows), np.concatenate(columns))
        return csr_array(joined, shape=left.shape, dtype=np.float32)

    def _smoothed(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Each visit's value [visits] with those of the same user around it, 1 / d of each."""
        smooth = values.copy()
        for step in range(1, self.steps + 1):
            same = (self.user[step:] == self.user[:-step]) / np.float32(step)
            smooth[step:] += values[:-step] * same
            smooth[:-step] += values[step:] * same
        return smooth


def _timed(preferences: Any, interactions: Interactions) -> tuple[NDArray[Any], ...]:
    """User, item, weight and latest time of each pair that a preference matrix kept."""
    width = max(interactions.items, 1)
    user = np.repeat(np.arange(preferences.shape[0]), np.diff(preferences.indptr))
    pairs = user * width + preferences.indices
    done = interactions.user.astype(np.int64) * width + interactions.item
    order = np.lexsort((interactions.at, done))
    done, at = done[order], interactions.at[order]
    latest = np.searchsorted(done, pairs, side="right") - 1
    return user, preferences.indices, preferences.data, at[latest] if len(at) else np.empty(0, np.int64)
