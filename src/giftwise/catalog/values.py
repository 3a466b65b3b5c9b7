"""Raw values as hosts keep them in (text, JSON, lists), the numbers, codes and masks that Items holds out."""

import json
import math
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from giftwise.catalog.item import NO_CODE
from giftwise.people.demographics import AGE_GROUPS, GENDERS, WIDE_AGE, WIDE_AGE_PARTS, parse_age, parse_gender

MAX_PRICE: Final = 1e9  # what costs more is a mistake in the data
MAX_NUMBER: Final = 1e12
MASK_WORDS: Final = 62  # bits of an int64 that stay positive; the rarest words of a longer vocabulary are dropped
CODE_WORDS: Final = 32_000  # codes that an int16 holds
WORD_CHARACTERS: Final = 100
GEO_MAX: Final = 2**63 - 1

Words = tuple[str, ...]
Place = tuple[float, float]
"""Degrees north and east."""


@lru_cache(maxsize=65536)
def read_words(text: str | None, is_json: bool) -> Words:
    """The words of one value: plain text is one word, a JSON string one, a JSON list several; null and "" none.

    JSON kept in a text column is understood where it is a list.
    """
    if text is None:
        return ()
    value: Any = text
    if is_json or text.lstrip().startswith("["):
        with suppress(ValueError):
            value = json.loads(text)
    several = value if isinstance(value, list) else [value]
    return tuple(dict.fromkeys(word for one in several if (word := _clean(one))))


def read_price(text: str | None) -> float:
    """A price; NaN for null, for what is no number, and for what nothing costs."""
    with suppress(ValueError):
        if text is not None and 0 <= (price := float(text)) <= MAX_PRICE:
            return price
    return math.nan


def read_number(text: str | None) -> float:
    """A number; NaN for null, for what is none, and for what no score or count can be."""
    with suppress(ValueError):
        if text is not None and abs(number := float(text)) <= MAX_NUMBER:
            return number
    return math.nan


def read_place(lat: str | None, lon: str | None) -> Place | None:
    """A place on Earth; None where either number is missing or outside its range."""
    place = read_number(lat), read_number(lon)
    return place if abs(place[0]) <= 90 and abs(place[1]) <= 180 else None


def read_geo(text: str | None) -> int:
    """A region id; -1 for null and for what is no region id."""
    with suppress(ValueError):
        if text is not None and 0 <= (geo := int(text)) <= GEO_MAX:
            return geo
    return -1


@lru_cache(maxsize=1024)
def read_gender(words: Words) -> int:
    """Whom an item is for, as a code in GENDERS; -1 for anyone: no word, both genders, or unknown words."""
    known = set()
    for word in words:
        with suppress(ValueError):
            known.add(parse_gender(word))
    return GENDERS.index(only) if len(known) == 1 and (only := known.pop()) else NO_CODE


@lru_cache(maxsize=4096)
def read_ages(words: Words) -> int:
    """Whom an item is for, as a mask over AGE_GROUPS; 0 for anyone; unknown words are ignored."""
    mask = 0
    for word in words:
        with suppress(ValueError):
            group = parse_age(word)
            for part in WIDE_AGE_PARTS if group == WIDE_AGE else (group,) if group else ():
                mask |= 1 << AGE_GROUPS.index(part)
    return mask


def make_codes(column: Sequence[Words]) -> tuple[NDArray[np.int16], Words]:
    """The first word of each row as a code [n], -1 where there is none; and the vocabulary, most frequent first."""
    vocabulary = _vocabulary([words[:1] for words in column], CODE_WORDS)
    code = {word: place for place, word in enumerate(vocabulary)}
    codes = (code.get(words[0], NO_CODE) if words else NO_CODE for words in column)
    return np.fromiter(codes, np.int16, len(column)), vocabulary


def make_masks(column: Sequence[Words]) -> tuple[NDArray[np.int64], Words]:
    """All words of each row, lower-cased, as a mask [n]; and the vocabulary, most frequent first, 62 words at most."""
    lowered = [tuple(word.lower() for word in words) for words in column]
    vocabulary = _vocabulary(lowered, MASK_WORDS)
    bit = {word: 1 << place for place, word in enumerate(vocabulary)}
    masks = (sum({bit.get(word, 0) for word in words}) for words in lowered)
    return np.fromiter(masks, np.int64, len(column)), vocabulary


def make_card(
    title: str | None, currency: str | None, image_url: str | None, url: str | None, *, categories: Words | None = None
) -> bytes:
    """What a page shows of an item, as compact JSON; categories only where they are given."""
    card: dict[str, object] = {"title": title, "currency": currency, "image_url": image_url, "url": url}
    return msgspec.json.encode(card if categories is None else {**card, "categories": categories})


def _vocabulary(column: Sequence[Words], most: int) -> Words:
    counts = Counter(word for words in column for word in set(words))
    return tuple(sorted(counts, key=lambda word: (-counts[word], word))[:most])


def _clean(value: object) -> str:
    """A scalar as a word: trimmed, bounded, without NUL or half characters; "" for what is no word."""
    if value is None or isinstance(value, bool | dict | list):
        return ""
    whole = str(value).encode("utf-8", "ignore").decode()
    return whole.replace("\0", "").strip()[:WORD_CHARACTERS]
