"""Titles in; one unit vector for each, near where titles share words or parts of words, out.

Learning only: it imports scipy, which the API never loads.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from giftwise.algorithms.spectrum import largest_singular

_NO_WORD = re.compile(r"[^\w\n]+|_+")
_BASE = np.uint64(0x9E3779B97F4A7C15)
_SPACE, _NEWLINE = ord(" "), ord("\n")

Hashes = tuple[NDArray[np.intp], NDArray[np.uint64]]


@dataclass(frozen=True, slots=True)
class TextParams:
    """What of a title counts, and how small its vector is."""

    dimensions: int = 48
    """Length of a vector (d)."""
    grams: tuple[int, ...] = (3, 4)
    """Lengths of the runs of characters that are features beside whole words: they make "mug" near "mugs"."""
    word_weight: float = 2.0
    """How much a whole word counts against one run of characters."""
    min_titles: int = 2
    """A feature of fewer titles is left out: it cannot make two titles alike."""
    max_share: float = 0.2
    """A feature of more than this share of the titles is left out: it says nothing."""
    sigma_power: float = 0.5
    """How much the main directions outweigh the finer ones: 1 is plain latent semantic analysis, 0 none."""
    power_steps: int = 2
    """Subspace iterations of the randomised SVD."""
    seed: int = 7
    """Seed of the randomised SVD."""


DEFAULTS = TextParams()


def title_vectors(titles: Sequence[str], params: TextParams = DEFAULTS) -> NDArray[np.float32]:
    """Unit rows float32 [n, d]; all-zero where a title has no text, or shares nothing with any other.

    TF-IDF of words and runs of characters within words, by hash, then a randomised SVD. Language plays no part: text
    is normalised (NFKC), lower-cased, and everything but letters and digits ends a word. Deterministic by seed.
    """
    found = np.zeros((len(titles), params.dimensions), dtype=np.float32)
    matrix = _tfidf(titles, params)
    if matrix.nnz:
        sigma, vectors = largest_singular(matrix.T.tocsr(), params.dimensions, params.power_steps, params.seed)
        found[:, : len(sigma)] = vectors * sigma ** np.float32(params.sigma_power)
        # What is left of titles outside the kept directions is rounding noise, not a direction.
        found[np.diff(matrix.indptr) == 0] = 0
        length = np.sqrt((found * found).sum(axis=1, keepdims=True))
        found = np.where(length > 1e-6, found / np.maximum(length, 1e-6), 0).astype(np.float32)
    return found


def _tfidf(titles: Sequence[str], params: TextParams) -> Any:
    """CSR float32 [titles, features], rows of length 1 (or 0)."""
    characters, title, word_starts = _characters(titles)
    parts = [_words(characters, title, word_starts)]
    parts += [_runs(characters, title, size) for size in params.grams]
    row = np.concatenate([part[0] for part in parts])
    feature, column = np.unique(np.concatenate([part[1] for part in parts]), return_inverse=True)
    weight = np.ones(len(row), dtype=np.float32)
    weight[: len(parts[0][0])] = params.word_weight
    counts = csr_array((weight, (row, column)), shape=(len(titles), len(feature)), dtype=np.float32)
    counts.sum_duplicates()
    holders = np.bincount(counts.indices, minlength=len(feature))
    idf = np.log((1 + len(titles)) / np.maximum(holders, 1))
    most = max(params.min_titles, params.max_share * len(titles))
    idf[(holders < params.min_titles) | (holders > most)] = 0
    counts.data *= idf[counts.indices].astype(np.float32)
    counts.eliminate_zeros()
    row = np.repeat(np.arange(len(titles)), np.diff(counts.indptr))
    length = np.sqrt(np.bincount(row, weights=counts.data.astype(np.float64) ** 2, minlength=len(titles)))
    counts.data /= np.maximum(length, 1e-12)[row].astype(np.float32)
    used = np.flatnonzero(np.bincount(counts.indices, minlength=len(feature)))
    return counts[:, used]


def _characters(titles: Sequence[str]) -> tuple[NDArray[np.uint64], NDArray[np.intp], NDArray[np.intp]]:
    """All titles as one run of characters, each word between spaces: the characters, their titles, word starts."""
    text = unicodedata.normalize("NFKC", "\n".join(title.replace("\n", " ") for title in titles)).lower()
    text = _NO_WORD.sub(" ", text.replace("ё", "е")).replace("\n", " \n ")
    characters = np.frombuffer(f" {text} ".encode("utf-32-le", "replace"), dtype=np.uint32)
    title = np.cumsum(characters == _NEWLINE)
    gap = (characters == _SPACE) | (characters == _NEWLINE)
    return characters.astype(np.uint64), title, np.flatnonzero(~gap[1:] & gap[:-1]) + 1


def _words(characters: NDArray[np.uint64], title: NDArray[np.intp], starts: NDArray[np.intp]) -> Hashes:
    """Title and hash of every whole word."""
    if not len(starts):
        return starts, np.empty(0, np.uint64)
    gap = (characters == _SPACE) | (characters == _NEWLINE)
    place = np.arange(len(characters))
    start_of = np.zeros(len(characters), dtype=np.intp)
    start_of[starts] = starts
    offset = place - np.maximum.accumulate(start_of)
    powers = _BASE ** np.arange(1, offset.max() + 2, dtype=np.uint64)
    mixed = np.where(gap, np.uint64(0), (characters + np.uint64(1)) * powers[offset])
    return title[starts], np.add.reduceat(mixed, starts)


def _runs(characters: NDArray[np.uint64], title: NDArray[np.intp], size: int) -> Hashes:
    """Title and hash of every run of `size` characters that lies in one word, the spaces around it included."""
    count = len(characters) - size + 1
    if count <= 0:
        return np.empty(0, np.intp), np.empty(0, np.uint64)
    hashed = np.full(count, size, dtype=np.uint64)
    for step in range(size):
        hashed = hashed * _BASE + characters[step : step + count]
    gap = np.concatenate([[0], np.cumsum((characters == _SPACE) | (characters == _NEWLINE))])
    # Inside, no gap; at either end one may stand, which marks the start or the end of a word. As a newline has a
    # space on both sides, no run reaches into the next title.
    inside = gap[size - 1 : size - 1 + count] - gap[1 : 1 + count] == 0
    kept = np.flatnonzero(inside)
    return title[kept], hashed[kept]
