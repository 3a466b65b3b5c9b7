"""Why an item is on a page: page, ladder and history in; codes for programs and sentences for people out."""

from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np

from giftwise.algorithms import mix
from giftwise.algorithms.content import ContentFacts, content_facts
from giftwise.algorithms.mix import leading_voice
from giftwise.algorithms.neighbours import because_of
from giftwise.catalog.model import Model
from giftwise.interactions.event import Kind
from giftwise.interactions.history import History
from giftwise.people.demographics import Segment
from giftwise.recommend.ladder import Listed, Ranked, Rung, Scored
from giftwise.recommend.personalized import CONTENT_RUNG, LadderParams, shares_of, weights_of
from giftwise.recommend.variety import untried

Language = Literal["en", "ru"]

TEXTS: Final[dict[str, dict[str, str]]] = {
    "en": {
        "because_liked": "Because you liked {title}",
        "because_purchased": "Because you bought {title}",
        "because_viewed": "Because you looked at {title}",
        "same_category": "You often choose {category}",
        "similar_title": "Similar to {title}",
        "near_price": "Within your usual price range",
        "suits": "Suits {words}, as your other choices do",
        "popular_in_segment": "Popular with {people}",
        "popular_with_everyone": "Popular with everyone",
        "new": "New here",
    },
    "ru": {
        "because_liked": "Потому что вам понравилось: {title}",
        "because_purchased": "Потому что вы купили: {title}",
        "because_viewed": "Потому что вы смотрели: {title}",
        "same_category": "Вы часто выбираете категорию «{category}»",
        "similar_title": "Похоже на: {title}",
        "near_price": "В вашем обычном ценовом диапазоне",
        "suits": "Подходит: {words}, как и другой ваш выбор",
        "popular_in_segment": "Популярно: {people}",
        "popular_with_everyone": "Популярно у всех",
        "new": "Новинка",
    },
}
PEOPLE: Final[dict[str, dict[str | None, str]]] = {
    "en": {"m": "men", "f": "women", None: "people"},
    "ru": {"m": "мужчины", "f": "женщины", None: "люди"},
}
BECAUSE: Final = {Kind.LIKE: "because_liked", Kind.SAVE: "because_liked", Kind.PURCHASE: "because_purchased"}


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason: a stable code, its parameters, and a sentence."""

    code: str
    params: dict[str, Any]
    text: str


@dataclass(frozen=True, slots=True)
class Speaker:
    """Writes reasons in one language."""

    language: Language = "en"

    def say(self, code: str, **params: Any) -> Reason:
        """The reason of a code, its sentence filled in."""
        return Reason(code, params, TEXTS[self.language][code].format(**params))

    def people(self, segment: Segment) -> str:
        """A segment in words."""
        who = PEOPLE[self.language][segment.gender]
        age = f", {segment.age}" if segment.age else ""
        where = "" if segment.geo is None else (", nearby" if self.language == "en" else ", рядом")
        return who + age + where


def explain(
    model: Model,
    page: Ranked,
    rungs: list[Rung],
    history: History,
    *,
    params: LadderParams,
    speaker: Speaker,
) -> list[tuple[Reason, ...]]:
    """The reasons of every place of a page, strongest first; each place has at least one."""
    if not history.count:
        return [(_popular(rungs[int(rung)], speaker),) for rung in page.rungs]
    weights = weights_of(model, history, params.history)
    crowd = next((rung for rung in rungs if isinstance(rung, Listed)), None)
    people = crowd.ranked if crowd is not None else None
    shares = shares_of(model, history)
    voices = leading_voice(model, history.places, weights, people, shares, chosen=page.places)
    sources = because_of(model, history.places, weights, page.places)
    facts = content_facts(model, history.places, weights, page.places, params.content)
    fresh = untried(model)[page.places]
    found: list[tuple[Reason, ...]] = []
    for at, place in enumerate(page.rungs):
        rung = rungs[int(place)]
        reasons: tuple[Reason, ...] = ()
        if place == 0 and voices[at] == mix.NEIGHBOURS and sources[at] >= 0:
            reasons = _collaborative(model, int(sources[at]), history, speaker)
        elif place == CONTENT_RUNG or (place == 0 and voices[at] == mix.CONTENT):
            reasons = ((speaker.say("new"),) if fresh[at] else ()) + _content(model, facts[at], speaker)
        if not reasons:
            reasons = (_popular(crowd if isinstance(rung, Scored) and crowd is not None else rung, speaker),)
        found.append(reasons)
    return found


def _collaborative(model: Model, source: int, history: History, speaker: Speaker) -> tuple[Reason, ...]:
    kinds = history.kinds[history.places == source]
    kind = Kind(int(max(kinds, key=lambda number: (Kind(int(number)) in BECAUSE, number))))
    code = BECAUSE.get(kind, "because_viewed")
    return (speaker.say(code, item_id=_id(model, source), title=_title(model, source)),)


def _content(model: Model, facts: ContentFacts, speaker: Speaker) -> tuple[Reason, ...]:
    reasons: list[Reason] = []
    if facts.like_title >= 0:
        like = facts.like_title
        reasons.append(speaker.say("similar_title", item_id=_id(model, like), title=_title(model, like)))
    if facts.category >= 0:
        reasons.append(speaker.say("same_category", category=model.word("categories", facts.category)))
    if facts.near_price:
        reasons.append(speaker.say("near_price"))
    words = [word for word, bit in model.words["suitable_for"].items() if facts.suitable_for >> bit & 1]
    if words:
        reasons.append(speaker.say("suits", words=", ".join(words)))
    return tuple(reasons)


def _popular(rung: Rung, speaker: Speaker) -> Reason:
    if not isinstance(rung, Listed):
        return speaker.say("new")
    who = rung.segment
    params = {"gender": who.gender, "age": who.age, "geo_id": who.geo, "support": rung.ranked.support}
    if who == Segment():
        return speaker.say("popular_with_everyone", **params)
    return speaker.say("popular_in_segment", people=speaker.people(who), **params)


def _id(model: Model, place: int) -> int | str:
    return model.answer_ids(np.array([place], dtype=np.int32))[0]


def _title(model: Model, place: int) -> str:
    return str(model.card(place)["title"])
