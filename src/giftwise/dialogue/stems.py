"""Text in Russian or English in; its words as stems, alike for all forms of a word, out."""

from functools import lru_cache
from typing import Final

from Stemmer import Stemmer

from giftwise.catalog.topics import phrase

Stems = tuple[str, ...]

_JOINING: Final = frozenset(
    (
        "для",
        "с",
        "со",
        "в",
        "во",
        "на",
        "про",
        "о",
        "об",
        "из",
        "от",
        "к",
        "ко",
        "под",
        "по",
        "for",
        "with",
        "in",
        "about",
    )
)

_RUSSIAN, _ENGLISH = Stemmer("russian"), Stemmer("english")
# Where the stemmer keeps forms of one word apart (a vowel comes and goes) or takes two words for one (vinyl for wine).
_AS: Final = {
    "кошек": "кошк", "игрушек": "игрушк", "кружек": "кружк", "книжек": "книжк", "кукол": "кукл",
    "винила": "винил", "винилом": "винил", "виниле": "винил", "винилу": "винил",
}  # fmt: skip


@lru_cache(maxsize=200_000)
def stem(word: str) -> str:
    """One word, lower case and without punctuation, as its stem; the alphabet tells the language."""
    if word in _AS:
        return _AS[word]
    return str(_ENGLISH.stemWord(word) if word.isascii() else _RUSSIAN.stemWord(word))


@lru_cache(maxsize=50_000)
def stems(text: str) -> Stems:
    """The stems of a text's words, in order."""
    return tuple(stem(word) for word in phrase(text).split())


def holds(text: Stems, words: Stems) -> bool:
    """Whether all of the words are in the text, in any order."""
    return bool(words) and all(word in text for word in words)


def holds_phrase(text: Stems, words: Stems) -> bool:
    """Whether the words stand in the text one after another."""
    if not words or words[0] not in text:
        return False
    size = len(words)
    return size == 1 or any(text[at : at + size] == words for at in range(len(text) - size + 1))


@lru_cache(maxsize=50_000)
def head(text: str) -> Stems:
    """What a title is of, without what it is for, with or about: its words up to the first joining one or comma."""
    words = phrase(text.partition(",")[0]).split()
    end = next((at for at, word in enumerate(words) if at and word in _JOINING), len(words))
    return tuple(stem(word) for word in words[:end])


def names(title: str, kind: str) -> bool:
    """Whether a title is of this kind of product: "robot building set" is a building set, "mug with robots" is not."""
    whole = tuple(word for word in stems(kind) if word not in _JOINING and word != "a")
    return holds(head(title), head(kind)) and holds(stems(title), whole)
