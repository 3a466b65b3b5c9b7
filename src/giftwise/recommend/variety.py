"""A ranked list in, the same items with less of the same in a row, and with a few that nobody has tried, out.

Both work on the first places alone, and on all of them at once, so that a list is the same however much of it is
asked for: the first page is cut from the same order as the tenth.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from giftwise.catalog.model import Model
from giftwise.recommend.ladder import Ranked, Rung, best_first

Places = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class VarietyParams:
    """How far alike items stand apart, and how often something new is shown."""

    window: int = 200
    """Places in which the order may change; further down nobody compares neighbours."""
    alike: float = 0.95
    """Cosine of two titles from which they are the same gift in another colour."""
    apart: int = 10
    """Places by which each further one of the same gift is moved down: half a page."""
    explore_every: int = 20
    """One of so many places is for an item that nobody has chosen yet; 0 shows none."""
    explore_first: int = 14
    """The first such place, from 0: below what is seen at once."""


def untried(model: Model) -> NDArray[np.bool_]:
    """Items that no interaction stands behind: a fresh bool array [n]."""
    mask = np.ones(len(model), dtype=np.bool_)
    everyone = model.popular("any|any|any")
    if everyone is not None:
        mask[everyone.items] = False
    return mask


def explorers(
    model: Model, free: NDArray[np.bool_], scorer: Rung, params: VarietyParams
) -> tuple[Places, NDArray[np.float32]]:
    """Untried free items for the places kept for them, best by the scorer's own opinion first, and their scores."""
    if params.explore_every <= 0:
        return np.empty(0, np.int32), np.empty(0, np.float32)
    wanted = -(-(params.window - params.explore_first) // params.explore_every)
    return scorer.fill(free & untried(model), wanted)


def insert(ranked: Ranked, items: Places, scores: NDArray[np.float32], rung: int, params: VarietyParams) -> Ranked:
    """Put items, which the list must not hold yet, at the places kept for them; at its end where it is shorter."""
    at = params.explore_first + (params.explore_every - 1) * np.arange(len(items))  # places in the list without them
    at = np.minimum(at, len(ranked.places))
    return Ranked(
        np.insert(ranked.places, at, items),
        np.insert(ranked.scores, at, scores),
        np.insert(ranked.rungs, at, np.uint8(rung)),
        ranked.total,
    )


def spread(model: Model, ranked: Ranked, params: VarietyParams) -> Ranked:
    """Move items down that are like ones above them, by `apart` places for each; scores stay with the places."""
    head = ranked.places[: params.window]
    text = model["text"][head]
    if text.shape[1] < 2 or len(head) < 2:
        return ranked
    alike = np.tril(text @ text.T >= params.alike, -1) & (model["category"][head][:, None] == model["category"][head])
    later = alike.sum(axis=1)
    if not later.any():
        return ranked
    order = np.argsort(np.arange(len(head)) + params.apart * later, kind="stable")
    places, rungs = ranked.places.copy(), ranked.rungs.copy()
    places[: len(head)], rungs[: len(head)] = head[order], ranked.rungs[: len(head)][order]
    return Ranked(places, _falling(ranked, order), rungs, ranked.total)


def _falling(ranked: Ranked, order: NDArray[np.intp]) -> NDArray[np.float32]:
    """Scores for the new order: each rung's own scores, still falling, so that a page reads as it is ranked."""
    scores = ranked.scores.copy()
    head = len(order)
    rungs = ranked.rungs[:head][order]
    for rung in np.unique(rungs):
        mine = np.flatnonzero(rungs == rung)
        values = ranked.scores[:head][order][mine]
        scores[mine] = values[best_first(values, len(values))]
    return scores
