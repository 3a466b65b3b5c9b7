"""A taste in words (stated, and learned from a history) and the items' words in; how well every item fits it out."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from giftwise.catalog.model import Model, TopicIndex
from giftwise.catalog.topics import phrase

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class TasteParams:
    """How what a user says and what a user does make one taste."""

    part: float = 0.4
    """What one word of an interest of several counts; the whole interest counts 1."""
    stated: float = 16.0
    """What all stated interests weigh together, in weights of interactions (a like is 3): five likes outweigh what was
    said, a month of looking around does not."""
    least_strength: float = 0.5
    """What of a history's items counts: categories, tags and their parts; words said in passing do not."""


DEFAULTS = TasteParams()


@dataclass(frozen=True, slots=True)
class Taste:
    """Words and what each counts; empty where nothing is known."""

    codes: NDArray[np.int32]
    weights: Floats

    def __len__(self) -> int:
        return len(self.codes)


NOTHING = Taste(np.empty(0, np.int32), np.empty(0, np.float32))


def stated_taste(model: Model, interests: Iterable[str], params: TasteParams = DEFAULTS) -> Taste:
    """Interests as a taste whose weights sum to 1; interests that no item has anything of are left out.

    An interest is compared whole, and each of its words too; a model without topics has no tastes.
    """
    if "topics" not in model:
        return NOTHING
    known = model.words["topics"]
    found: dict[int, float] = {}
    for whole in dict.fromkeys(map(phrase, interests)):
        parts = whole.split()
        for word, weight in ((whole, 1.0), *((part, params.part) for part in parts if len(parts) > 1)):
            code = known.get(word)
            if code is not None:
                found[code] = max(found.get(code, 0.0), weight)
    codes = np.fromiter(found, np.int32, len(found))
    weights = np.fromiter(found.values(), np.float32, len(found))
    return Taste(codes, weights / max(weights.sum(), np.float32(1e-9)))


def whole_taste(
    model: Model, places: NDArray[np.int32], weights: Floats, stated: Taste, params: TasteParams = DEFAULTS
) -> Taste:
    """What is stated and what a history of `places` [h] and `weights` [h] says, as one taste.

    Each item of the history speaks for its words by their strength; the more was done, the less what was said counts.
    """
    if "topics" not in model:
        return NOTHING
    index = model.topics
    item, codes, strengths = index.of(places)
    strong = strengths >= params.least_strength
    item, codes, strengths = item[strong], codes[strong], strengths[strong]
    shares = strengths / np.maximum(np.bincount(item, weights=strengths, minlength=len(places)), 1e-9)[item]
    said = params.stated if len(stated) else 0.0
    whole = max(said + float(np.abs(weights).sum()), 1e-9)
    every = np.concatenate([stated.codes, codes])
    counts = np.concatenate([stated.weights * said, shares * weights[item]]) / whole
    unique, inverse = np.unique(every, return_inverse=True)
    return Taste(
        unique.astype(np.int32), np.bincount(inverse, weights=counts, minlength=len(unique)).astype(np.float32)
    )


def score_taste(index: TopicIndex, taste: Taste) -> Floats:
    """Sum over the taste's words of weight * strength, for every item: float32 [n], 0 where they share no word."""
    scores = np.zeros(index.items, dtype=np.float32)
    for code, weight in zip(taste.codes.tolist(), taste.weights.tolist(), strict=True):
        holders, strengths = index.holders(code)
        scores[holders] += strengths * np.float32(weight)  # an item has a word once
    return scores
