"""What the generated world is made of: the TOML files of words/ in, one checked World out."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from giftwise.people.demographics import AGE_GROUPS, GENDERS

FOLDER: Final = Path(__file__).with_name("words")
MOTIFS: Final = 6  # per taste: a motif is the smallest group of items that go together
LANGUAGES: Final = ("en", "ru")


@dataclass(frozen=True, slots=True)
class Season:
    """A stretch of `days` days that ends on a day of the year; month 0 means that it has no days of its own."""

    name: str
    month: int
    day: int
    days: int
    lift: float  # how many times busier than a plain day
    leans: int  # code in GENDERS of those who are given presents then, -1 = everybody


@dataclass(frozen=True, slots=True)
class Language:
    """Words of one language, by position of the category, taste or season that they belong to."""

    plain: str  # patterns
    branded: str
    coloured: str
    description: str
    nouns: tuple[tuple[str, ...], ...]  # per category
    details: tuple[tuple[str, ...], ...]  # per category
    sentences: tuple[tuple[str, ...], ...]  # per category
    motifs: tuple[tuple[str, ...], ...]  # per taste, MOTIFS each
    occasions: tuple[tuple[str, ...], ...]  # per season
    colours: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class World:
    """C categories, T tastes and the seasons, with the words for them."""

    categories: tuple[str, ...]
    price: NDArray[np.float64]  # [C] median, roubles
    spread: NDArray[np.float64]  # [C] standard deviation of the price's natural logarithm
    platforms: tuple[tuple[str, ...], ...]  # per category
    brands: tuple[tuple[str, ...], ...]  # per category
    tastes: tuple[str, ...]
    taste_categories: NDArray[np.float64]  # [T, C] rows sum to 1
    women: NDArray[np.float64]  # [T] share of women among a taste's people
    ages: NDArray[np.float64]  # [T, 6] how common a taste is per age group; rows have mean 1
    relations: tuple[tuple[str, ...], ...]  # per taste: whom such gifts suit
    seasons: tuple[Season, ...]
    languages: tuple[Language, ...]  # in the order of LANGUAGES


@lru_cache(maxsize=1)
def load_world() -> World:
    """Read and check the word files; ValueError says which file, section and entry is wrong."""
    facts = _read("world")
    categories, tastes, seasons = (tuple(facts[section]) for section in ("categories", "tastes", "seasons"))
    shares = np.array([[facts["tastes"][t]["categories"].get(c, 0.0) for c in categories] for t in tastes])
    ages = np.array([facts["tastes"][taste]["ages"] for taste in tastes], dtype=np.float64)
    if ages.shape != (len(tastes), len(AGE_GROUPS)) or (ages <= 0).any():
        raise ValueError(f"world.toml [tastes]: ages are {len(AGE_GROUPS)} numbers above 0")
    if not np.allclose(shares.sum(axis=1), 1.0):
        raise ValueError("world.toml [tastes]: the shares of a taste's categories add up to 1, and each is a category")
    return World(
        categories=categories,
        price=np.array([float(facts["categories"][name]["price"]) for name in categories]),
        spread=np.array([float(facts["categories"][name]["spread"]) for name in categories]),
        platforms=tuple(tuple(facts["categories"][name]["platforms"]) for name in categories),
        brands=_lists("world", facts, "brands", categories),
        tastes=tastes,
        taste_categories=shares,
        women=np.array([float(facts["tastes"][name]["women"]) for name in tastes]),
        ages=ages / ages.mean(axis=1, keepdims=True),
        relations=tuple(tuple(facts["tastes"][name]["relations"]) for name in tastes),
        seasons=tuple(_season(name, facts["seasons"][name]) for name in seasons),
        languages=tuple(_language(name, categories, tastes, seasons) for name in LANGUAGES),
    )


def _season(name: str, facts: Mapping[str, Any]) -> Season:
    leans = GENDERS.index(facts["leans"]) if facts["leans"] else -1
    return Season(name, facts["month"], facts["day"], facts["days"], facts["lift"], leans)


def _language(name: str, categories: Sequence[str], tastes: Sequence[str], seasons: Sequence[str]) -> Language:
    words = _read(name)
    motifs = _lists(name, words, "motifs", tastes)
    for taste, group in zip(tastes, motifs, strict=True):
        if len(group) != MOTIFS:
            raise ValueError(f"{name}.toml [motifs] {taste}: has {len(group)} motifs, not {MOTIFS}")
    return Language(
        **{pattern: words["patterns"][pattern] for pattern in ("plain", "branded", "coloured", "description")},
        nouns=_lists(name, words, "nouns", categories),
        details=_lists(name, words, "details", categories),
        sentences=_lists(name, words, "sentences", categories),
        motifs=motifs,
        occasions=_lists(name, words, "occasions", seasons),
        colours=tuple(words["colours"]["words"]),
    )


def _lists(file: str, words: Mapping[str, Any], section: str, names: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """The section's lists in the order of the names; every name needs one, and a word must fit on a COPY line."""
    for name in names:
        group = words.get(section, {}).get(name)
        if not group:
            raise ValueError(f"{file}.toml [{section}] {name}: needs at least one word")
        if bad := [word for word in group if not word.isprintable() or "\\" in word]:
            raise ValueError(f"{file}.toml [{section}] {name}: {bad[0]!r} has a backslash or an unprintable character")
    return tuple(tuple(words[section][name]) for name in names)


def _read(name: str) -> dict[str, Any]:
    with (FOLDER / f"{name}.toml").open("rb") as file:
        return tomllib.load(file)
