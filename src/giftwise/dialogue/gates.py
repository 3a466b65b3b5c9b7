"""Facts and a topic or product in; whether it may be given to this person at all out."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Final

from giftwise.dialogue.quiz import Facts
from giftwise.dialogue.session import Gift
from giftwise.dialogue.stems import Stems, holds_phrase, stem, stems
from giftwise.dialogue.taxonomy import Topic, load_taxonomy
from giftwise.dialogue.topics import read_pieces

FILE: Final = Path(__file__).with_name("gates.toml")
_FROM_YEARS: Final = re.compile(r"(?:от|from|ages?)\s+(\d{1,2})\s+(?:лет|года?|years?)", re.IGNORECASE)
_GROWN_UP: Final = 16  # a topic that begins at this age or later is closed to those below
_FOREIGN: Final = 18  # from this age on nobody is given what is made for a child's hands, unless they collect it

_DOING: Final = frozenset(map(stem, ("пьет", "пить", "ест", "есть", "носит", "читает", "drink", "eat", "wear", "read")))


@dataclass(frozen=True)
class Gate:
    """When something is closed, and by which words products show that they are behind it."""

    name: str
    min_age: int
    relations: frozenset[str]  # only these, where there are any
    not_relations: frozenset[str]
    genders: frozenset[str]  # only these; nobody else, nor where it is not known
    occasions: tuple[Stems, ...]  # only where one of these is named, as the occasion or among the interests
    vetoes: tuple[Stems, ...]
    words: tuple[Stems, ...]
    but: tuple[Stems, ...]

    @cached_property
    def firsts(self) -> frozenset[str]:
        """The first word of each of its phrases."""
        return frozenset(words[0] for words in self.words if words)

    def closed(self, facts: Facts, unwanted: Iterable[Stems]) -> bool:
        """Whether it is closed for these people, or because the giver said so."""
        return (
            facts.age < self.min_age
            or bool(self.relations and facts.relationship not in self.relations)
            or facts.relationship in self.not_relations
            or bool(self.genders and facts.gender not in self.genders)
            or bool(self.occasions and not self._named(facts))
            or any(holds_phrase(said, veto) for said in unwanted for veto in (*self.vetoes, *self.words))
        )

    def _named(self, facts: Facts) -> bool:
        said = stems(" ".join((facts.occasion or "", *facts.interests, facts.description or "")).replace("_", " "))
        return any(holds_phrase(said, one) for one in self.occasions)

    def names(self, text: Stems) -> bool:
        """Whether a product's words are behind it."""
        if self.firsts.isdisjoint(text):  # nearly always, and a tenth of the cost of looking for each phrase
            return False
        for phrase in self.but:
            text = _without(text, phrase)
        return any(holds_phrase(text, words) for words in self.words)


@dataclass(frozen=True, slots=True)
class Gates:
    """What is closed for one recipient."""

    closed: tuple[Gate, ...]
    vetoes: tuple[Stems, ...]  # as said
    age: int

    @classmethod
    def of(cls, facts: Facts) -> "Gates":
        """The gates that age, relationship, dislikes and "not" in free text close."""
        unwanted = tuple(dict.fromkeys(_what(stems(text)) for text in find_vetoes(facts)))
        return cls(tuple(gate for gate in load_gates() if gate.closed(facts, unwanted)), unwanted, facts.age)

    def lets_topic(self, topic: Topic) -> bool:
        """Whether a topic that the giver named may be spoken of: nothing of it is closed or unwanted.

        Givers know what their children love, so suited ages are no bar to a named topic, unless it is for grown-ups.
        """
        low, _ = topic.ages
        if self.age < low >= _GROWN_UP or any(gate.name in topic.gates for gate in self.closed):
            return False
        own = [stems(word) for words in topic.words.values() for word in words]
        if any(holds_phrase(word, said) for word in own for said in self.vetoes):
            return False
        return topic.known or not any(gate.names(word) for gate in self.closed for word in own)

    def suits(self, topic: Topic) -> bool:
        """Whether it may be suggested to somebody who did not name it."""
        low, high = topic.ages
        return low <= self.age <= high and self.lets_topic(topic)

    def lets(self, gift: Gift) -> bool:
        """Whether a product may be shown: none of its words is closed, unwanted, or too old for a child."""
        return self.lets_text(" ".join(filter(None, (gift.title, gift.category, gift.description))))

    def lets_text(self, text: str) -> bool:
        """The same of a product's words."""
        if self.age < _FOREIGN and any(int(years) > self.age for years in _FROM_YEARS.findall(text)):
            return False
        words = stems(text)
        return not any(holds_phrase(words, said) for said in self.vetoes) and not any(
            gate.names(words) for gate in self.closed
        )


@lru_cache(maxsize=1)
def load_gates() -> tuple[Gate, ...]:
    """gates.toml, checked; ValueError says which gate is wrong."""
    with FILE.open("rb") as file:
        gates = tuple(_gate(name, facts) for name, facts in tomllib.load(file).items())
    names = {gate.name for gate in gates}
    for topic in load_taxonomy().topics.values():
        if unknown := topic.gates - names:
            raise ValueError(f"[{topic.id}]: there is no gate {', '.join(sorted(unknown))} in gates.toml")
    return gates


def find_vetoes(facts: Facts) -> list[str]:
    """What it must not be: the dislikes as said, and whatever the free texts say "not" of."""
    named = [piece.text for text in facts.vetoes for piece in read_pieces(text)]
    texts = (*facts.interests, facts.description or "", facts.vibe or "", *facts.answers)
    return named + [piece.text for text in texts for piece in read_pieces(text) if piece.unwanted]


def _what(said: Stems) -> Stems:
    """ "Does not drink coffee" is about coffee; "does not drink" is about drinking."""
    return tuple(word for word in said if word not in _DOING) or said


def _without(text: Stems, phrase: Stems) -> Stems:
    size = len(phrase)
    at = next((at for at in range(len(text) - size + 1) if text[at : at + size] == phrase), None)
    return text if at is None else _without(text[:at] + text[at + size :], phrase)


def _gate(name: str, facts: Mapping[str, Any]) -> Gate:
    if unknown := set(facts) - {
        "min_age",
        "relations",
        "not_relations",
        "genders",
        "occasions",
        "vetoes",
        "words",
        "but",
    }:
        raise ValueError(f"gates.toml [{name}]: {', '.join(sorted(unknown))} is not known here")
    return Gate(
        name,
        int(facts.get("min_age", 0)),
        frozenset(facts.get("relations", ())),
        frozenset(facts.get("not_relations", ())),
        frozenset(facts.get("genders", ())),
        *(tuple(map(stems, facts.get(key, ()))) for key in ("occasions", "vetoes", "words", "but")),
    )
