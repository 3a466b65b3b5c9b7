"""A shop and a brain for tests of dialogues: made-up products and ideas, whose every answer is known by hand."""

from collections.abc import Sequence

from giftwise.dialogue.brain import Account
from giftwise.dialogue.quiz import Facts
from giftwise.dialogue.session import Draft, Find, Gap, Gift, Question
from giftwise.dialogue.steering import Steering
from giftwise.dialogue.taxonomy import Topic

GAPS: tuple[Gap, ...] = ("the_mirror", "the_optimizer", "the_catalyst", "the_anchor", "the_permission")


def gift(number: int, price: float | None = None) -> Gift:
    """The number-th product; it costs a hundred times its number."""
    return Gift(
        id=number,
        gift_id=number,
        title=f"Gift {number}",
        price=number * 100.0 if price is None else price,
        currency="RUB",
        category="things",
    )


class Shop:
    """Forty products, 1 to 40; each search finds the cheapest first, whatever the words."""

    def __init__(self) -> None:
        self.gone: set[str] = set()
        self.searches: list[tuple[tuple[str, ...], list[str], list[str]]] = []

    async def __call__(
        self,
        queries: Sequence[str],
        facts: Facts,
        *,
        limit: int,
        price_factor: float = 1.1,
        liked: Sequence[str] = (),
        disliked: Sequence[str] = (),
    ) -> list[Gift]:
        """What is within the budget and neither owned nor disliked."""
        self.searches.append((tuple(queries), list(liked), list(disliked)))
        most = float("inf") if facts.budget is None else facts.budget * price_factor
        unwanted = {*facts.owned, *disliked, *self.gone}
        fit = [gift(number) for number in range(1, 41) if number * 100 <= most and str(number) not in unwanted]
        for one in fit:
            one.budget_relaxed = facts.budget is not None and (one.price or 0) > facts.budget
        return fit[:limit]

    async def gifts(self, ids: Sequence[str]) -> dict[str, Gift]:
        """Those of the ids that are in stock."""
        there = {str(number) for number in range(1, 41)} - self.gone
        return {one: gift(int(one)) for one in ids if one in there}


class Ideas:
    """A brain whose ideas are numbered: `{topic} {number}`; it has ten for each topic, and one question."""

    async def hypotheses(
        self,
        topic: Topic,
        facts: Facts,
        steering: Steering,
        find: Find,
        *,
        seen: frozenset[str],
        count: int,
        seed: int,
        account: Account | None = None,
    ) -> list[Draft]:
        """The next ideas of the topic."""
        titles = [title for number in range(1, 11) if (title := f"{topic.name('en')} {number}") not in seen]
        products = tuple(await find([topic.id], facts, limit=4))
        if len(products) < 3:
            return []
        return [
            Draft(title, "d", "r", GAPS[at % len(GAPS)], (title, topic.id), products)
            for at, title in enumerate(titles[:count])
        ]

    async def question(
        self, facts: Facts, steering: Steering, candidates: Sequence[Gift], *, asked: Sequence[str]
    ) -> Question | None:
        """Asked once."""
        return None if "Big or small?" in asked else Question(question="Big or small?", options=["Big", "Small"])
