"""A topic and what is known of a recipient in; ideas of gifts, each with products behind it, out."""

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Final

from giftwise.dialogue.gates import Gates
from giftwise.dialogue.ideas import DEFAULTS, Candidate, IdeaParams, imagine
from giftwise.dialogue.leanings import lean
from giftwise.dialogue.quiz import Facts
from giftwise.dialogue.session import Draft, Find, Gift
from giftwise.dialogue.steering import Steering
from giftwise.dialogue.stems import holds_phrase, names, stems
from giftwise.dialogue.taxonomy import Topic, load_taxonomy
from giftwise.dialogue.wording import load_wording
from giftwise.recommend.reasons import Language

ALIKE: Final = 0.6  # of all words of two titles; more in common, and they are one thing in two colours
# Tried in this order where a catalog has nothing of a topic nor beside it.
EVERYONE: Final = (
    "learning_kids", "small_pleasures", "board_games", "puzzles", "drawing", "plush", "construction",
    "cosy_home", "stationery", "sweets", "table_setting", "bags", "interior",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Searched:
    """A candidate with the products that bear it out, best first."""

    candidate: Candidate
    gifts: tuple[Gift, ...]
    queries: tuple[str, ...]
    nouns: tuple[str, ...]
    value: float


async def propose(
    topic: Topic,
    facts: Facts,
    steering: Steering,
    find: Find,
    *,
    seen: frozenset[str],
    count: int,
    seed: int,
    params: IdeaParams = DEFAULTS,
) -> list[Draft]:
    """At most `count` ideas for a topic, the most promising first; none of the titles in `seen`.

    Each has at least three products that may be given, within the budget (and what was said of prices), and no product
    is on two of them. Where the catalog has nothing of the topic, what lies near it is proposed, and says so.
    Deterministic by seed.
    """
    search = _Search(facts, steering, find, seen=seen, count=count, dice=Random(f"{seed}:{topic.id}"), params=params)
    if not search.gates.lets_topic(topic):
        return []
    chosen = await search.choose(topic)
    if chosen:
        return [search.write(one, topic) for one in chosen]
    for near in _near(topic):
        if search.gates.suits(near) and (chosen := await search.choose(near)):
            preface = "beside" if search.spent(topic) else "instead"
            return [search.write(one, near, instead_of=topic, preface=preface) for one in chosen]
    return []


class _Search:
    """One round of ideas for one recipient."""

    def __init__(
        self,
        facts: Facts,
        steering: Steering,
        find: Find,
        *,
        seen: frozenset[str],
        count: int,
        dice: Random,
        params: IdeaParams,
    ) -> None:
        self.gates = Gates.of(facts)
        self._facts = facts
        self._steering = steering
        self._find = find
        self._seen = set(seen)
        self._count = count
        self._dice = dice
        self._params = params
        self._searches = 0
        self._said: list[str] = []
        self._words = load_wording(facts.language)
        self._languages: tuple[Language, Language] = ("ru", "en") if facts.language == "ru" else ("en", "ru")

    async def choose(self, topic: Topic) -> list[Searched]:
        """The best ideas that have products, one after another, each a little different from those before."""
        waiting = self._candidates(topic)
        self._searches = 0
        chosen: list[Searched] = []
        spare: list[Searched] = []
        while waiting and len(chosen) < self._count and self._searches < self._params.most_searches:
            size = self._params.batch * self._count
            batch, waiting = waiting[:size], waiting[size:]
            found = [one for one in await asyncio.gather(*(self._search(topic, one) for one in batch)) if one]
            while found and len(chosen) < self._count:
                best = max(found, key=lambda one: self._worth(one, chosen))
                found.remove(best)
                fresh = self._fresh(best, chosen)
                if fresh is None:
                    spare.append(best)
                else:
                    chosen.append(fresh)
        if not chosen and spare:  # all of it was seen before; better than nothing
            chosen.append(max(spare, key=lambda one: one.value))
        return chosen

    def write(self, one: Searched, topic: Topic, *, instead_of: Topic | None = None, preface: str = "instead") -> Draft:
        """The idea in words."""
        words, candidate, language = self._words, one.candidate, self._facts.language
        gap = words.gaps[candidate.gap]
        description = [self._unsaid(gap.about) or gap.about[0]]
        if candidate.written and len(one.nouns) > 1:
            description.append(words.more["found"].format(nouns=", ".join(one.nouns)))
        context = [text for text in (self._unsaid(texts) for texts in words.context(self._facts)) if text][:2]
        if instead_of is not None:
            description.insert(0, words.more[preface].format(name=instead_of.name(language)))
        else:
            why = self._unsaid(gap.why) or gap.why[0]
            context.insert(0, why.format(who=words.whom(self._facts), love=topic.loves[language]))
        reasoning = " ".join(context) or description[-1]
        return Draft(
            title=candidate.title,
            description=" ".join(description),
            reasoning=reasoning,
            primary_gap=candidate.gap,
            search_queries=one.queries,
            products=one.gifts[: self._params.previews],
        )

    def spent(self, topic: Topic) -> bool:
        """Whether ideas of the topic were shown before."""
        imagined = imagine(topic, self._facts, self._steering, self._words, self._params)
        return any(one.title in self._seen for one in imagined)

    def _unsaid(self, texts: Sequence[str]) -> str | None:
        """One of the texts that no card of this round has yet."""
        left = [text for text in texts if text not in self._said]
        if not left:
            return None
        self._said.append(self._dice.choice(left))
        return self._said[-1]

    def _candidates(self, topic: Topic) -> list[Candidate]:
        """What could be proposed, the most promising first; titles that were seen are not among them."""
        found: dict[str, Candidate] = {}
        for one in imagine(topic, self._facts, self._steering, self._words, self._params):
            if one.title not in self._seen:
                found.setdefault(one.title, one)
        worth = {
            title: one.prior
            * self._steering.gap(one.gap)
            * lean(self._facts, one.gap)
            * _liking(self._steering, one.find[self._facts.language])
            * math.exp(self._dice.gauss(0, self._params.jitter))
            for title, one in found.items()
        }
        return sorted((replace(one, prior=worth[title]) for title, one in found.items()), key=lambda one: -one.prior)

    async def _search(self, topic: Topic, candidate: Candidate) -> Searched | None:
        """The products of a candidate, in the session's language, else in the other as well."""
        self._searches += 1
        gifts: dict[str, Gift] = {}
        queries: list[str] = []
        for language in self._languages:
            own = list(candidate.find[language])
            beside = topic.words[language][: self._params.topic_words] if candidate.theme or not own else ()
            welcome = self._steering.welcome[: self._params.welcome] if beside else ()
            if candidate.category is not None:
                welcome = [candidate.category, self._words.category(candidate.category)]
            asked = list(dict.fromkeys([*own, *beside, *welcome]))
            for gift in await self._ask(asked, candidate):
                gifts.setdefault(str(gift.id), gift)
            queries += [query for query in asked if query not in queries]
            searched = self._bear_out(topic, candidate, list(gifts.values()), queries)
            if searched is not None:
                return searched
        return None

    async def _ask(self, queries: Sequence[str], candidate: Candidate) -> list[Gift]:
        facts, steering = self._facts, self._steering
        if steering.price_cap is not None and (facts.budget is None or steering.price_cap < facts.budget):
            facts = replace(facts, budget=max(math.floor(steering.price_cap), 1))
        gifts = await self._find(
            queries,
            facts,
            limit=self._params.looked_at,
            price_factor=candidate.most,
            liked=steering.liked,
            disliked=steering.disliked,
        )
        return [gift for gift in gifts if candidate.least == 0 or (gift.price or 0) >= candidate.least]

    def _bear_out(
        self, topic: Topic, candidate: Candidate, gifts: Sequence[Gift], queries: Sequence[str]
    ) -> Searched | None:
        """The products whose own words say what the idea says; None where they are too few."""
        kinds = {noun for language in self._languages for noun in candidate.find[language]}
        themes = [stems(word) for words in topic.words.values() for word in words]
        scored: list[tuple[float, Gift]] = []
        hits: dict[str, int] = {}
        for gift in gifts:
            if str(gift.id) in self._steering.disliked or not self._steering.affordable(gift):
                continue
            text = stems(" ".join(filter(None, (gift.title, gift.category, gift.description))))
            named = [noun for noun in kinds if names(gift.title, noun)]
            themed = any(holds_phrase(text, theme) for theme in themes)
            if candidate.category is not None:
                fits = (gift.category or "").casefold() == candidate.category
            else:
                fits = (bool(named) or not kinds) and (themed or not (candidate.theme or not kinds))
            if not fits or not self.gates.lets(gift):
                continue
            for noun in named:
                hits[noun] = hits.get(noun, 0) + 1
            score = (1.0 + 2.0 * themed) * self._steering.product(gift)
            scored.append((score * (0.3 if str(gift.id) in self._steering.shown else 1.0), gift))
        scored.sort(key=lambda pair: -pair[0])  # stable: as found where they are alike
        scored = _without_variants(scored)
        if len(scored) < self._params.least_products:
            return None
        best = sum(score for score, _ in scored[: self._params.least_products]) / self._params.least_products
        nouns = tuple(noun for noun in candidate.find[self._facts.language] if noun in hits)
        useful = [query for query in queries if query not in kinds or query in hits]
        return Searched(candidate, tuple(gift for _, gift in scored), tuple(useful), nouns, candidate.prior * best)

    def _worth(self, one: Searched, chosen: Sequence[Searched]) -> float:
        repeated = sum(one.candidate.gap == other.candidate.gap for other in chosen)
        return float(one.value * self._params.same_gap**repeated)

    def _fresh(self, one: Searched, chosen: Sequence[Searched]) -> Searched | None:
        """With products that no other card of the round has, those not seen before first; None without enough."""
        taken = {str(gift.id) for other in chosen for gift in other.gifts[: self._params.previews]}
        fresh = [gift for gift in one.gifts if str(gift.id) not in taken]
        unseen = [gift for gift in fresh if str(gift.id) not in self._steering.shown]
        enough = self._params.least_products
        return replace(one, gifts=tuple(fresh)) if len(fresh) >= enough and len(unseen) >= enough else None


def _liking(steering: Steering, nouns: Sequence[str]) -> float:
    """How welcome an idea's kinds of products are: of the best of them."""
    return max((steering.phrase(noun) for noun in nouns), default=1.0)


def _near(topic: Topic) -> list[Topic]:
    """What lies near a topic of which the catalog has nothing: beside it, above it, then what suits nearly everyone."""
    taxonomy = load_taxonomy()
    parent = taxonomy.parent(topic)
    around = [*taxonomy.branches(parent), parent] if parent else taxonomy.branches(topic)
    near = {one.id: one for one in (*around, *(taxonomy.topics[name] for name in EVERYONE))}
    near.pop(topic.id, None)
    return list(near.values())


def _without_variants(scored: Sequence[tuple[float, Gift]]) -> list[tuple[float, Gift]]:
    """The same in other colours is one suggestion: titles that share nearly all of their words count once."""
    kept: list[tuple[float, Gift]] = []
    words: list[frozenset[str]] = []
    for score, gift in scored:
        own = frozenset(stems(gift.title))
        if not any(len(own & other) > ALIKE * len(own | other) for other in words):
            kept.append((score, gift))
            words.append(own)
    return kept
