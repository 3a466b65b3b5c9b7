"""Simulated givers with a hidden taste: a topic, facts and what they would accept in; how many rounds it takes out."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from giftwise.dialogue.gates import Gates
from giftwise.dialogue.hypotheses import propose
from giftwise.dialogue.questions import next_question
from giftwise.dialogue.quiz import Facts
from giftwise.dialogue.session import Draft, Find, Gift, Question, Reaction, common_category
from giftwise.dialogue.steering import Steering
from giftwise.dialogue.stems import holds, stems
from giftwise.dialogue.taxonomy import Topic, ideas_of
from giftwise.dialogue.wording import load_wording

Judge = Callable[[Gift], bool]

PATIENCE = 3  # rejections in a row after which the dialogue asks
COUNT = 3  # ideas a round
LEAST_CHOICE = 20  # products of a topic, for a giver to have one of them in mind
WIDTH = 0.35  # of the price that a giver has in mind, up and down
MOST_ROUNDS = 10  # after which a giver gives up


@dataclass
class Giver:
    """Wants something of a kind, at a price; knows it when they see it, and says honestly what is wrong."""

    kind: Judge  # this kind of thing
    low: float  # prices that they would pay
    high: float
    category: str | None = None  # what they say when asked
    word: str = ""  # the same of the kind
    reactions: list[Reaction] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    rejections: int = 0

    def accepts(self, gift: Gift) -> bool:
        """The hidden set of products."""
        return self.kind(gift) and gift.price is not None and self.low <= gift.price <= self.high

    def react(self, draft: Draft, topic: Topic) -> None:
        """Say something of one idea: of the product nearest to what is wanted, or that it is not it."""
        near = next((gift for gift in draft.products if self.kind(gift)), None)
        if near is None:
            self.rejections += 1
            self.reactions.append(
                Reaction(
                    verdict="dislike", target="hypothesis", target_id=draft.title, topic_id=topic.id,
                    gap=draft.primary_gap, title=draft.title, category=common_category(draft.products),
                )
            )  # fmt: skip
            return
        price = near.price or 0.0
        wrong = "too_expensive" if price > self.high else "too_cheap" if price < self.low else None
        self.rejections = self.rejections + 1 if wrong else 0
        self.reactions.append(
            Reaction(
                verdict="dislike" if wrong else "like", target="product", target_id=str(near.id), topic_id=topic.id,
                gap=draft.primary_gap, category=near.category, price=near.price, title=near.title,
                reason=wrong,
            )
        )  # fmt: skip

    def answer(self, question: Question, facts: Facts) -> None:
        """The true option, where there is one."""
        words = load_wording(facts.language)
        for option in question.options:
            amounts = [float(re.sub(r"\D", "", text)) for text in re.findall(r"\d[\d\s\u00a0,]*", option)]
            middle = (self.low + self.high) / 2
            if amounts and question.question == words.split["price"]:
                low, high = {1: (0.0, amounts[0]), 2: (amounts[0], amounts[-1])}[len(amounts)]
                if option == question.options[-1]:
                    low, high = amounts[0], float("inf")
                if low <= middle <= high:
                    self.answers.append(option)
                    return
            elif option == self.word or (self.category is not None and option == words.category(self.category)):
                self.answers.append(option)
                return


async def rounds_until_accepted(topic: Topic, facts: Facts, find: Find, giver: Giver, *, steer: bool, seed: int) -> int:
    """The round in which a product is accepted; MOST_ROUNDS + 1 where none is. Without steering nobody listens."""
    seen: set[str] = set()
    shown: set[str] = set()
    asked: list[str] = []
    candidates: list[Gift] = []
    for number in range(1, MOST_ROUNDS + 1):
        listened = (giver.reactions, giver.answers) if steer else ((), ())
        steering = Steering.of(*listened, shown=shown)
        drafts = await propose(topic, facts, steering, find, seen=frozenset(seen), count=COUNT, seed=seed + number)
        for draft in drafts:
            if any(giver.accepts(gift) for gift in draft.products):
                return number
            giver.react(draft, topic)
            seen.add(draft.title)
            shown.update(str(gift.id) for gift in draft.products)
            candidates += draft.products
        if steer and giver.rejections >= PATIENCE:
            question = next_question(facts, Steering.of(*listened, shown=shown), candidates, asked=asked)
            if question is not None:
                asked.append(question.question)
                giver.answer(question, facts)
                giver.rejections = 0
    return MOST_ROUNDS + 1


async def want(topic: Topic, facts: Facts, find: Find, dice: Random) -> tuple[Gift, str] | None:
    """A product that a giver has in mind, and its word of the topic; None where there is little choice."""
    asked = [*(noun for idea in ideas_of(topic) for noun in idea.find[facts.language]), *topic.words[facts.language]]
    gates = Gates.of(facts)
    pool: dict[str, tuple[Gift, str]] = {}
    for query in asked:
        for gift in await find([query], facts, limit=30):
            if gates.lets(gift) and gift.price and holds(stems(gift.title), stems(query)):
                pool.setdefault(str(gift.id), (gift, query))
    return dice.choice(list(pool.values())) if len(pool) >= LEAST_CHOICE else None


def open_giver(wanted: Gift, word: str) -> Giver:
    """Takes what has the same word of the topic and is of the same category, at about the price."""
    price = wanted.price or 0.0

    def kind(gift: Gift) -> bool:
        return gift.category == wanted.category and holds(stems(gift.title), stems(word))

    return Giver(kind, price * (1 - WIDTH), price * (1 + WIDTH), wanted.category, word)
