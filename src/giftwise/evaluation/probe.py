"""A validation split and one factorisation in; how well every filter made from it foresees the held-out choices, out.

Learning only: it imports scipy, which the API never loads.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, vstack

from giftwise.algorithms.graph import Factors, GraphParams
from giftwise.algorithms.heaviest import heaviest
from giftwise.evaluation.judged import judged_histories, judged_seen
from giftwise.evaluation.measures import ndcg
from giftwise.evaluation.split import Split

Floats = NDArray[np.float32]

CANDIDATES = 300
"""Of each judged user, so many items of the highest scores are kept: where the lists' places go is decided there."""
CELLS = 12_000_000
"""Users x items that are dense at one time."""
USUAL_OUTPUT = 0.12
"""The output exponent by which candidates are found."""
BLOCK = 1024
"""Rows of the item x item matrix that are made at one time."""
K = 20
"""Length of the lists that are judged."""


@dataclass(frozen=True, slots=True)
class Grid:
    """The filters that one factorisation is asked for: every combination."""

    ranks: tuple[int, ...]
    sigma_powers: tuple[float, ...]
    linears: tuple[float, ...]
    output_exponents: tuple[float, ...]
    nears: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Trial:
    """Hyperparameters and what they reached: mean NDCG@20 over the judged users."""

    params: GraphParams
    ndcg: float


def try_all(split: Split, factors: Factors, params: GraphParams, grid: Grid) -> Iterator[Trial]:
    """A trial for each combination of the grid; everything else is as in `params`, whose factors these are.

    Users are scored as online: their weightiest items only, by kind and recency, seen items struck out.
    """
    shapes = list(product(grid.ranks, grid.sigma_powers))
    parts = _parts(split, factors, params, shapes)
    for (rank, power), low in zip(shapes, parts.low, strict=True):
        for linear, near in product(grid.linears, grid.nears):
            filtered = _blended(low, parts.linear, parts.close, linear, near)
            for exponent in grid.output_exponents:
                shaped = replace(params, rank=rank, sigma_power=power, linear=linear, near=near)
                tried = replace(shaped, output_exponent=exponent)
                scores = filtered * parts.degrees**exponent
                yield Trial(tried, _mean_ndcg(scores, parts.chosen, split.truth.sizes))


def _blended(low: Floats, flat: Floats, close: Floats, linear: float, near: float) -> Floats:
    """The filter's parts by their shares."""
    smooth = low * np.float32((1 - near) * (1 - linear)) + flat * np.float32((1 - near) * linear)
    return np.asarray(smooth + close * np.float32(near), dtype=np.float32)


@dataclass(frozen=True, slots=True)
class _Parts:
    """Of each judged user's candidates (c of them): what the filters add up, and which were chosen."""

    low: Floats  # [shapes, users, c]
    linear: Floats  # [users, c]
    close: Floats  # [users, c]
    degrees: Floats  # [users, c]; 0 pads, which no exponent lifts
    chosen: NDArray[np.bool_]  # [users, c]


def _parts(split: Split, factors: Factors, params: GraphParams, shapes: list[tuple[int, float]]) -> _Parts:
    train, truth = split.train, split.truth
    history = judged_histories(train, truth, params.kind_weights, params.fading)
    history.data = history.data * factors.before[history.indices]
    touched = judged_seen(train, truth)
    together = _together(factors)
    users, most = len(truth), min(CANDIDATES, train.items)
    low = np.zeros((len(shapes), users, most), dtype=np.float32)
    linear, close, degrees = (np.zeros((users, most), dtype=np.float32) for _ in range(3))
    items = np.full((users, most), -1, dtype=np.int32)
    usual = factors.after(USUAL_OUTPUT)
    step = max(1, CELLS // max(train.items, 1))
    for start in range(0, users, step):
        rows = slice(start, min(start + step, users))
        flat = ((history[rows] @ factors.transposed) @ factors.matrix).toarray() / factors.top**2
        near = (history[rows] @ together).toarray()
        inside = history[rows] @ factors.vectors
        dense = [_low(inside, factors, rank, power) for rank, power in shapes]
        average = np.asarray(sum(dense) / np.float32(len(dense)), dtype=np.float32)
        mixed = _blended(average, flat, near, params.linear, params.near) * usual
        seen = touched[rows]
        mixed[np.repeat(np.arange(len(flat)), np.diff(seen.indptr)), seen.indices] = 0
        items[rows], weights = heaviest(np.asarray(mixed, dtype=np.float32), most)
        found = np.maximum(items[rows], 0)
        linear[rows] = np.take_along_axis(flat, found, axis=1)
        close[rows] = np.take_along_axis(near, found, axis=1)
        for shape, scores in enumerate(dense):
            low[shape, rows] = np.take_along_axis(scores, found, axis=1)
        degrees[rows] = np.where(weights > 0, factors.degrees[found], 0)
    width = np.int64(max(train.items, 1))
    pairs = np.repeat(np.arange(users), truth.sizes) * width + truth.items
    chosen = np.isin(np.arange(users)[:, None] * width + items, pairs) & (items >= 0)
    # A score of 0 is that of an item of which nothing is known; pads and negative scores lie below.
    linear[items < 0], close[items < 0], low[:, items < 0] = -1, -1, -1
    return _Parts(low, linear, close, np.where(items < 0, 1, degrees).astype(np.float32), chosen)


def _together(factors: Factors) -> Any:
    """The part of close succession, Di^-b C Di^-b / c1, as a whole: CSR [items, items]."""
    items = len(factors.before)
    blocks = [factors.succession.rows(start, min(start + BLOCK, items)) for start in range(0, items, BLOCK)]
    whole = vstack(blocks, format="csr") if blocks else csr_array((0, 0), dtype=np.float32)
    scale = factors.before / np.sqrt(factors.succession.largest(factors.before))
    whole.data *= np.repeat(scale, np.diff(whole.indptr)) * scale[whole.indices]
    return whole


def _low(inside: Floats, factors: Factors, rank: int, power: float) -> Floats:
    """Scores by the low-pass part alone: [users, items]."""
    shaped = inside[:, :rank] * factors.passed(power)[:rank]
    return np.asarray(shaped @ factors.vectors[:, :rank].T, dtype=np.float32)


def _mean_ndcg(scores: Floats, chosen: NDArray[np.bool_], sizes: NDArray[np.int64]) -> float:
    k = min(K, scores.shape[1])
    best = np.argpartition(-scores, k - 1, axis=1)[:, :k]
    values = np.take_along_axis(scores, best, axis=1)
    best = np.take_along_axis(best, np.argsort(-values, axis=1, kind="stable"), axis=1)
    hits = np.zeros((len(scores), K), dtype=np.bool_)
    hits[:, :k] = np.take_along_axis(chosen, best, axis=1)
    return float(ndcg(hits, sizes).mean())
