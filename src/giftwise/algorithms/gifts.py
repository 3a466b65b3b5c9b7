"""What answers a search, and for whom the gift is, in; how well each item would do as that gift, and a choice, out."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from giftwise.algorithms.neighbours import score_neighbours
from giftwise.catalog.model import Model, RankedItems
from giftwise.people.demographics import AGE_GROUPS, GENDERS

Floats = NDArray[np.float32]
Places = NDArray[np.int32]
Found = tuple[Places, Floats]
"""Items, best first, and how well each answers a search, 0..1."""


@dataclass(frozen=True, slots=True)
class GiftParams:
    """What counts for a gift. Chosen on the even half of the judged queries (benchmarks/search.py)."""

    seeds: int = 5
    """So many of the best matches say what else belongs to a search."""
    seed_power: float = 2.0
    """How much the best match outweighs the fifth: their scores to this power."""
    neighbours: float = 0.5
    """What being chosen by the same people as the seeds adds, at most, as a share of the best match."""
    titles: float = 0.1
    """What a title near the seeds' titles adds, at most, as a share of the best match."""
    near_title: float = 0.3
    """Cosine of two titles from which they are near."""
    popularity: float = 0.05
    """What being the most popular among people like the recipient adds, as a share of the best match."""
    floor: float = 0.4
    """What scores less than this share of the best match does not answer the search."""
    weakest: float = 0.08
    """A search whose best match is below this (0..1) is not answered at all."""
    kept: int = 600
    """Items that are looked at of each search."""
    taste: float = 0.35
    """What being the nearest neighbour of what the recipient liked adds, and takes away of what they disliked."""
    modest_from: float = 0.4
    """Share of the budget from which a price is as good as any within it; a much cheaper gift looks thoughtless."""
    modest: float = 0.25
    """How fast the score falls below that: (price / (share * budget)) to this power."""
    over: float = 1.5
    """How fast the score falls above the budget: 1 - over * (price / budget - 1)."""
    other_gender: float = 0.35
    """What the score of a gift meant for the other gender is multiplied by."""
    other_age: float = 0.5
    """What the score of a gift meant for other ages is multiplied by."""
    other_relation: float = 0.8
    """What the score of a gift meant for other relationships is multiplied by."""
    alike: float = 0.2
    """How much of its score an item loses that is the same as one above it."""
    alike_from: float = 0.8
    """Cosine of two titles from which it loses some; at 1 it loses all of that."""
    window: int = 80
    """Candidates among which the order is varied."""


DEFAULTS = GiftParams()


@dataclass(frozen=True, slots=True)
class Wish:
    """For whom, and how dear. Prices are in the catalog's currency; None = no limit, or not known."""

    gender: str | None = None
    age: str | None = None  # one of AGE_GROUPS
    relation: str | None = None  # a word of the items' `suitable_for`
    budget: float | None = None


def widen(model: Model, found: Found, params: GiftParams = DEFAULTS) -> Found:
    """What answers a search by its words, with what belongs to it: at most `kept` items, best first.

    The best matches are seeds: what people who chose them chose too, and what is titled like them, is added. So
    "coffee mug" reaches the tea cups after the last coffee mug. Nothing where the best match is too weak.
    """
    places, scores = found
    if not len(places) or scores[0] < params.weakest:
        return places[:0], scores[:0]
    best = scores[0]
    total = np.zeros(len(model), dtype=np.float32)
    total[places] = scores
    seeds = places[: params.seeds]
    weights = np.asarray((scores[: params.seeds] / best) ** np.float32(params.seed_power), dtype=np.float32)
    near = np.nan_to_num(score_neighbours(model, seeds, weights))
    if near.max(initial=0) > 0:
        total += np.clip(near / near.max(), 0, 1) * np.float32(params.neighbours * best)
    mean = weights @ _titles(model, seeds)
    length = np.sqrt(mean @ mean)
    if length > 0:
        text = model["text"]
        likeness = (text @ (mean / length) - params.near_title) / (1 - params.near_title)
        total[: len(text)] += np.clip(likeness, 0, 1) * np.float32(params.titles * best)
    candidates = np.flatnonzero(total >= params.floor * best).astype(np.int32)
    order = np.argsort(-total[candidates], kind="stable")[: params.kept]
    return candidates[order], total[candidates][order]


def together(found: Sequence[Found]) -> Found:
    """Several searches for one gift as one: each item by the search that it answers best, best first."""
    if not found:
        return np.empty(0, np.int32), np.empty(0, np.float32)
    places = np.concatenate([one[0] for one in found])
    scores = np.concatenate([one[1] for one in found])
    order = np.lexsort((places, -scores))
    _, first = np.unique(places[order], return_index=True)
    kept = order[np.sort(first)]
    return places[kept], scores[kept]


def affordable(model: Model, places: Places, most: float | None) -> NDArray[np.bool_]:
    """Which of the items cost at most so much: bool [m]. With a limit, an unknown price is too much."""
    if most is None:
        return np.ones(len(places), dtype=np.bool_)
    return np.asarray(model["price"][places] <= np.float32(most))


def suitability(model: Model, places: Places, wish: Wish, params: GiftParams = DEFAULTS) -> Floats:
    """What the scores of items are multiplied by, for this recipient and budget: float32 [m] above 0.

    An item that is for anybody suits everybody; an unknown price is neither modest nor dear.
    """
    factors = np.ones(len(places), dtype=np.float32)
    if wish.gender in GENDERS:
        gender = model["target_gender"][places]
        factors[(gender >= 0) & (gender != GENDERS.index(wish.gender))] *= np.float32(params.other_gender)
    if wish.age in AGE_GROUPS:
        ages = model["target_age"][places]
        factors[(ages != 0) & (ages & (1 << AGE_GROUPS.index(wish.age)) == 0)] *= np.float32(params.other_age)
    bit = model.words["suitable_for"].get(wish.relation) if wish.relation is not None else None
    if bit is not None:
        suits = model["suitable_for"][places]
        factors[(suits != 0) & (suits & (1 << bit) == 0)] *= np.float32(params.other_relation)
    if wish.budget:
        share = model["price"][places] / np.float32(wish.budget)
        modest = np.clip(share / np.float32(params.modest_from), 1e-3, 1) ** np.float32(params.modest)
        dear = np.clip(1 - np.float32(params.over) * (share - 1), 0.05, 1)
        factors *= np.nan_to_num(np.minimum(modest, dear), nan=1.0)
    return factors


def standing_among(model: Model, ranked: RankedItems | None) -> Floats:
    """How popular every item is in a list: float32 [n], 1 for its first and 0 for what it does not hold."""
    found = np.zeros(len(model), dtype=np.float32)
    if ranked is not None and len(ranked.items) and ranked.scores[0] > 0:
        found[ranked.items] = np.sqrt(ranked.scores / ranked.scores[0])
    return found


def taste(model: Model, liked: Places, disliked: Places) -> Floats:
    """How near every item is to what the recipient liked, and how far from what they disliked: float32 [n], -1..1."""
    found = np.zeros(len(model), dtype=np.float32)
    for places, sign in ((liked, 1.0), (disliked, -1.0)):
        if len(places):
            near = np.nan_to_num(score_neighbours(model, places, np.ones(len(places), np.float32)))
            alike = np.clip(model["text"] @ _titles(model, places).T, 0, 1).max(axis=1)
            both = np.zeros(len(model), dtype=np.float32)
            both[: len(alike)] = alike**4  # the same thing in another colour, not the same language
            both += near / near.max() if near.max(initial=0) > 0 else 0
            found += np.float32(sign) * np.clip(both, 0, 1)
    return found


def choose(model: Model, found: Found, limit: int, params: GiftParams = DEFAULTS) -> Places:
    """All items, the first `limit` varied: one that is the same as another above it has to be better by `alike`.

    Greedy (maximal marginal relevance, Carbonell and Goldstein 1998) among the best `window`; the rest follow as they
    are. 10 microseconds for each varied place.
    """
    places, scores = found
    head = places[: params.window]
    if len(head) < 2 or model["text"].shape[1] < 2:
        return places
    titles = _titles(model, head)
    likeness = np.clip((titles @ titles.T - params.alike_from) / (1 - params.alike_from), 0, 1)
    left = scores[: params.window].astype(np.float64)
    closest = np.zeros(len(head), dtype=np.float64)
    chosen: list[int] = []
    while len(chosen) < min(limit, len(head)):
        best = int(np.argmax(left * (1 - params.alike * closest)))
        chosen.append(best)
        left[best] = -np.inf
        np.maximum(closest, likeness[best], out=closest)
    rest = np.ones(len(places), dtype=np.bool_)
    rest[chosen] = False
    return np.concatenate([head[chosen], places[rest]])


def _titles(model: Model, places: Places) -> Floats:
    """Vectors of titles; zeros for items that came after the learning."""
    text = model["text"]
    known = places < len(text)
    return np.asarray(np.where(known[:, None], text[np.where(known, places, 0)], 0), dtype=np.float32)
