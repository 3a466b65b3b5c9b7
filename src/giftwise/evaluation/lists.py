"""Ranked lists alone in, whatever was chosen; how much of the catalog they show, how new and how varied they are, out.

Learning only: it imports scipy, which the API never loads.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, diags_array

from giftwise.interactions.matrix import Interactions

BLOCK = 2048
"""Lists whose holders are summed at one time."""


def holders(train: Interactions) -> csr_array:
    """Who did anything to each item: CSR float32 [items, users] of ones, a pair once however often it occurs."""
    pairs = np.unique(train.item.astype(np.int64) * max(train.users, 1) + train.user)
    item, user = np.divmod(pairs, max(train.users, 1))
    return csr_array((np.ones(len(pairs), np.float32), (item, user)), shape=(train.items, train.users))


def coverage(ranked: NDArray[np.int32], items: int) -> float:
    """Share of the catalog that stands in at least one of the lists [t, k] (-1 pads)."""
    return len(np.unique(ranked[ranked >= 0])) / max(items, 1)


def novelty(ranked: NDArray[np.int32], held: csr_array) -> NDArray[np.float64]:
    """Mean self-information of each list in bits: [t]; NaN for an empty one.

    An item's is -log2(share of the users who have it); one that nobody has counts as half a user's.
    Source: Zhou et al., "Solving the apparent diversity-accuracy dilemma" (2010).
    """
    share = np.maximum(np.diff(held.indptr), 0.5) / max(held.shape[1], 1)
    bits = np.append(-np.log2(share), 0)  # the last place answers for the pads, -1
    return np.asarray(bits[ranked].sum(axis=1) / _lengths(ranked), dtype=np.float64)


def diversity(ranked: NDArray[np.int32], held: csr_array) -> NDArray[np.float64]:
    """1 - the mean cosine of each list's pairs of items, by who has them: [t]; NaN below two items.

    The pairs' cosines add up to (|sum of the unit vectors|^2 - their number) / 2: no pair is ever looked at.
    Source: intra-list distance, Ziegler et al. (2005); the cosine is over users, as not every catalog has categories.
    """
    degree = np.diff(held.indptr)
    unit = (diags_array(1 / np.sqrt(np.maximum(degree, 1)).astype(np.float32)) @ held).tocsr()
    found = np.empty(len(ranked), dtype=np.float64)
    for start in range(0, len(ranked), BLOCK):
        part = ranked[start : start + BLOCK]
        row, column = np.nonzero(part >= 0)
        shape = (len(part), held.shape[0])
        sums = csr_array((np.ones(len(row), np.float32), (row, part[row, column])), shape=shape) @ unit
        squares = np.asarray(sums.multiply(sums).sum(axis=1), dtype=np.float64)
        touched = np.append(degree > 0, False)[part].sum(axis=1)  # an item nobody has is like no other
        length = _lengths(part)
        pairs = length * (length - 1)
        found[start : start + BLOCK] = 1 - (squares - touched) / np.where(pairs > 0, pairs, np.nan)
    return found


def _lengths(ranked: NDArray[np.int32]) -> NDArray[np.float64]:
    length = (ranked >= 0).sum(axis=1).astype(np.float64)
    return np.where(length > 0, length, np.nan)
