"""A shop in memory: the generated world's words in; gifts, and a search among them, out."""

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from random import Random

from giftwise.dialogue.quiz import Facts
from giftwise.dialogue.session import Gift
from giftwise.dialogue.stems import stems
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
        self._gifts = list(gifts)
        self._holders: dict[str, set[int]] = defaultdict(set)
        for place, gift in enumerate(gifts):
            for word in stems(f"{gift.title} {gift.category or ''}"):
                self._holders[word].add(place)

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
        gone = {*facts.owned, *disliked}
        hits: Counter[int] = Counter()
        for words in filter(None, map(stems, queries)):
            hits.update(set.intersection(*(self._holders.get(word, set()) for word in words)))
        found = [self._gifts[place] for place in sorted(hits, key=lambda place: (-hits[place], place))]
        return [gift for gift in found if (gift.price or 0) <= most and str(gift.id) not in gone][:limit]

    async def gifts(self, ids: Sequence[str]) -> dict[str, Gift]:
        """As Shelf says."""
        return {str(gift.id): gift for gift in self._gifts if str(gift.id) in ids}
