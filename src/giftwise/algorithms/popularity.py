"""Everyone's interactions and demographics in; a ranked list for each segment of people out."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from giftwise.algorithms.decay import decayed_weights
from giftwise.catalog.item import Items
from giftwise.catalog.model import RankedItems
from giftwise.interactions.event import WEIGHTS
from giftwise.interactions.matrix import Crowd, Interactions
from giftwise.people.demographics import AGE_GROUPS, GENDERS, WIDE_AGE, WIDE_AGE_PARTS, Segment

_GENDERS = (None, *GENDERS)
_AGES = (None, *AGE_GROUPS, WIDE_AGE)
_WIDE = len(AGE_GROUPS)  # an age known only to be one of WIDE_AGE_PARTS
_UNKNOWN_AGE = _WIDE + 1
_UNKNOWN_GENDER = len(GENDERS)
_WIDE_PARTS = tuple(AGE_GROUPS.index(group) for group in WIDE_AGE_PARTS)

Cells = NDArray[np.float64]
Slices = tuple[NDArray[np.int8], NDArray[np.int8], NDArray[np.int32], NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class PopularityParams:
    """What counts how much, and how far small segments lean on wider ones."""

    kind_weights: tuple[float, ...] = WEIGHTS
    """Weight of each event.Kind."""
    half_life_days: float = 60.0
    """Days after which an interaction counts half; 0 never forgets."""
    kappa: float = 200.0
    """Weight of the wider segment's shares in a segment's own (in weights of interactions: a like is 3)."""
    geo_support: int = 500
    """Interactions from which a region gets lists of its own."""
    segment_support: int = 50
    """Interactions from which a gender and age group of such a region gets its own list."""
    geo_length: int = 1000
    """Length of a region's lists; those of everywhere are whole."""


DEFAULTS = PopularityParams()


def segment_popularity(
    interactions: Interactions, crowd: Crowd, items: Items, params: PopularityParams, now: int
) -> dict[str, RankedItems]:
    """Ranked items by Segment.key: every gender and age group anywhere, and those of regions with enough support.

    A score is the segment's share of decayed weight, shrunk towards wider segments:
    share(i) = (c(i) + kappa * parent(i)) / (N + kappa), parent being the mean of (gender, any) and (any, age) for a
    gender and age, everyone's for a gender or an age, and the same people anywhere for a region's people. Support is
    the number of interactions in that very segment. Best first, equals by position; an item whose weight in the
    segment is negative is left out. `now` in unix seconds; where all interactions lie before it, they fade as seen from
    the newest of them: a shop that rested for a year still knows what it sold.
    """
    weights = decayed_weights(
        interactions.kind,
        interactions.at,
        kind_weights=params.kind_weights,
        half_life_days=params.half_life_days,
        now=min(now, int(interactions.at.max(initial=0))),
    )
    weights = interactions.weighed(weights)
    gender, age, geo = _who(interactions, crowd, items)
    n = len(items)
    everyone = (gender, age, interactions.item, weights)
    counts, support = _cells(everyone, n)
    anywhere = _shrunk_anywhere(counts, params.kappa)
    lists = {}
    for row, column, segment in _segments(None):
        ranked = _ranked(anywhere[row, column], counts[row, column], n)
        lists[segment.key] = RankedItems(*ranked, int(support[row, column]))
    for region, part in _regions(everyone, geo, params.geo_support):
        counts, support = _cells(part, n)
        for row, column, segment in _segments(region):
            if support[row, column] < params.segment_support:
                continue
            shares = _shrunk(counts[row, column], anywhere[row, column], params.kappa)
            ranked = _ranked(shares, counts[row, column], params.geo_length)
            lists[segment.key] = RankedItems(*ranked, int(support[row, column]))
    return lists


def _who(
    interactions: Interactions, crowd: Crowd, items: Items
) -> tuple[NDArray[np.int8], NDArray[np.int8], NDArray[np.int64]]:
    """Gender, age and region of each interaction; where the user's is unknown, whom the item is for stands in."""
    user, item = interactions.user, interactions.item
    gender = np.where(crowd.gender[user] >= 0, crowd.gender[user], items.target_gender[item])
    gender = np.where(gender >= 0, gender, _UNKNOWN_GENDER).astype(np.int8)
    meant = np.full(1 << len(AGE_GROUPS), _UNKNOWN_AGE, dtype=np.int8)
    meant[1 << np.arange(len(AGE_GROUPS))] = np.arange(len(AGE_GROUPS))
    meant[sum(1 << part for part in _WIDE_PARTS)] = _WIDE
    age = np.where(crowd.age[user] >= 0, crowd.age[user], meant[items.target_age[item]]).astype(np.int8)
    geo = np.where(crowd.geo[user] >= 0, crowd.geo[user], items.geo[item])
    return gender, age, geo


def _cells(part: Slices, n: int) -> tuple[Cells, NDArray[np.int64]]:
    """Weights [genders, ages, n] and numbers of interactions [genders, ages], in the order of _GENDERS and _AGES."""
    gender, age, item, weights = part
    group = gender.astype(np.intp) * (_UNKNOWN_AGE + 1) + age
    shape = (_UNKNOWN_GENDER + 1, _UNKNOWN_AGE + 1)
    size = shape[0] * shape[1]
    by_group = np.bincount(group * n + item, weights=weights, minlength=size * n).reshape(*shape, n)
    return _with_any(by_group), _with_any(np.bincount(group, minlength=size).reshape(shape))


def _with_any(exact: NDArray[Any]) -> NDArray[Any]:
    """From exact groups (unknown last) to segments: any = all, known and unknown; WIDE_AGE = its parts."""
    gendered = np.stack([exact.sum(axis=0), *exact[: len(GENDERS)]])
    wide = gendered[:, [*_WIDE_PARTS, _WIDE]].sum(axis=1)
    return np.concatenate([gendered.sum(axis=1)[:, None], gendered[:, : len(AGE_GROUPS)], wide[:, None]], axis=1)


def _shrunk_anywhere(counts: Cells, kappa: float) -> Cells:
    """Shares [genders, ages, n], each shrunk towards its wider segments."""
    shares = np.empty_like(counts)
    shares[0, 0] = _shrunk(counts[0, 0], counts[0, 0], 0)
    for row in range(1, len(_GENDERS)):
        shares[row, 0] = _shrunk(counts[row, 0], shares[0, 0], kappa)
    for column in range(1, len(_AGES)):
        shares[0, column] = _shrunk(counts[0, column], shares[0, 0], kappa)
        for row in range(1, len(_GENDERS)):
            parent = (shares[row, 0] + shares[0, column]) / 2
            shares[row, column] = _shrunk(counts[row, column], parent, kappa)
    return shares


def _shrunk(counts: Cells, parent: Cells, kappa: float) -> Cells:
    total = np.maximum(counts, 0).sum() + kappa
    return (counts + kappa * parent) / total if total > 0 else np.zeros_like(counts)


def _segments(region: int | None) -> Iterator[tuple[int, int, Segment]]:
    for row, gender in enumerate(_GENDERS):
        for column, age in enumerate(_AGES):
            yield row, column, Segment(gender, age, region)


def _regions(everyone: Slices, geo: NDArray[np.int64], least: int) -> Iterator[tuple[int, Slices]]:
    """The interactions of each region that has at least `least` of them."""
    order = np.argsort(geo, kind="stable")
    regions, starts, counts = np.unique(geo[order], return_index=True, return_counts=True)
    gender, age, item, weights = everyone
    for region, start, count in zip(regions.tolist(), starts.tolist(), counts.tolist(), strict=True):
        if region >= 0 and count >= least:
            part = order[start : start + count]
            yield region, (gender[part], age[part], item[part], weights[part])


def _ranked(shares: Cells, counts: Cells, most: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Up to `most` places with a positive share, best first, of equals the first place."""
    places = np.flatnonzero((shares > 0) & (counts >= 0))
    values = shares[places]
    if most < len(places):
        least = np.partition(values, len(values) - most)[len(values) - most]
        in_reach = values >= least  # all equals of the last one too: which of them stay is decided by place
        places, values = places[in_reach], values[in_reach]
    order = np.argsort(-values, kind="stable")[:most]
    return places[order].astype(np.int32), values[order].astype(np.float32)
