"""A validation split and neighbours learned from its train part in; how well they foresee, cut to K and weighed, out.

This is the served model itself and no stand-in: what the cut costs, in quality and in bytes, is seen here.
Learning only: it imports scipy, which the API never loads.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from giftwise.algorithms.graph import Neighbours, damp_rows
from giftwise.algorithms.heaviest import heaviest
from giftwise.evaluation.judged import judged_histories, judged_seen
from giftwise.evaluation.measures import find_hits, ndcg, recall
from giftwise.evaluation.split import Split

CELLS = 12_000_000
"""Users x items that are dense at one time."""
K = 20
"""Length of the lists that are judged."""


@dataclass(frozen=True, slots=True)
class Cut:
    """Means over the judged users of neighbours cut to `neighbours` an item, and what they take in memory."""

    neighbours: int
    evidence: float  # GraphParams.evidence
    recall: float
    ndcg: float
    bytes: int


def try_cuts(
    split: Split,
    found: Neighbours,
    kind_weights: tuple[float, ...],
    sizes: Sequence[int],
    evidences: Sequence[float] = (0.0,),
) -> list[Cut]:
    """One figure for each size and evidence; `found` must be learned from split.train with evidence 0."""
    judged = [(size, evidence) for evidence in evidences for size in sizes]
    return [_cut(split, found, kind_weights, size, evidence) for size, evidence in judged]


def _cut(split: Split, found: Neighbours, kind_weights: tuple[float, ...], size: int, evidence: float) -> Cut:
    train, truth = split.train, split.truth
    items = found.items[:, :size]
    weights = damp_rows(found.weights[:, :size].astype(np.float32), evidence)
    rows = csr_array((weights[items >= 0], (np.nonzero(items >= 0)[0], items[items >= 0])), shape=(train.items,) * 2)
    history = judged_histories(train, truth, kind_weights, found.fading)
    touched = judged_seen(train, truth)
    ranked: NDArray[np.int32] = np.full((len(truth), K), -1, dtype=np.int32)
    step = max(1, CELLS // max(train.items, 1))
    for start in range(0, len(truth), step):
        part = slice(start, start + step)
        scores = (history[part] @ rows).toarray()
        seen = touched[part]
        scores[np.repeat(np.arange(len(scores)), np.diff(seen.indptr)), seen.indices] = 0
        ranked[part] = heaviest(scores, K)[0]
    hits = find_hits(ranked, truth)
    kept = items.nbytes + found.weights[:, :size].nbytes
    figures = recall(hits, truth.sizes).mean(), ndcg(hits, truth.sizes).mean()
    return Cut(items.shape[1], evidence, float(figures[0]), float(figures[1]), kept)
