"""A user's history and the model's neighbour rows in; a score for every item, similar items and "because of" out."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from giftwise.catalog.model import Model


@dataclass(frozen=True, slots=True)
class NeighbourParams:
    """How a history is turned into scores of neighbours."""

    max_history: int = 100
    """How many history items are summed, the weightiest first: bounds a request's cost at max_history * K additions."""


DEFAULTS = NeighbourParams()


def score_neighbours(
    model: Model, places: NDArray[np.int32], weights: NDArray[np.float32], params: NeighbourParams = DEFAULTS
) -> NDArray[np.float32]:
    """Score of every item for a user who did something to `places` [h] with `weights` [h]: float32 [n].

    The score of item j is the sum over history items i of weight(i) * W[i, j], W being the graph filter's rows
    (algorithms/graph.py). NaN where no neighbour row names the item: nothing can be said. Negative weights push away.
    """
    places, weights = weightiest(*_with_rows(model, places, weights), params.max_history)
    rows = model["neighbours"][places]
    added = np.multiply(model["neighbour_weights"][places], weights[:, None], dtype=np.float32)
    # Pads are -1: one place is put in front of the catalog for them and cut off again.
    index = rows.ravel().astype(np.intp)
    index += 1
    scores = np.bincount(index, weights=added.ravel(), minlength=len(model) + 1)[1:].astype(np.float32)
    unnamed = scores == 0
    if len(weights) and weights.min() < 0:
        unnamed[index[index > 0] - 1] = False  # likes and dislikes may cancel out exactly: that is a score of 0
    scores[unnamed] = np.nan
    return scores


def has_neighbours(model: Model, places: NDArray[np.int32]) -> bool:
    """Whether any of these items has a neighbour: whether `score_neighbours` could speak at all."""
    return bool((model["neighbours"][places[places < len(model["neighbours"])]] >= 0).any())


def similar_items(model: Model, place: int, limit: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Up to `limit` neighbours of one item, heaviest first, and their weights."""
    row = model["neighbours"][place : place + 1, :limit].ravel()
    length = int(np.count_nonzero(row >= 0))
    weights = model["neighbour_weights"][place : place + 1, :length].ravel()
    return np.asarray(row[:length]), weights.astype(np.float32)


def because_of(
    model: Model, places: NDArray[np.int32], weights: NDArray[np.float32], chosen: NDArray[np.int32]
) -> NDArray[np.int32]:
    """For each chosen item [c], the history item that added most to its score: places int32 [c], -1 for none."""
    places, weights = _with_rows(model, places, weights)
    reasons = np.full(len(chosen), -1, dtype=np.int32)
    slots = np.full(len(model) + 1, -1, dtype=np.int32)  # the last one is where the pads (-1) look
    slots[chosen] = np.arange(len(chosen), dtype=np.int32)
    hit = slots[model["neighbours"][places]]
    history, column = np.nonzero(hit >= 0)
    added = model["neighbour_weights"][places[history], column] * weights[history]
    useful = np.flatnonzero(added > 0)
    useful = useful[np.argsort(added[useful], kind="stable")]  # the heaviest is written last, and stays
    history, column = history[useful], column[useful]
    reasons[hit[history, column]] = places[history]
    return reasons


def _with_rows(
    model: Model, places: NDArray[np.int32], weights: NDArray[np.float32]
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Without the items that came after the learning (catalog/overlay.py): they have no rows yet."""
    learned = places < len(model["neighbours"])
    return (places, weights) if learned.all() else (places[learned], weights[learned])


def weightiest(
    places: NDArray[np.int32], weights: NDArray[np.float32], most: int
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """The `most` items of a history with the largest absolute weight; of equals, those that come first."""
    if len(places) <= most:
        return places, weights
    keep = np.argsort(-np.abs(weights), kind="stable")[:most]
    return places[keep], weights[keep]
