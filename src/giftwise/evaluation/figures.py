"""Ranked lists of several algorithms for the same users in; means with intervals, and who leads whom, out."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from giftwise.evaluation.intervals import Interval, interval, resampled_means
from giftwise.evaluation.lists import coverage, diversity, novelty
from giftwise.evaluation.measures import Truth, find_hits, hit_rate, ndcg, recall, reciprocal_rank

Lists = NDArray[np.int32]

ACCURACY = ("recall", "ndcg", "hit_rate", "mrr")
MEASURES = (*ACCURACY, "novelty", "diversity")
"""Those that every user has a value of, in the order of the columns; coverage belongs to all lists together."""


@dataclass(frozen=True, slots=True)
class Figures:
    """One algorithm's means over a group's users; None where nobody in the group has a value (empty lists)."""

    users: int
    recall: float
    ndcg: float
    hit_rate: float
    mrr: float
    coverage: float  # share of the catalog that stands in at least one list
    novelty: float | None  # bits: mean of -log2(share of users who have the item) over a list's places
    diversity: float | None  # 1 - mean cosine, by who has them, of a list's pairs of items
    intervals: dict[str, tuple[float, float]]  # measure -> the 95 % interval of its mean
    lead: dict[str, Interval]  # measure -> mean and interval of the difference to a baseline, user by user


def compare(lists: Mapping[str, Lists], truth: Truth, held: csr_array, baseline: str, seed: int) -> dict[str, Figures]:
    """Figures of each algorithm's lists [t, k] over the same t users; `held` as lists.holders gives it.

    All are resampled with the same draws of users, so that `lead`, which is empty for `baseline`, is paired.
    """
    if not len(truth):
        return {}
    columns = {name: _columns(ranked, truth, held) for name, ranked in lists.items()}
    means = resampled_means(np.hstack(list(columns.values())), seed)
    drawn = dict(zip(columns, np.split(means, len(columns), axis=1), strict=True))
    found = {}
    for name, values in columns.items():
        spans = {
            measure: span
            for at, measure in enumerate(MEASURES)
            if (span := interval(values[:, at], drawn[name][:, at])) is not None
        }
        found[name] = Figures(
            users=len(truth),
            recall=spans["recall"].mean,
            ndcg=spans["ndcg"].mean,
            hit_rate=spans["hit_rate"].mean,
            mrr=spans["mrr"].mean,
            coverage=round(coverage(lists[name], held.shape[0]), 5),
            novelty=spans["novelty"].mean if "novelty" in spans else None,
            diversity=spans["diversity"].mean if "diversity" in spans else None,
            intervals={measure: (span.low, span.high) for measure, span in spans.items()},
            lead=_lead(values - columns[baseline], drawn[name] - drawn[baseline]) if name != baseline else {},
        )
    return found


def _lead(ahead: NDArray[np.float64], drawn: NDArray[np.float64]) -> dict[str, Interval]:
    """Of the accuracy measures, the mean difference and its interval."""
    spans = {measure: interval(ahead[:, at], drawn[:, at]) for at, measure in enumerate(ACCURACY)}
    return {measure: span for measure, span in spans.items() if span is not None}


def _columns(ranked: Lists, truth: Truth, held: csr_array) -> NDArray[np.float64]:
    """Each user's value of each of MEASURES: [t, 6]."""
    hits, sizes = find_hits(ranked, truth), truth.sizes
    values = (
        recall(hits, sizes),
        ndcg(hits, sizes),
        hit_rate(hits),
        reciprocal_rank(hits),
        novelty(ranked, held),
        diversity(ranked, held),
    )
    return np.column_stack(values)
