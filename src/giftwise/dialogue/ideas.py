"""A topic and what is known of a recipient in; all that could be proposed, before products are looked for, out."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from giftwise.dialogue.quiz import Facts
from giftwise.dialogue.session import Gap
from giftwise.dialogue.steering import Steering
from giftwise.dialogue.stems import Stems, holds, stems
from giftwise.dialogue.taxonomy import Idea, Topic, ideas_of, load_taxonomy
from giftwise.dialogue.wording import GAPS, Wording, sentence
from giftwise.recommend.reasons import Language


@dataclass(frozen=True, slots=True)
class IdeaParams:
    """What makes one idea come before another, and how much is searched for it."""

    least_products: int = 3
    """An idea with fewer is not shown."""
    previews: int = 4
    """Products on an idea's card."""
    looked_at: int = 60
    """Products that are read for one idea; closed and unfitting ones are dropped from them."""
    batch: int = 3
    """Ideas that are searched for at once, for each one that is wanted."""
    most_searches: int = 40
    """Ideas that are searched for in all before a topic is given up."""
    topic_words: int = 4
    """Words of the topic that are searched for beside an idea's own."""
    welcome: int = 2
    """Categories that were liked, which are searched for beside the topic's words."""
    common_kind: int = 4
    """A kind of product that ideas of so many topics name says nothing of any of them: then its words must."""
    composed: float = 0.35
    """What an idea put together from a kind of product counts against one that somebody wrote."""
    asked_for: float = 1.5
    """What an idea counts that is made of a category which was liked or asked for."""
    broad: float = 0.25
    """The same of one that is made of the topic's words alone."""
    same_gap: float = 0.35
    """What an idea counts whose gap another one of the round has."""
    jitter: float = 0.35
    """Standard deviation, as a logarithm, of the chance in it; the seed decides it."""
    small: float = 0.4
    """A small gift costs at most this part of the budget."""
    large: float = 0.6
    """A large one at least this part."""
    better: float = 1.2
    """What is better than what they have costs at least so many times as much."""
    upgrade: float = 8.0
    """What an idea counts that is a better one of what they have: more of the same fades, this outweighs it."""


DEFAULTS: Final = IdeaParams()


@dataclass(frozen=True, slots=True)
class Candidate:
    """An idea that has not been searched for yet."""

    title: str
    gap: Gap
    find: dict[Language, tuple[str, ...]]  # kinds of products
    prior: float
    theme: bool = False  # its products must be of the topic by their own words, as its title says no more
    category: str | None = None  # that all of its products are of
    written: bool = False  # somebody wrote it for this topic
    most: float = 1.1  # times the budget that its products may cost
    least: float = 0.0  # that its products cost, in the catalog's currency


NOTHING: Final[dict[Language, tuple[str, ...]]] = {"ru": (), "en": ()}  # to find but the topic's own words


def imagine(topic: Topic, facts: Facts, steering: Steering, words: Wording, params: IdeaParams) -> Iterator[Candidate]:
    """Every idea that there could be for a topic: written ones, then those made of its kinds of products and words."""
    for idea in ideas_of(topic):
        yield Candidate(idea.title[facts.language], idea.gap, dict(idea.find), 1.0, written=True)
    yield from _asked_for(steering, words, params)
    yield from _of_kinds(topic, facts, steering, words, params)
    yield from _of_words(topic, facts, steering, words, params)


def _of_kinds(
    topic: Topic, facts: Facts, steering: Steering, words: Wording, params: IdeaParams
) -> Iterator[Candidate]:
    """One kind of product each; of what they have, a better one."""
    for idea, noun, find in _kinds(ideas_of(topic), facts.language):
        common = how_common(stems(noun)) >= params.common_kind
        for pattern in words.gaps[idea.gap].of_noun:
            yield Candidate(pattern.format(noun=sentence(noun)), idea.gap, find, params.composed, theme=common)
        for pattern in words.price["upgrade"]:
            for title, price in steering.owned:
                if holds(title, stems(noun)):
                    better, name = price * params.better, pattern.format(noun=sentence(noun))
                    yield Candidate(name, "the_optimizer", find, params.upgrade, least=better)


def _asked_for(steering: Steering, words: Wording, params: IdeaParams) -> Iterator[Candidate]:
    """Kinds of products that were the answer to a question."""
    known = kinds_by_words(words.language)
    for noun in dict.fromkeys(known[said] for said in steering.said if said in known):
        find: dict[Language, tuple[str, ...]] = {**NOTHING, words.language: (noun,)}
        for gap in GAPS:
            for pattern in words.gaps[gap].of_noun:
                yield Candidate(pattern.format(noun=sentence(noun)), gap, find, 2 * params.asked_for)


def _of_words(
    topic: Topic, facts: Facts, steering: Steering, words: Wording, params: IdeaParams
) -> Iterator[Candidate]:
    """What has the topic's words, of any kind; of a category that is welcome; small and large gifts."""
    name = topic.name(facts.language)
    for gap in GAPS:
        for pattern in words.gaps[gap].of_topic:
            yield Candidate(pattern.format(name=name), gap, NOTHING, params.broad)
            for category in steering.welcome[: params.welcome]:
                heading = pattern.format(name=sentence(words.category(category)))
                yield Candidate(heading, gap, NOTHING, params.asked_for, category=category)
    if facts.budget is not None:
        for pattern in words.price["small"]:
            yield Candidate(pattern.format(name=name), "the_permission", NOTHING, params.broad, most=params.small)
        for pattern in words.price["large"]:
            least = facts.budget * params.large
            yield Candidate(pattern.format(name=name), "the_anchor", NOTHING, params.broad, least=least)


def _kinds(ideas: Sequence[Idea], language: Language) -> Iterator[tuple[Idea, str, dict[Language, tuple[str, ...]]]]:
    """Each kind of product of each idea, with what it is searched by in both languages."""
    other: Language = "en" if language == "ru" else "ru"
    for idea in ideas:
        for place, noun in enumerate(idea.find[language]):
            yield idea, noun, {language: (noun,), other: idea.find[other][place : place + 1]}


@lru_cache(maxsize=1)
def _commonness() -> Counter[Stems]:
    topics = load_taxonomy().topics.values()
    named = ({stems(noun) for idea in topic.ideas for kind in idea.find.values() for noun in kind} for topic in topics)
    return Counter(kind for kinds in named for kind in kinds)


@lru_cache(maxsize=4)
def kinds_by_words(language: Language) -> dict[Stems, str]:
    """Every kind of product that an idea names, by its stems."""
    topics = load_taxonomy().topics.values()
    return {stems(noun): noun for topic in topics for idea in topic.ideas for noun in idea.find[language]}


def name_kind(title: str, language: Language) -> str | None:
    """The kind of product that a title names, the longest name first; None where it names none that is known."""
    known, words = kinds_by_words(language), stems(title)
    spans = (words[at : at + size] for size in (3, 2, 1) for at in range(len(words) - size + 1))
    return next((known[span] for span in spans if span in known), None)


def how_common(kind: Stems) -> int:
    """How many topics' ideas name a kind of product."""
    return _commonness()[kind]
