"""What a giver thinks of what was shown in; how much more or less of each kind to show next out."""

import math
import re
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Final

from giftwise.dialogue.session import Gap, Gift, Reaction, Verdict
from giftwise.dialogue.stems import Stems, holds_phrase, stems
from giftwise.dialogue.taxonomy import LANGUAGES
from giftwise.dialogue.topics import read_pieces
from giftwise.dialogue.wording import GAPS, Wording, load_wording


@dataclass(frozen=True, slots=True)
class SteeringParams:
    """How strongly one reaction moves what comes next. Weights are natural logarithms, and add up."""

    like: float = 0.8
    """A like, for the idea's gap and topic, and the product's category."""
    shortlist: float = 0.9
    """Put on the shortlist: a like that costs more."""
    purchase: float = 0.6
    """Bought: such things are liked, but this one is done."""
    dislike: float = -0.6
    """A dislike."""
    word: float = 0.6
    """How much of that goes to the words of the title."""
    said: float = 1.6
    """What was answered to a question, for the gap, category or words that it names."""
    welcome: float = 1.5
    """A category of at least this factor is searched for beside the topic."""
    most: float = 2.3
    """No weight goes further from 0 than this: a factor of 10, so that nothing is ever out of the question."""
    cheaper: float = 0.7
    """ "Too expensive": the next may cost this part of what that one costs."""
    dearer: float = 1.3
    """ "Looks cheap": the next costs at least this many times as much."""
    kind_owned: float = -1.6
    """ "Already has one", for the words of its title."""
    price_spread: float = 0.8
    """How far from the price that was liked is still near: a standard deviation of the price's logarithm."""


DEFAULTS: Final = SteeringParams()
_STRENGTH: Final[dict[Verdict, str]] = {
    "like": "like", "shortlist": "shortlist", "purchase": "purchase", "dislike": "dislike",
}  # fmt: skip
SHORT: Final = 3  # letters of a stem that says little
_PLAIN: Final = frozenset(
    word
    for text in (
        "для или при набор подарок подарочный коробка серия цвет размер лет шт большой малый новый стиль",
        "the and with for set gift box pack size small large new from style",
    )
    for word in stems(text)
)
# What free text says of a price or of what there is already. In any language, a reason's own name counts too.
_REASONS: Final = {
    "too_expensive": (
        "too expensive", "so expensive", "is expensive", "cheaper", "pricey", "over budget",
        "дорого", "дорогой", "дорогая", "подешевле", "дешевле",
    ),
    "has_it": (
        "has it", "already has", "already have", "have one", "has one", "owns",
        "уже есть", "такой есть", "такая есть", "такое есть",
    ),
    "too_cheap": ("too cheap", "looks cheap", "more expensive", "дешево", "дешевый", "солиднее", "подороже"),
}  # fmt: skip
_UP_TO: Final = re.compile(r"(?:до|up to|under|below|max(?:imum)?|не дороже)\s*([\d\s\u00a0,]*\d)", re.IGNORECASE)
_FROM: Final = re.compile(r"(?:от|from|over|at least|не меньше)\s*([\d\s\u00a0,]*\d)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Steering:
    """Weights (factors around 1) by gap, topic, category and word; prices; what is not to be shown again."""

    gaps: Mapping[str, float] = field(default_factory=dict)
    topics: Mapping[str, float] = field(default_factory=dict)
    categories: Mapping[str, float] = field(default_factory=dict)
    words: Mapping[str, float] = field(default_factory=dict)  # by stem, as a logarithm
    price_cap: float | None = None
    price_floor: float | None = None
    price_liked: float | None = None
    owned: tuple[tuple[Stems, float], ...] = ()  # titles and prices (0: unknown) of what they have: a better one may do
    said: tuple[Stems, ...] = ()  # answers to questions, as words
    liked: tuple[str, ...] = ()  # ids of products
    disliked: tuple[str, ...] = ()
    shown: frozenset[str] = frozenset()  # ids of products that were seen
    params: SteeringParams = DEFAULTS

    @classmethod
    def of(
        cls,
        reactions: Sequence[Reaction],
        answers: Sequence[str] = (),
        *,
        shown: Collection[str] = (),
        params: SteeringParams = DEFAULTS,
    ) -> "Steering":
        """From everything that was thought and answered so far, oldest first; what is newest has the last word."""
        notes = _Notes(params)
        for reaction in reactions:
            notes.take(reaction)
        for answer in answers:
            notes.hear(answer)
        return cls(
            gaps=notes.factors(notes.gaps),
            topics=notes.factors(notes.topics),
            categories=notes.factors(notes.categories),
            words={word: notes.bound(weight) for word, weight in notes.words.items()},
            price_cap=notes.cap,
            price_floor=notes.floor,
            price_liked=math.exp(fmean(notes.prices)) if notes.prices else None,
            owned=tuple(notes.owned),
            said=tuple(stems(answer) for answer in answers),
            liked=tuple(notes.liked),
            disliked=tuple(notes.disliked),
            shown=frozenset(shown),
            params=params,
        )

    def gap(self, gap: Gap) -> float:
        """How welcome a gap is; 1 where nothing is known."""
        return self.gaps.get(gap, 1.0)

    @property
    def welcome(self) -> list[str]:
        """Categories that were liked or asked for, the most welcome first."""
        liked = [name for name, weight in self.categories.items() if weight >= self.params.welcome]
        return sorted(liked, key=lambda name: -self.categories[name])

    def topic(self, topic_id: str) -> float:
        """How welcome a topic is."""
        return self.topics.get(topic_id, 1.0)

    def phrase(self, text: str) -> float:
        """How welcome a kind of product is, by its words."""
        return math.exp(self._words(stems(text)))

    def product(self, gift: Gift) -> float:
        """How welcome a product is: category, words of its title, and nearness to the price that was liked."""
        weight = self._words(stems(gift.title))
        if gift.category:
            weight += math.log(self.categories.get(gift.category.casefold(), 1.0))
        if self.price_liked and gift.price:
            away = math.log(gift.price / self.price_liked) / self.params.price_spread
            weight -= min(away * away / 2, 1.0)
        return math.exp(weight)

    def affordable(self, gift: Gift) -> bool:
        """Whether the price is within what was said of prices."""
        if gift.price is None:
            return True
        return (self.price_cap is None or gift.price <= self.price_cap) and (
            self.price_floor is None or gift.price >= self.price_floor
        )

    def _words(self, text: Stems) -> float:
        known = [self.words[word] for word in dict.fromkeys(text) if word in self.words]
        # Alike titles share many words; the root keeps a long one from outweighing everything else.
        return sum(known) / math.sqrt(len(known)) if known else 0.0


class _Notes:
    """What reactions and answers add up to, in logarithms."""

    def __init__(self, params: SteeringParams) -> None:
        self.params = params
        self.gaps: dict[str, float] = defaultdict(float)
        self.topics: dict[str, float] = defaultdict(float)
        self.categories: dict[str, float] = defaultdict(float)
        self.words: dict[str, float] = defaultdict(float)
        self.prices: list[float] = []
        self.cap: float | None = None
        self.floor: float | None = None
        self.owned: list[tuple[Stems, float]] = []
        self.liked: list[str] = []
        self.disliked: list[str] = []

    def take(self, reaction: Reaction) -> None:
        name = _STRENGTH.get(reaction.verdict)
        if name is None:
            return
        weight: float = getattr(self.params, name)
        reason = read_reason(reaction.reason)
        if reaction.target == "product":
            (self.disliked if weight < 0 else self.liked).append(reaction.target_id)
        if reason == "has_it":
            self.owned.append((stems(reaction.title), reaction.price or 0.0))
            self._say(reaction.title, self.params.kind_owned)
            return  # what they have they like: neither the topic nor the gap was wrong
        if reason in ("too_expensive", "too_cheap") and reaction.price:
            self._price(reason, reaction.price)
            return  # the price was wrong, not the idea
        if reaction.gap:
            self.gaps[reaction.gap] += weight
        if reaction.topic_id:
            self.topics[reaction.topic_id] += weight / 2
        if reaction.category:
            # An idea is more than the category that most of its products are of.
            self.categories[reaction.category.casefold()] += weight / (2 if reaction.target == "hypothesis" else 1)
        self._say(reaction.title, weight * self.params.word)
        if weight > 0 and reaction.price:
            self.prices.append(math.log(reaction.price))
        if reaction.reason and reason is None:
            self.hear(reaction.reason)

    def hear(self, answer: str) -> None:
        """An answer to a question: an option that we wrote, or free text."""
        said, params = stems(answer), self.params
        if cap := _price(_UP_TO, answer):
            self.cap = min(self.cap or math.inf, cap)
        if floor := _price(_FROM, answer):
            self.floor = max(self.floor or 0.0, floor)
        if cap or floor:
            self._agree(newest_is_cap=cap is not None)
            return
        for wording in map(load_wording, LANGUAGES):
            for gap in GAPS:
                if said == stems(wording.gaps[gap].option):
                    self.gaps[gap] += 2 * params.said
                    return
            if category := _category(said, wording):
                self.categories[category] += params.said
                return
        for piece in read_pieces(answer):
            self._say(piece.text, -params.said if piece.unwanted else params.said)
            self.categories[piece.text.casefold()] += -params.said if piece.unwanted else params.said

    def _price(self, reason: str, price: float) -> None:
        if reason == "too_expensive":
            self.cap = min(self.cap or math.inf, price * self.params.cheaper)
        else:
            self.floor = max(self.floor or 0.0, price * self.params.dearer)
        self._agree(newest_is_cap=reason == "too_expensive")

    def _agree(self, *, newest_is_cap: bool) -> None:
        """Where what was said of prices leaves none, what was said last holds."""
        if self.cap is not None and self.floor is not None and self.floor >= self.cap:
            self.cap, self.floor = (self.cap, None) if newest_is_cap else (None, self.floor)

    def _say(self, title: str, weight: float) -> None:
        for word in dict.fromkeys(stems(title)):
            if len(word) >= SHORT and word not in _PLAIN:
                self.words[word] += weight

    def bound(self, weight: float) -> float:
        return max(-self.params.most, min(self.params.most, weight))

    def factors(self, weights: Mapping[str, float]) -> dict[str, float]:
        return {name: math.exp(self.bound(weight)) for name, weight in weights.items()}


def read_reason(text: str | None) -> str | None:
    """Why something was not right, as one of too_expensive, has_it, too_cheap; None where it is something else."""
    said = stems(text or "")
    for reason, phrases in _REASONS.items():
        if any(holds_phrase(said, stems(phrase)) for phrase in (reason, *phrases)):
            return reason
    return None


def _price(pattern: re.Pattern[str], answer: str) -> float | None:
    found = pattern.search(answer)
    return (float(re.sub(r"\D", "", found[1])) or None) if found else None


def _category(said: Stems, wording: Wording) -> str | None:
    return next((name for name, text in wording.categories.items() if said == stems(text) and name != "other"), None)
