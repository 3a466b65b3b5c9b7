"""What items are about: their categories, tags and texts in; words and how strongly each item stands for each out."""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

NO_WORD: Final = re.compile(r"[\W_]+")
FOLDED: Final = 4  # letters from which a final s is taken for a plural

Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TopicParams:
    """How strongly an item stands for a word, by where it has it, and how many words are looked at."""

    category: float = 1.0
    """A category, whole."""
    tag: float = 0.7
    """A tag, whole."""
    part: float = 0.5
    """One word of a category or tag of several."""
    text: float = 0.2
    """A word of the title or description: often said in passing."""
    text_words: int = 80
    """How many words of a text are read."""
    most_words: int = 50_000
    """Size of the vocabulary; the rarest words of texts are dropped first."""


PARAMS: Final = TopicParams()


@dataclass(frozen=True, slots=True)
class Topics:
    """The words of n items: those of item i are [at[i]:at[i + 1]], each word once, strongest meaning first."""

    at: NDArray[np.int64]  # [n + 1]
    code: NDArray[np.int32]  # positions in `words`
    strength: NDArray[np.float32]  # 0..1
    words: Words


def phrase(text: str) -> str:
    """A category, tag or interest as it is compared: one spelling for case, punctuation and the English plural."""
    plain = unicodedata.normalize("NFKC", text).casefold().replace("ё", "е")
    return " ".join(_singular(word) for word in NO_WORD.sub(" ", plain).split())


def make_topics(
    categories: Sequence[Words], tags: Sequence[Words], texts: Sequence[str], params: TopicParams = PARAMS
) -> Topics:
    """The topics of items, all three aligned [n]. Words of texts that one item alone has are kept: a name is one."""
    rows = [_strengths(*row, params) for row in zip(categories, tags, texts, strict=True)]
    weight: Counter[str] = Counter()
    for row in rows:
        for word, strength in row.items():
            weight[word] += 1 if strength <= params.text else 1_000_000
    words = tuple(sorted(weight, key=lambda word: (-weight[word], word))[: params.most_words])
    code = {word: place for place, word in enumerate(words)}
    kept = [[(code[word], strength) for word, strength in row.items() if word in code] for row in rows]
    flat = [pair for row in kept for pair in row]
    return Topics(
        at=np.cumsum([0, *map(len, kept)]).astype(np.int64),
        code=np.fromiter((pair[0] for pair in flat), np.int32, len(flat)),
        strength=np.fromiter((pair[1] for pair in flat), np.float32, len(flat)),
        words=words,
    )


def _strengths(categories: Words, tags: Words, text: str, params: TopicParams) -> dict[str, float]:
    """One item's words, each by its strongest meaning."""
    found: dict[str, float] = {}
    for phrases, strength in ((categories, params.category), (tags, params.tag)):
        for whole in map(phrase, phrases):
            _raise(found, whole, strength)
            if " " in whole:
                for part in whole.split():
                    _raise(found, part, params.part)
    for word in phrase(text).split()[: params.text_words]:
        _raise(found, word, params.text)
    return dict(sorted(found.items(), key=lambda pair: (-pair[1], pair[0])))


def _raise(found: dict[str, float], word: str, strength: float) -> None:
    if word and found.get(word, 0.0) < strength:
        found[word] = strength


def _singular(word: str) -> str:
    """ "books" and "book" are one interest. Other endings, and other languages, are compared as they are."""
    plural = len(word) > FOLDED - 1 and word.endswith("s") and not word.endswith("ss") and word.isascii()
    return word[:-1] if plural else word
