"""The files of taxonomy/ in; every topic of gifts, with its words and ideas in both languages, out."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, cast, get_args

from giftwise.dialogue.session import Gap
from giftwise.dialogue.stems import Stems, stems
from giftwise.recommend.reasons import Language

FOLDER: Final = Path(__file__).with_name("taxonomy")
LANGUAGES: Final[tuple[Language, ...]] = ("ru", "en")
OWN: Final = "own:"  # starts the id of a topic that is not in the taxonomy; its words follow
OLDEST: Final = 120

_GAPS: Final = get_args(Gap)
_PROPER: Final = frozenset({"Asian", "Italian", "Harry", "Christmas"})  # names keep their capitals


@dataclass(frozen=True, slots=True)
class Idea:
    """What could be given for a topic, why, and by which words it is found."""

    gap: Gap
    title: Mapping[Language, str]
    find: Mapping[Language, tuple[str, ...]]  # kinds of products, in the nominative


@dataclass(frozen=True, slots=True)
class Topic:
    """Something that people love. A wide one has branches, which are topics too."""

    id: str
    names: Mapping[Language, str]
    loves: Mapping[Language, str]  # what stands after "loves", in Russian in the accusative or as a verb
    words: Mapping[Language, tuple[str, ...]]
    ideas: tuple[Idea, ...] = ()
    branches: tuple[str, ...] = ()
    ask: Mapping[Language, str] | None = None
    ages: tuple[int, int] = (0, OLDEST)
    gates: frozenset[str] = frozenset()

    @property
    def wide(self) -> bool:
        """Whether it is better to ask which branch."""
        return bool(self.branches)

    @property
    def known(self) -> bool:
        """Whether the taxonomy has it."""
        return not self.id.startswith(OWN)

    def name(self, language: Language) -> str:
        """As a heading."""
        return self.names[language]


@dataclass(frozen=True, slots=True)
class Taxonomy:
    """Every topic by its id, and which words mean which."""

    topics: Mapping[str, Topic]
    by_words: Mapping[Stems, str]
    longest: int  # stems of the longest words

    def branches(self, topic: Topic) -> list[Topic]:
        """The topics that a wide one leads to."""
        return [self.topics[name] for name in topic.branches]

    def parent(self, topic: Topic) -> Topic | None:
        """The first wide topic that leads to this one."""
        return next((one for one in self.topics.values() if topic.id in one.branches), None)


@lru_cache(maxsize=1)
def load_taxonomy() -> Taxonomy:
    """Every file of taxonomy/, checked; ValueError says which topic is wrong, and how."""
    topics: dict[str, Topic] = {}
    for path in sorted(FOLDER.glob("*.toml")):
        with path.open("rb") as file:
            for name, facts in tomllib.load(file).items():
                if name in topics:
                    raise ValueError(f"{path.name} [{name}]: there are two topics of this name")
                topics[name] = _topic(path.name, name, facts)
    by_words: dict[Stems, str] = {}
    for topic in topics.values():
        for branch in topic.branches:
            if branch not in topics or topics[branch].wide:
                raise ValueError(f"[{topic.id}]: its branch {branch} is no topic, or has branches of its own")
        for text in _all_words(topic):
            by_words.setdefault(stems(text), topic.id)
    return Taxonomy(topics, by_words, max(map(len, by_words)))


def ideas_of(topic: Topic) -> tuple[Idea, ...]:
    """A topic's ideas; a wide one has its branches' beside its own."""
    return (*topic.ideas, *(idea for branch in load_taxonomy().branches(topic) for idea in branch.ideas))


def _all_words(topic: Topic) -> Iterator[str]:
    for language in LANGUAGES:
        yield topic.names[language]
        yield from topic.words[language]


def _topic(file: str, name: str, facts: Mapping[str, Any]) -> Topic:
    where = f"{file} [{name}]"
    needed = {"ru", "en", "words_ru", "words_en"}
    allowed = needed | {"ru_love", "en_love", "ages", "gates", "ideas", "branches", "ask_ru", "ask_en"}
    if missing := needed - set(facts):
        raise ValueError(f"{where}: {', '.join(sorted(missing))} is missing")
    if unknown := set(facts) - allowed:
        raise ValueError(f"{where}: {', '.join(sorted(unknown))} is not known here")
    if not facts.get("ideas") and not facts.get("branches"):
        raise ValueError(f"{where}: has neither ideas nor branches")
    low, high = facts.get("ages", (0, OLDEST))
    return Topic(
        id=name,
        names={"ru": facts["ru"], "en": facts["en"]},
        loves={"ru": facts.get("ru_love", facts["ru"].lower()), "en": facts.get("en_love", _lowered(facts["en"]))},
        words={"ru": tuple(facts["words_ru"]), "en": tuple(facts["words_en"])},
        ideas=tuple(_idea(where, idea) for idea in facts.get("ideas", ())),
        branches=tuple(facts.get("branches", ())),
        ask={"ru": facts["ask_ru"], "en": facts["ask_en"]} if facts.get("branches") else None,
        ages=(int(low), int(high)),
        gates=frozenset(facts.get("gates", ())),
    )


def _idea(where: str, row: Sequence[Any]) -> Idea:
    gap, *rest = row
    if f"the_{gap}" not in _GAPS:
        raise ValueError(f"{where}: {gap} is no gap")
    if len(rest) != 4 or not all(rest):
        raise ValueError(f"{where}: an idea is a gap, two titles and two lists of what to find")
    ru, en, find_ru, find_en = rest
    return Idea(cast("Gap", f"the_{gap}"), {"ru": ru, "en": en}, {"ru": tuple(find_ru), "en": tuple(find_en)})


def _lowered(name: str) -> str:
    """A heading within a sentence; names of their own (LEGO, K-pop, Christmas) keep their capitals."""
    first, _, rest = name.partition(" ")
    keeps = first.isupper() or "-" in first or any(letter.isdigit() for letter in first) or first in _PROPER
    return name if keeps else f"{first.lower()} {rest}".strip()
