"""A shop in memory: the generated world's words in; gifts, and a search among them, out."""

import math
from collections.abc import Sequence
from random import Random

from giftwise.dialogue.quiz import Facts
from giftwise.dialogue.session import Gift
from giftwise.dialogue.stems import holds, stems
from giftwise.seeding.words import load_world


def make_gifts(count: int = 4_000, seed: int = 5) -> list[Gift]:
    """Gifts of every category and taste, in both languages, priced as that category is."""
    world, dice = load_world(), Random(seed)
    gifts = []
    for number in range(count):
        language = world.languages[number % 2]
        taste = dice.randrange(len(world.tastes))
        category = dice.choices(range(len(world.categories)), world.taste_categories[taste])[0]
        noun, motif = dice.choice(language.nouns[category]), dice.choice(language.motifs[taste])
        gifts.append(
            Gift(
                id=number + 1,
                gift_id=number + 1,
                title=f"{noun} {motif}, {dice.choice(language.details[category])}",
                price=round(math.exp(dice.gauss(math.log(world.price[category]), world.spread[category]))),
                currency="RUB",
                category=world.categories[category],
            )
        )
    return gifts


class MemoryShelf:
    """Finds gifts that have all of a query's words; those that answer more of the queries come first."""

    def __init__(self, gifts: Sequence[Gift]) -> None:
        self.searches = 0
        self._gifts = [(gift, stems(f"{gift.title} {gift.category or ''}")) for gift in gifts]

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
        """As Find says."""
        self.searches += 1
        most = math.inf if facts.budget is None else facts.budget * price_factor
        asked = [stems(query) for query in queries]
        gone = {*facts.owned, *disliked}
        found = [
            (sum(holds(words, one) for one in asked), gift)
            for gift, words in self._gifts
            if (gift.price or 0) <= most and str(gift.id) not in gone
        ]
        return [gift for hits, gift in sorted(found, key=lambda pair: -pair[0]) if hits][:limit]

    async def gifts(self, ids: Sequence[str]) -> dict[str, Gift]:
        """As Shelf says."""
        return {str(gift.id): gift for gift, _ in self._gifts if str(gift.id) in ids}
