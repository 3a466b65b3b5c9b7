"""Facts and what is left to show in; the question whose answer would tell most, or a hint, out."""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Sequence
from random import Random
from typing import Final

from giftwise.dialogue.gates import Gates
from giftwise.dialogue.ideas import name_kind
from giftwise.dialogue.quiz import Facts
from giftwise.dialogue.session import Gap, Gift, Question, TopicHint
from giftwise.dialogue.steering import Steering
from giftwise.dialogue.taxonomy import Topic, load_taxonomy
from giftwise.dialogue.wording import GAPS, Wording, load_wording

MOST_OPTIONS: Final = 4
HINTS: Final = 3
LEAST_NEWS: Final = 0.3  # bits; a question that splits worse than 95 to 5 is not worth asking
ROUND: Final = 2  # digits of a price that is asked for: 1,370 is asked as 1,400

Split = tuple[str, dict[str, float], list[str]]  # the question, the share of each answer, the options in order


def probe(facts: Facts, asked: Collection[str]) -> Question:
    """Of rituals, favourite things or frustrations, for those of whom too little is known; the first not asked yet."""
    fitting = [one for one in load_wording(facts.language).probes if one.ages[0] <= facts.age <= one.ages[1]]
    chosen = next((one for one in fitting if one.question not in asked), fitting[0])
    return Question(question=chosen.question, options=list(chosen.options), context_tags=["probe", *chosen.tags])


def branch_question(topic: Topic, facts: Facts) -> Question:
    """Which branch of a wide topic; branches that this person may not be given are no options."""
    gates = Gates.of(facts)
    names = [one.name(facts.language) for one in load_taxonomy().branches(topic) if gates.suits(one)]
    question = (topic.ask or topic.names)[facts.language]
    return Question(question=question, options=names, context_tags=["branch", topic.id])


def hints(facts: Facts, known: Sequence[Topic], seed: int) -> list[TopicHint]:
    """Topics that the giver may not have thought of: those beside the known ones first. Deterministic by seed."""
    taxonomy, gates, words = load_taxonomy(), Gates.of(facts), load_wording(facts.language)
    dice = Random(f"{seed}:hints")
    there = {topic.id for topic in known}
    near: dict[str, Topic] = {}
    for topic in known:
        parent = taxonomy.parent(topic)
        beside = taxonomy.branches(parent) if parent else taxonomy.branches(topic)
        for one in dice.sample(beside, len(beside)):
            near.setdefault(one.id, topic)
    rest = [one.id for one in taxonomy.topics.values() if one.id not in near and not one.wide]
    order = [*near, *dice.sample(rest, len(rest))]
    found = [taxonomy.topics[name] for name in order if name not in there and gates.suits(taxonomy.topics[name])]
    return [
        TopicHint(
            id=topic.id,
            question=dice.choice(words.hint["near"]).format(name=topic.name(facts.language)),
            reasoning=words.hint["near_why"].format(known=near[topic.id].name(facts.language))
            if topic.id in near
            else words.hint["any_why"],
        )
        for topic in found[:HINTS]
    ]


def next_question(
    facts: Facts, steering: Steering, candidates: Sequence[Gift], *, asked: Collection[str]
) -> Question | None:
    """The question whose answer splits the candidates best: of most information, in bits, by how welcome each is.

    An answer tells apart what it is about and nothing else, so its information is the entropy of the answers' shares.
    Where no question splits them, what the gift should be is asked; None where that was asked as well.
    """
    words = load_wording(facts.language)
    gifts = list({gift.id: gift for gift in candidates}.values())
    splits = [split for make in _SPLITS if (split := make(gifts, steering, words)) and split[0] not in asked]
    best = max(splits, key=lambda split: information(split[1]), default=None)
    if best is not None and information(best[1]) >= LEAST_NEWS:
        question, _, options = best
        return Question(question=question, options=options, context_tags=["split"])
    question = words.split["gap"]
    if question in asked:
        return None
    return Question(question=question, options=_gap_options(steering, words), context_tags=["split", "gap"])


def information(shares: dict[str, float]) -> float:
    """Entropy of an answer in bits, from weights of the answers."""
    total = sum(shares.values())
    return -sum(share / total * math.log2(share / total) for share in shares.values() if share > 0) if total else 0.0


def _by_category(gifts: Sequence[Gift], steering: Steering, words: Wording) -> Split | None:
    shares: dict[str, float] = defaultdict(float)
    for gift in gifts:
        if gift.category:
            shares[words.category(gift.category)] += steering.product(gift)
    if len(shares) < 2:
        return None
    common = [name for name, _ in Counter(shares).most_common(MOST_OPTIONS - (len(shares) > MOST_OPTIONS))]
    other = sum(share for name, share in shares.items() if name not in common)
    told = {name: shares[name] for name in common}
    if other:
        told[words.categories["other"]] = other
    return words.split["category"], told, list(told)


def _by_kind(gifts: Sequence[Gift], steering: Steering, words: Wording) -> Split | None:
    """Kinds of products, in the session's language; what is of no known kind says nothing."""
    shares: dict[str, float] = defaultdict(float)
    for gift in gifts:
        if kind := name_kind(gift.title, words.language):
            shares[kind] += steering.product(gift)
    if len(shares) < 2:
        return None
    options = [name for name, _ in Counter(shares).most_common(MOST_OPTIONS)]
    return words.split["kind"], {name: shares[name] for name in options}, options


def _by_price(gifts: Sequence[Gift], steering: Steering, words: Wording) -> Split | None:
    prices = sorted(gift.price for gift in gifts if gift.price)
    if len(prices) < 3:
        return None
    low, high = (_rounded(prices[len(prices) * part // 3]) for part in (1, 2))
    if low >= high:
        return None
    options = [
        words.split["price_low"].format(price=words.money(low)),
        words.split["price_middle"].format(low=words.money(low), high=words.money(high)),
        words.split["price_high"].format(price=words.money(high)),
    ]
    told = dict.fromkeys(options, 0.0)
    for gift in gifts:
        if gift.price:
            told[options[(gift.price > low) + (gift.price > high)]] += steering.product(gift)
    return words.split["price"], told, options


def _by_custom(gifts: Sequence[Gift], steering: Steering, words: Wording) -> Split | None:
    options = [words.split["customizable_yes"], words.split["customizable_no"]]
    told = dict.fromkeys(options, 0.0)
    for gift in gifts:
        told[options[not gift.is_customizable]] += steering.product(gift)
    return words.split["customizable"], told, options


def _gap_options(steering: Steering, words: Wording) -> list[str]:
    """The gaps' words, the most welcome first; the least welcome one is left out."""
    order: list[Gap] = sorted(GAPS, key=lambda gap: -steering.gap(gap))
    return [words.gaps[gap].option for gap in order[:MOST_OPTIONS]]


def _rounded(price: float) -> float:
    """To two digits that count."""
    step = 10.0 ** (math.floor(math.log10(price)) - ROUND + 1)
    return round(price / step) * step


_SPLITS: Final[tuple[Callable[[Sequence[Gift], Steering, Wording], Split | None], ...]] = (
    _by_category,
    _by_kind,
    _by_price,
    _by_custom,
)
