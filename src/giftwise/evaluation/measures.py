"""Ranked lists and what users really chose in; recall, NDCG, hit rate and reciprocal rank per user out."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Truth:
    """What t test users chose, one user after another: user i's items are `items[at[i]:at[i + 1]]`, each once."""

    users: NDArray[np.int32]  # [t] positions in Interactions.user_ids
    at: NDArray[np.int64]  # [t + 1]
    items: NDArray[np.int32]  # [at[-1]]

    def __len__(self) -> int:
        return len(self.users)

    @property
    def sizes(self) -> NDArray[np.int64]:
        """How many items each test user chose: [t]."""
        return np.diff(self.at)

    def take(self, rows: NDArray[np.intp]) -> "Truth":
        """Only these test users, in this order."""
        sizes = self.sizes[rows]
        at = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        places = np.arange(at[-1]) + np.repeat(self.at[rows] - at[:-1], sizes)
        return Truth(self.users[rows], at, self.items[places])


def find_hits(ranked: NDArray[np.int32], truth: Truth) -> NDArray[np.bool_]:
    """Which places of the lists [t, k] (-1 pads) hold an item that its user chose: bool [t, k]."""
    width = np.int64(max(ranked.max(initial=0), truth.items.max(initial=0)) + 1)
    chosen = np.repeat(np.arange(len(truth)), truth.sizes) * width + truth.items
    listed = np.arange(len(truth))[:, None] * width + ranked
    return np.isin(listed, chosen) & (ranked >= 0)


def recall(hits: NDArray[np.bool_], sizes: NDArray[np.int64]) -> NDArray[np.float64]:
    """Share of each user's chosen items that are in the list: [t]; NaN for a user who chose nothing."""
    return np.asarray(hits.sum(axis=1) / np.where(sizes > 0, sizes, np.nan), dtype=np.float64)


def ndcg(hits: NDArray[np.bool_], sizes: NDArray[np.int64]) -> NDArray[np.float64]:
    """Discounted gain over that of the ideal list, which is min(chosen, k) long: [t]; NaN where nothing was chosen.

    A hit at place i (from 0) gains 1 / log2(i + 2). Source: Jarvelin and Kekalainen (2002), binary gains.
    """
    gains = 1 / np.log2(np.arange(hits.shape[1]) + 2)
    ideals = np.concatenate([[np.nan], np.cumsum(gains)])
    return np.asarray(hits @ gains / ideals[np.minimum(sizes, hits.shape[1])], dtype=np.float64)


def hit_rate(hits: NDArray[np.bool_]) -> NDArray[np.float64]:
    """1 for each user with at least one hit, else 0: [t]."""
    return np.asarray(hits.any(axis=1), dtype=np.float64)


def reciprocal_rank(hits: NDArray[np.bool_]) -> NDArray[np.float64]:
    """1 / the place (from 1) of each user's first hit, 0 without one: [t]; its mean is MRR."""
    first = hits.argmax(axis=1) if hits.shape[1] else np.zeros(len(hits), np.intp)
    return np.where(hits.any(axis=1), 1 / (first + 1), 0.0)
