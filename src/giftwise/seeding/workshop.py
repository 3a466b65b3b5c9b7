"""Where presents are made: counts, people and a calendar in, the arrays of what each one is, costs and suits out."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from giftwise.people.demographics import AGE_GROUPS
from giftwise.seeding.crowd import GEOS, MEN, WOMEN, People
from giftwise.seeding.presents import NOBODY, Assortment, Presents, join_presents
from giftwise.seeding.seasons import DAY, Calendar
from giftwise.seeding.words import LANGUAGES, MOTIFS, World

CHEAPEST = 50.0  # roubles
Positions = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Workshop:
    """Draws presents; the same state of `rng` makes the same ones."""

    rng: np.random.Generator
    world: World
    calendar: Calendar
    assortment: Assortment

    def make(self, people: People, *, public: int, private: int) -> Presents:
        """`public` curated presents and `private` ones that people added for themselves, in order of creation."""
        both = join_presents(self.curated(public), self.wished(people, private))
        return both[np.argsort(both.created, kind="stable")]

    def curated(self, count: int) -> Presents:
        """What a shop's editors choose: every taste alike, some designs in several colours."""
        design, colour = self._variants(count)
        designs = int(design[-1]) + 1 if count else 0
        taste = self.rng.integers(0, len(self.world.tastes), designs)
        motif = self.rng.integers(0, MOTIFS, designs)
        return self._stocked(self._designs(taste, motif, np.full(designs, NOBODY))[design], colour)

    def wished(self, people: People, count: int) -> Presents:
        """What people add for themselves: as their first two tastes suggest, most by the most active."""
        owner = np.searchsorted(people.activity, self.rng.random(count))
        own = self.rng.integers(0, 2, count)
        taste = people.tastes[owner, own].astype(np.int64)
        motif = people.motifs[owner, own, self.rng.integers(0, 2, count)].astype(np.int64)
        return self._stocked(self._designs(taste, motif, owner), np.full(count, -1))

    def _variants(self, count: int) -> tuple[Positions, Positions]:
        """For each of `count` presents the design that it is of (ascending from 0), and its colour or -1."""
        fewest, most = self.assortment.colours
        varied = self.rng.random(count) < self.assortment.varied
        sizes = np.where(varied, self.rng.integers(fewest, most + 1, count), 1)
        design = np.repeat(np.arange(count), sizes)[:count]
        number = np.arange(count) - np.searchsorted(design, design)
        colours = min(len(language.colours) for language in self.world.languages)
        colour = (self.rng.integers(0, colours, count)[design] + number) % colours
        return design, np.where(sizes[design] > 1, colour, -1)

    def _designs(self, taste: Positions, motif: Positions, owner: Positions) -> Presents:
        """One design for each taste and motif; what differs between its copies is left plain here."""
        rng, world, assortment = self.rng, self.world, self.assortment
        count = len(taste)
        curated = owner == NOBODY
        category = self._category(taste)
        language = rng.integers(0, len(LANGUAGES), count)
        relative = rng.normal(0.0, 1.0, count)
        price = np.exp(np.log(world.price[category]) + relative * world.spread[category])
        branded = rng.random(count) < assortment.branded
        described = curated | (rng.random(count) < assortment.described)
        occasional = curated & (rng.random(count) < assortment.occasional)
        return Presents(
            owner=owner.astype(np.int32),
            category=category.astype(np.int8),
            taste=taste.astype(np.int8),
            motif=motif.astype(np.int8),
            language=language.astype(np.int8),
            noun=self._word("nouns", language, category),
            detail=self._word("details", language, category),
            brand=np.where(branded, self._one_of(world.brands, category), -1).astype(np.int16),
            sentence=np.where(described, self._word("sentences", language, category), -1).astype(np.int16),
            occasion=np.where(occasional, rng.integers(0, len(world.seasons), count), -1).astype(np.int8),
            colour=np.full(count, -1, dtype=np.int8),
            platform=self._one_of(world.platforms, category),
            price=np.maximum(np.round(price, -1), CHEAPEST),
            relative_price=relative.astype(np.float32),
            appeal=np.ones(count),
            created=self._created(count),
            trending=np.zeros(count, dtype=np.bool_),
            target_gender=self._target_gender(taste),
            target_age=self._target_age(taste),
            geo=np.full(count, -1, dtype=np.int32),
            in_stock=np.ones(count, dtype=np.bool_),
            pictured=np.ones(count, dtype=np.bool_),
        )

    def _stocked(self, designs: Presents, colour: Positions) -> Presents:
        """Presents as they stand in the shop: what differs between two copies of one design is drawn here."""
        rng, assortment = self.rng, self.assortment
        count = len(designs)
        curated = designs.owner == NOBODY
        priceless = rng.random(count) < np.where(curated, assortment.no_price, assortment.no_price_private)
        local = rng.random(count) < assortment.local
        return replace(
            designs,
            colour=colour.astype(np.int8),
            price=np.where(priceless, np.nan, designs.price),
            appeal=np.power(rng.permutation(count) + assortment.head, -assortment.tail, dtype=np.float64),
            trending=curated & (rng.random(count) < assortment.trending),
            geo=np.where(local, rng.choice(GEOS[1:], count), -1).astype(np.int32),
            in_stock=rng.random(count) >= assortment.sold_out,
            pictured=rng.random(count) >= assortment.no_image,
        )

    def _category(self, taste: Positions) -> Positions:
        cumulative = np.cumsum(self.world.taste_categories, axis=1)[taste]
        above: Positions = (self.rng.random(len(taste))[:, None] > cumulative).sum(axis=1)
        return np.minimum(above, len(self.world.categories) - 1)

    def _word(self, kind: str, language: Positions, category: Positions) -> NDArray[np.int16]:
        """A position in the word list of each one's language and category."""
        sizes = np.array([[len(words) for words in getattr(one, kind)] for one in self.world.languages])
        return _floor(self.rng.random(len(category)) * sizes[language, category])

    def _one_of(self, lists: tuple[tuple[str, ...], ...], category: Positions) -> NDArray[np.int16]:
        """A position in each category's list, the first the likeliest."""
        sizes = np.array([len(words) for words in lists])
        return _floor(self.rng.random(len(category)) ** 1.5 * sizes[category])

    def _created(self, count: int) -> Positions:
        """Some in the half year before the calendar begins, the rest evenly over it up to yesterday."""
        start = self.calendar.first_day * DAY
        before = start - (self.rng.random(count) * 180 * DAY).astype(np.int64)
        within = start + (self.rng.random(count) * (self.calendar.now - DAY - start)).astype(np.int64)
        return np.where(self.rng.random(count) < self.assortment.old, before, within)

    def _target_gender(self, taste: Positions) -> NDArray[np.int8]:
        lean = (2.0 * self.world.women - 1.0)[taste]  # -1 = men's alone, 1 = women's alone
        told = self.rng.random(len(taste)) < np.abs(lean) * self.assortment.target_gender
        return np.where(told, np.where(lean > 0, WOMEN, MEN), -1).astype(np.int8)

    def _target_age(self, taste: Positions) -> NDArray[np.int8]:
        ages = self.world.ages / self.world.ages.sum(axis=1, keepdims=True)
        above = (self.rng.random(len(taste))[:, None] > np.cumsum(ages, axis=1)[taste]).sum(axis=1)
        told = self.rng.random(len(taste)) < self.assortment.target_age
        return np.where(told, np.minimum(above, len(AGE_GROUPS) - 1), -1).astype(np.int8)


def _floor(values: NDArray[np.float64]) -> NDArray[np.int16]:
    return values.astype(np.int16)
