"""What a shop writes about presents: their arrays in; titles, descriptions and the categories JSON out."""

import json
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from giftwise.people.demographics import AGE_GROUPS, ANY, GENDERS, WIDE_AGE, WIDE_AGE_PARTS
from giftwise.seeding.presents import NOBODY, Presents
from giftwise.seeding.words import World

LEVELS: Final = ("close", "casual", "formal")
# Shares of public presents whose JSON has each key; private ones, which nobody curates, have a third of them.
TOLD: Final = {"category": 0.97, "gender": 0.85, "age": 0.75, "suitable_for": 0.8, "acquaintance_level": 0.7}
PRIVATE_FACTOR: Final = 1 / 3
LIST_SHARE: Final = 0.5  # of the values that may be a string or a list are lists


def write_titles(world: World, presents: Presents) -> tuple[list[str], list[str | None]]:
    """Titles and descriptions (None where there is none), as both languages' patterns say."""
    titles: list[str] = []
    descriptions: list[str | None] = []
    for language_at, category, taste, motif, noun, detail, brand, occasion, colour, sentence in zip(
        *(
            getattr(presents, name).tolist()
            for name in (
                "language", "category", "taste", "motif", "noun", "detail", "brand", "occasion", "colour", "sentence",
            )
        ),
        strict=True,
    ):  # fmt: skip
        language = world.languages[language_at]
        if occasion >= 0:
            phrases = language.occasions[occasion]
            detail_words = phrases[noun % len(phrases)]
        else:
            detail_words = language.details[category][detail]
        pattern = language.plain if brand < 0 else language.branded
        title = pattern.format(
            noun=language.nouns[category][noun],
            motif=language.motifs[taste][motif],
            detail=detail_words,
            brand=world.brands[category][brand],
        )
        title = title[0].upper() + title[1:]
        if sentence < 0:
            descriptions.append(None)
        else:
            words = language.sentences[category][sentence]
            descriptions.append(language.description.format(title=title, sentence=words))
        titles.append(title if colour < 0 else language.coloured.format(title=title, colour=language.colours[colour]))
    return titles, descriptions


def write_categories(rng: np.random.Generator, world: World, presents: Presents) -> list[str | None]:
    """The `categories` column as JSON text, None where nothing is told. Some keys are missing on some presents.

    `suitable_for` and `acquaintance_level` are a word or a list of words, as two generations of editors wrote them.
    """
    count = len(presents)
    factor = np.where(presents.owner == NOBODY, 1.0, PRIVATE_FACTOR)
    told = {key: rng.random(count) < share * factor for key, share in TOLD.items()}
    suits, suits_lists = _subsets(rng, count, 3), rng.random(count) < LIST_SHARE
    levels, levels_lists = _subsets(rng, count, len(LEVELS)), rng.random(count) < LIST_SHARE
    wide = rng.random(count) < 0.3
    choices = (
        np.where(told["category"], presents.category, -1),
        np.where(told["gender"], presents.target_gender, -2),
        np.where(told["age"], presents.target_age, -2),
        np.where(told["suitable_for"], suits * 2 + suits_lists, -1),
        np.where(told["acquaintance_level"], levels * 2 + levels_lists, -1),
        presents.taste,
        wide,
    )
    # A few thousand different answers stand for all presents, so each is written once.
    different, which = np.unique(
        np.stack([column.astype(np.int16) for column in choices], 1), axis=0, return_inverse=True
    )
    texts = [_categories(world, row) for row in different.tolist()]
    return [texts[number] for number in which.ravel().tolist()]


def _categories(world: World, row: Sequence[int]) -> str | None:
    category, gender, age, suits, levels, taste, wide = row
    facts: dict[str, object] = {}
    if category >= 0:
        facts["category"] = world.categories[category]
    if gender >= -1:
        facts["gender"] = ANY if gender < 0 else GENDERS[gender]
    if age >= -1:
        facts["age"] = ANY if age < 0 else AGE_GROUPS[age]
        if wide and facts["age"] in WIDE_AGE_PARTS:
            facts["age"] = WIDE_AGE
    if suits >= 0:
        facts["suitable_for"] = _word_or_list(world.relations[taste], suits)
    if levels >= 0:
        facts["acquaintance_level"] = _word_or_list(LEVELS, levels)
    return json.dumps(facts, ensure_ascii=False) if facts else None


def _word_or_list(words: Sequence[str], choice: int) -> str | list[str]:
    subset, as_list = divmod(choice, 2)
    chosen = [word for place, word in enumerate(words) if subset >> place & 1] or [words[0]]
    return chosen if as_list else chosen[0]


def _subsets(rng: np.random.Generator, count: int, size: int) -> NDArray[np.int16]:
    """For each of `count` presents a subset of `size` words as a bit mask, one word being the likeliest."""
    one = 1 << rng.integers(0, size, count)
    other = 1 << rng.integers(0, size, count)
    return np.where(rng.random(count) < 0.5, one, one | other).astype(np.int16)
