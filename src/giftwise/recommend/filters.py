"""A request's filters and a snapshot in, one bool per item out; nothing is ever ranked before it is filtered."""

import numpy as np
from numpy.typing import NDArray

from giftwise.catalog.model import Model
from giftwise.catalog.topics import PARAMS, phrase
from giftwise.ids import parse_all
from giftwise.recommend.request import Filters


def allowed(model: Model, available: NDArray[np.bool_], filters: Filters) -> NDArray[np.bool_]:
    """Which items may be on the list: available now and passing every filter. A fresh bool array [n].

    An item without a price passes no price filter; a word that no item has (an unknown category) passes nothing.
    """
    mask = available.copy()
    price = model["price"]
    if filters.price_from is not None:
        mask &= price >= np.float32(filters.price_from)  # NaN compares false
    if filters.price_to is not None:
        mask &= price <= np.float32(filters.price_to)
    if filters.categories and "topics" in model:
        mask &= _is_among(model, filters.categories)
    elif filters.categories:
        mask &= _has_code(model, "categories", "category", filters.categories)
    if filters.platform is not None:
        mask &= _has_code(model, "platforms", "platform", (filters.platform,))
    if filters.suitable_for is not None:
        mask &= _has_bit(model, "suitable_for", filters.suitable_for)
    if filters.acquaintance_level is not None:
        mask &= _has_bit(model, "acquaintance_level", filters.acquaintance_level)
    if filters.exclude_ids:
        places = model.positions(parse_all(model.id_kind, filters.exclude_ids))
        mask[places[places >= 0]] = False
    return mask


def _has_code(model: Model, vocabulary: str, column: str, words: tuple[str, ...]) -> NDArray[np.bool_]:
    known = model.words[vocabulary]
    codes = [known[word] for word in words if word in known]
    values = model[column]
    if len(codes) == 1:
        return np.asarray(values == codes[0])
    return np.isin(values, np.asarray(codes, dtype=values.dtype))


def _is_among(model: Model, categories: tuple[str, ...]) -> NDArray[np.bool_]:
    """Items one of whose several categories is one of these, however it is spelled."""
    mask = np.zeros(len(model), dtype=np.bool_)
    for category in categories:
        code = model.words["topics"].get(phrase(category))
        if code is not None:
            holders, strengths = model.topics.holders(code)
            mask[holders[strengths >= PARAMS.category]] = True
    return mask


def _has_bit(model: Model, column: str, word: str) -> NDArray[np.bool_]:
    bit = model.words[column].get(word.lower())  # these words are kept in lower case
    if bit is None:
        return np.zeros(len(model), dtype=np.bool_)
    return np.asarray((model[column] & (1 << bit)) != 0)
