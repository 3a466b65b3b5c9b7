"""Everyone's interactions in; the users most like each user, by cosine of what they did, out.

Learning only: it imports scipy, which the API never loads.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from giftwise.algorithms.graph import preference_matrix
from giftwise.interactions.event import WEIGHTS
from giftwise.interactions.matrix import Interactions


@dataclass(frozen=True, slots=True)
class SimilarUsersParams:
    """What makes users alike, and what the search costs."""

    max_similar: int = 20
    """How many similar users are kept per user."""
    min_score: float = 0.01
    """Cosine below which a user is not called similar."""
    kind_weights: tuple[float, ...] = WEIGHTS
    """Weight of each event.Kind; a pair's kinds add up."""
    half_life_days: float = 180.0
    """Days after which an interaction counts half, seen from the newest one; 0 never forgets."""
    max_per_user: int = 500
    """Of each user, only this many of the heaviest pairs count."""
    item_cap: int = 100
    """Of each item, only this many users, to whom it means most, are found through it: popular items would make the
    search quadratic and say little. The cosines of those found are exact all the same."""
    candidates: int = 3
    """How many times max_similar users are found before the exact cosines pick among them."""
    block: int = 1024
    """Users compared with all others at one time."""


DEFAULTS = SimilarUsersParams()


@dataclass(frozen=True, slots=True)
class SimilarUsers:
    """Aligned rows, by user and falling score; positions in Interactions.user_ids."""

    user: NDArray[np.int32]
    similar: NDArray[np.int32]
    score: NDArray[np.float32]  # cosine, 0..1


def similar_users(
    interactions: Interactions,
    params: SimilarUsersParams = DEFAULTS,
    progress: Callable[[float], None] | None = None,
) -> SimilarUsers:
    """Up to `max_similar` users per user. Items count by their idf, log(users / users of the item).

    Candidates come through at most `item_cap` users of each item; the cosine of every candidate is then computed in
    full. A user who shares nothing with anyone has no rows. `progress` is told the done share, 0..1.
    """
    taste = _unit_rows(interactions, params)
    index = _capped(taste, params.item_cap).T.tocsr()
    users: list[NDArray[np.int32]] = [np.empty(0, np.int32)]
    similar: list[NDArray[np.int32]] = [np.empty(0, np.int32)]
    scores: list[NDArray[np.float32]] = [np.empty(0, np.float32)]
    for start in range(0, interactions.users, params.block):
        stop = min(start + params.block, interactions.users)
        found = taste[start:stop] @ index
        row = np.repeat(np.arange(stop - start, dtype=np.int32), np.diff(found.indptr))
        row, other = _top_of_rows(row, found.indices, found.data, start, params.max_similar * params.candidates)
        cosine = _cosines(taste, row + start, other)
        row, other, cosine = _best(row, other, cosine, params)
        users.append((row + start).astype(np.int32))
        similar.append(other.astype(np.int32))
        scores.append(cosine)
        if progress is not None:
            progress(stop / interactions.users)
    return SimilarUsers(np.concatenate(users), np.concatenate(similar), np.concatenate(scores))


def _unit_rows(interactions: Interactions, params: SimilarUsersParams) -> Any:
    """CSR float32 [users, items]: weights damped by a square root and by idf, rows of length 1 (or 0)."""
    matrix = preference_matrix(interactions, params.kind_weights, params.half_life_days, params.max_per_user)
    holders = np.bincount(matrix.indices, minlength=matrix.shape[1])
    idf = np.log((1 + interactions.users) / np.maximum(holders, 1)).astype(np.float32)
    matrix.data = np.sqrt(matrix.data) * idf[matrix.indices]
    row = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    length = np.sqrt(np.bincount(row, weights=matrix.data.astype(np.float64) ** 2, minlength=matrix.shape[0]))
    matrix.data /= np.maximum(length, 1e-12)[row].astype(np.float32)
    return matrix


def _capped(matrix: Any, most: int) -> Any:
    """Only the `most` heaviest entries of each column."""
    columns = matrix.tocsc()
    column = np.repeat(np.arange(matrix.shape[1]), np.diff(columns.indptr))
    order = np.lexsort((columns.indices, -columns.data, column))
    nth = np.arange(len(order)) - columns.indptr[column]
    columns.data[order[nth >= most]] = 0
    columns.eliminate_zeros()
    return columns


def _top_of_rows(
    row: NDArray[np.int32], other: NDArray[np.int32], values: NDArray[np.float32], start: int, most: int
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Those pairs that are among the `most` heaviest of their row, a user's pair with themselves left out."""
    counts = np.bincount(row)
    width = int(counts.max(initial=0))
    if width > most:
        # A row's threshold from narrow padded rows: selecting per row in Python would cost more than the product.
        slot = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)
        padded = np.zeros((len(counts), width), dtype=np.float32)
        padded[row, slot] = values
        least = -np.partition(-padded, most, axis=1)[:, most]
        heavy = values >= least[row]
        row, other = row[heavy], other[heavy]
    mine = other != row + start
    return row[mine], other[mine]


def _cosines(taste: Any, left: NDArray[np.int32], right: NDArray[np.int32]) -> NDArray[np.float32]:
    """Dot products of pairs of rows."""
    return np.asarray(taste[left].multiply(taste[right]).sum(axis=1), dtype=np.float32)


def _best(
    row: NDArray[np.int32], other: NDArray[np.int32], cosine: NDArray[np.float32], params: SimilarUsersParams
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float32]]:
    """The `max_similar` highest cosines of each row, highest first, of equals the first user."""
    alike = np.flatnonzero(cosine >= params.min_score)
    order = alike[np.lexsort((other[alike], -cosine[alike], row[alike]))]
    counts = np.bincount(row[order])
    nth = np.arange(len(order)) - np.repeat(np.cumsum(counts) - counts, counts)
    order = order[nth < params.max_similar]
    return row[order], other[order], np.minimum(cosine[order], 1)
