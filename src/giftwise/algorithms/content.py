"""A user's history and the items' facts in; how well every item fits what the user chose before out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from giftwise.algorithms.topics import NOTHING, Taste, TasteParams, score_taste, whole_taste
from giftwise.catalog.model import Model
from giftwise.people.demographics import AGE_GROUPS, GENDERS

Floats = NDArray[np.float32]
Facet = tuple[float, Floats, NDArray[np.bool_]]  # its weight, its fit [n], and where it can be compared at all [n]


@dataclass(frozen=True, slots=True)
class ContentParams:
    """What each facet of taste counts for, and how wide "near" is. Facets score 0..1 (dislikes: -1..1)."""

    category: float = 1.0
    """Share of the user's history in the item's category."""
    platform: float = 0.15
    """Share of the user's history on the item's platform."""
    price: float = 0.4
    """Succession of the item's price to the user's usual one, a bell curve in log space."""
    suitable_for: float = 0.2
    """Share of the user's history that suits the same relationships."""
    target_age: float = 0.2
    """Share of the user's history meant for the same ages."""
    target_gender: float = 0.3
    """Share of the user's history meant for the same gender."""
    text: float = 1.5
    """Cosine between the item's title and the mean title of the user's history."""
    topics: float = 2.0
    """Agreement of the item's categories, tags and words with the user's: in catalogs whose items have such traits."""
    taste: TasteParams = field(default_factory=TasteParams)
    """How stated interests and a history make one taste."""
    price_spread: float = 0.5
    """Smallest width of the price's bell curve, in natural logs (0.5: a factor of 1.65 either way)."""
    similar_title: float = 0.5
    """Cosine from which two titles are called similar in a reason."""
    max_words: int = 8
    """How many relationships of a user are looked at, most frequent first: each costs one pass over the items."""


@dataclass(frozen=True, slots=True)
class ContentFacts:
    """What a chosen item has in common with a history: the material of a reason."""

    category: int
    """Code of the category that both share, -1 for none."""
    near_price: bool
    """Whether its price is within the user's usual range."""
    like_title: int
    """Place of the history item with the most similar title, -1 where none is similar."""
    suitable_for: int
    """Mask of the relationships that both suit."""


DEFAULTS = ContentParams()
_AGE_BITS = (np.arange(1 << len(AGE_GROUPS))[:, None] >> np.arange(len(AGE_GROUPS)) & 1).astype(np.float32)


def score_content(
    model: Model,
    places: NDArray[np.int32],
    weights: Floats,
    params: ContentParams = DEFAULTS,
    *,
    stated: Taste = NOTHING,
) -> Floats:
    """Fit of every item with a history of `places` [h] and `weights` [h], and with what is stated: float32 [n].

    A weighted sum of facets, each comparing the item with the history's own shares; a facet that the item or the
    history lacks adds nothing. NaN where no facet can be compared at all. Negative weights push away.
    """
    scores = np.zeros(len(model), dtype=np.float32)
    known = np.zeros(len(model), dtype=np.bool_)
    if len(places) and np.any(weights):
        shares = (weights / np.abs(weights).sum()).astype(np.float32)
        for weight, fit, comparable in _facets(model, places, shares, params):
            scores += np.multiply(fit, np.float32(weight), out=fit)
            known |= comparable
    taste = whole_taste(model, places, weights, stated, params.taste)
    if len(taste):
        fit = score_taste(model.topics, taste)
        scores += fit * np.float32(params.topics)
        known |= fit != 0
    scores[~known] = np.nan
    return scores


def content_facts(
    model: Model,
    places: NDArray[np.int32],
    weights: Floats,
    chosen: NDArray[np.int32],
    params: ContentParams = DEFAULTS,
) -> list[ContentFacts]:
    """For each chosen item [c], what it has in common with the liked part of the history."""
    liked = places[weights > 0]
    if not len(liked):
        return [ContentFacts(-1, False, -1, 0) for _ in chosen]
    categories = model["category"][chosen]
    shared = np.where(np.isin(categories, model["category"][liked]), categories, -1)
    near = np.zeros(len(chosen), dtype=np.bool_)
    usual = _usual_price(model["price"][liked], weights[weights > 0], params.price_spread)
    if usual is not None:
        near = np.abs(_logs(model["price"][chosen]) - usual[0]) <= usual[1]
    like_title = np.full(len(chosen), -1, dtype=np.int32)
    if model["text"].shape[1]:
        likeness = model["text"][chosen] @ model["text"][liked].T
        best = likeness.argmax(axis=1)
        found = likeness[np.arange(len(chosen)), best] >= params.similar_title
        like_title[found] = liked[best[found]]
    suits = np.bitwise_or.reduce(model["suitable_for"][liked]) & model["suitable_for"][chosen]
    columns: Sequence[list[int]] = [array.tolist() for array in (shared, near, like_title, suits)]
    return [ContentFacts(code, bool(close), title, mask) for code, close, title, mask in zip(*columns, strict=True)]


def _facets(model: Model, places: NDArray[np.int32], shares: Floats, params: ContentParams) -> Iterator[Facet]:
    """Those facets that the history can speak of."""
    for weight, name, size in (
        (params.category, "category", len(model.words["categories"])),
        (params.platform, "platform", len(model.words["platforms"])),
        (params.target_gender, "target_gender", len(GENDERS)),
    ):
        codes = model[name]
        if np.any(codes[places] >= 0):
            yield weight, _code_fit(codes, codes[places], shares, size), codes >= 0
    ages, suits, prices, text = model["target_age"], model["suitable_for"], model["price"], model["text"]
    if np.any(ages[places]):
        yield params.target_age, (_AGE_BITS @ (shares @ _spread(_AGE_BITS[ages[places]])))[ages], ages != 0
    if np.any(suits[places]):
        yield params.suitable_for, _word_fit(suits, suits[places], shares, params.max_words), suits != 0
    # Only what was liked says what a user spends; a disliked item's price says nothing.
    usual = _usual_price(prices[places[shares > 0]], shares[shares > 0], params.price_spread)
    if usual is not None:
        yield params.price, _price_fit(prices, *usual), prices > 0
    mean = shares @ text[places]
    length = np.sqrt(mean @ mean)
    if length > 0:
        likeness = text @ (mean / length)
        yield params.text, likeness, likeness != 0


def _code_fit(codes: NDArray[np.integer], mine: NDArray[np.integer], shares: Floats, size: int) -> Floats:
    """Each code's share of the history, for every item of that code; -1 reads the table's last cell, which is 0."""
    table = np.zeros(size + 1, dtype=np.float32)
    np.add.at(table, mine, shares)
    table[-1] = 0
    return np.take(table, codes, mode="wrap")


def _word_fit(masks: NDArray[np.int64], mine: NDArray[np.int64], shares: Floats, max_words: int) -> Floats:
    """Each word's share of the history, summed over the words of every item: one pass over the items per word."""
    bits = (mine[:, None] >> np.arange(62) & 1).astype(np.float32)
    per_word = shares @ _spread(bits)
    fit = np.zeros(len(masks), dtype=np.float32)
    for word in np.argsort(-np.abs(per_word), kind="stable")[:max_words].tolist():
        if per_word[word]:
            # A product, not a masked addition: branches on random bits cost six times more.
            fit += ((masks & (1 << word)) != 0) * per_word[word]
    return fit


def _spread(bits: Floats) -> Floats:
    """Rows of bits as rows that sum to 1 (or 0): an item for two ages speaks half for each."""
    return np.asarray(bits / np.maximum(bits.sum(axis=1, keepdims=True), 1), dtype=np.float32)


def _usual_price(prices: Floats, shares: Floats, least_spread: float) -> tuple[float, float] | None:
    """Weighted mean and deviation of log prices; None where no price is known."""
    priced = prices > 0
    if not np.any(priced):
        return None
    logs, shares = np.log(prices[priced]), shares[priced] / shares[priced].sum()
    middle = float(shares @ logs)
    return middle, max(least_spread, float(np.sqrt(shares @ (logs - middle) ** 2)))


def _price_fit(prices: Floats, middle: float, spread: float) -> Floats:
    """The bell curve's height at every item's price; 0 where there is no price."""
    off = (_logs(prices) - np.float32(middle)) / np.float32(spread)
    off *= off
    return np.asarray(np.exp(off * np.float32(-0.5)), dtype=np.float32)


def _logs(prices: Floats) -> Floats:
    """Log prices; unknown ones are so far away that nothing is near them."""
    return np.asarray(np.log(np.fmax(prices, np.float32(1e-30))), dtype=np.float32)
