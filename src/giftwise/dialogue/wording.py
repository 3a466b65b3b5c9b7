"""The texts of wording/ in; sentences of one language, filled in, out."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, get_args

from giftwise.dialogue.quiz import Facts
from giftwise.dialogue.session import Gap
from giftwise.dialogue.stems import Stems, holds_phrase, stems
from giftwise.recommend.reasons import Language

FOLDER: Final = Path(__file__).with_name("wording")
GAPS: Final[tuple[Gap, ...]] = get_args(Gap)


@dataclass(frozen=True, slots=True)
class GapWords:
    """How one gap is spoken of; titles have {noun} or {name}, reasons {who} and {love}."""

    option: str
    of_noun: tuple[str, ...]
    of_topic: tuple[str, ...]
    about: tuple[str, ...]
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ProbeWords:
    """A question for those of whom too little is known, for some ages."""

    question: str
    options: tuple[str, ...]
    tags: tuple[str, ...]
    ages: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Wording:
    """All texts of one language."""

    language: Language
    who: Mapping[str, tuple[str, ...]]  # by relationship: of a man, of a woman, not said
    gaps: Mapping[Gap, GapWords]
    price: Mapping[str, tuple[str, ...]]
    more: Mapping[str, str]
    relationship: Mapping[str, tuple[str, ...]]
    goal: Mapping[str, tuple[str, ...]]
    effort: Mapping[str, tuple[str, ...]]
    occasions: tuple[tuple[tuple[Stems, ...], tuple[str, ...]], ...]
    probes: tuple[ProbeWords, ...]
    split: Mapping[str, str]
    hint: Mapping[str, Any]
    categories: Mapping[str, str]

    def whom(self, facts: Facts) -> str:
        """The recipient, as the subject of a sentence."""
        return self.who[facts.relationship][{"m": 0, "f": 1}.get(facts.gender or "", 2)]

    def context(self, facts: Facts) -> list[tuple[str, ...]]:
        """What may be said of the occasion, the goal, the effort and the relationship: for each that applies, sentences
        of which one is enough."""
        said = stems((facts.occasion or "").replace("_", " "))
        found = [
            next((texts for words, texts in self.occasions if any(holds_phrase(said, one) for one in words)), ()),
            self.goal[facts.goal] if facts.goal is not None else (),
            self.effort.get(facts.effort, ()),
            self.relationship[facts.relationship],
        ]
        return [texts for texts in found if texts]

    def category(self, category: str) -> str:
        """A host's category as people say it, where it is one of the usual words."""
        return self.categories.get(category.casefold(), category)

    def money(self, amount: float) -> str:
        """A whole amount with its thousands apart."""
        return f"{round(amount):,}".replace(",", "\u00a0" if self.language == "ru" else ",")


@lru_cache(maxsize=2)
def load_wording(language: Language) -> Wording:
    """One language's texts; KeyError names what is missing."""
    with (FOLDER / f"{language}.toml").open("rb") as file:
        facts = tomllib.load(file)
    return Wording(
        language=language,
        who=_lists(facts["who"]),
        gaps={gap: _gap(facts["gaps"][gap]) for gap in GAPS},
        price=_lists(facts["price"]),
        more=facts["more"],
        relationship=_lists(facts["relationship"]),
        goal=_lists(facts["goal"]),
        effort=_lists(facts["effort"]),
        occasions=tuple(
            (tuple(stems(word.replace("_", " ")) for word in one["words"]), tuple(one["text"]))
            for one in facts["occasion"]
        ),
        probes=tuple(
            ProbeWords(one["question"], tuple(one["options"]), tuple(one["tags"]), (one["min_age"], one["max_age"]))
            for one in facts["probe"]
        ),
        split=facts["split"],
        hint=facts["hint"],
        categories=facts["categories"],
    )


def sentence(text: str) -> str:
    """With a capital letter; the rest as it is."""
    return text[:1].upper() + text[1:]


def _gap(words: Mapping[str, Any]) -> GapWords:
    return GapWords(words["option"], *(tuple(words[key]) for key in ("of_noun", "of_topic", "about", "why")))


def _lists(section: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    return {name: tuple(texts) for name, texts in section.items()}
