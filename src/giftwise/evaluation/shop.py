"""What may be learned from in; the model that would serve, learned from that alone, out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from giftwise.algorithms.graph import Neighbours
from giftwise.algorithms.mix import Mix
from giftwise.algorithms.popularity import PopularityParams, segment_popularity
from giftwise.algorithms.text import title_vectors
from giftwise.catalog.item import Items
from giftwise.catalog.model import Model, RankedItems, item_arrays
from giftwise.interactions.matrix import Crowd, Interactions
from giftwise.people.demographics import AGE_GROUPS, GENDERS, Segment

Told = Callable[[float], None]
"""Called with the done share, 0..1."""

Learn = Callable[[Interactions, Told], Neighbours]
"""Learns the neighbours of whatever it is given."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known beside interactions: the items, the users, and the time (unix seconds) of the evaluation's now."""

    items: Items
    crowd: Crowd
    now: int


class Shop:
    """All that would serve, learned when it is first asked for."""

    def __init__(self, train: Interactions, facts: Facts | None, learn: Learn) -> None:
        self._train, self._facts, self._learn = train, facts, learn
        self._neighbours: Neighbours | None = None

    def neighbours(self, told: Told) -> Neighbours:
        """Learned at the first call."""
        if self._neighbours is None:
            self._neighbours = self._learn(self._train, told)
        return self._neighbours

    def _popular(self, half_life_days: float) -> Mapping[str, RankedItems]:
        assert self._facts is not None
        facts, params = self._facts, PopularityParams(half_life_days=half_life_days)
        return segment_popularity(self._train, facts.crowd, facts.items, params, facts.now)

    @cached_property
    def _content(self) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
        assert self._facts is not None
        arrays, known = item_arrays(self._facts.items)
        return arrays | {"text": title_vectors(self._facts.items.titles)}, known

    def content_model(self) -> Model:
        """Items and titles, nothing of what anybody did."""
        arrays, known = self._content
        return Model("evaluated", 0, datetime.now(UTC), arrays, known)

    def popular_model(self, half_life_days: float = PopularityParams().half_life_days) -> Model:
        """The same with the popular lists of every segment."""
        arrays, known = self._content
        lists_by_key = self._popular(half_life_days)
        lists = list(lists_by_key.values())
        stops = np.cumsum([len(ranked.items) for ranked in lists]).tolist()
        segments = {
            key: [stop - len(ranked.items), stop, ranked.support]
            for (key, ranked), stop in zip(lists_by_key.items(), stops, strict=True)
        }
        popular = {
            "popular_items": np.concatenate([ranked.items for ranked in lists]),
            "popular_scores": np.concatenate([ranked.scores for ranked in lists]),
        }
        return Model("evaluated", 0, datetime.now(UTC), arrays | popular, known | {"segments": segments})

    def model(self, told: Told) -> Model:
        """The same with the neighbours: all of it."""
        return self._with_neighbours(told, self.popular_model())

    def serving(self, told: Told, mix: Mix) -> Model:
        """All of it as it would serve: with the mix that was chosen, and popularity that forgets as fast."""
        whole = self._with_neighbours(told, self.popular_model(mix.popular_half_life_days))
        return Model(whole.catalog, 0, whole.made_at, whole.arrays, {**whole.facts, "mix": mix.as_json()})

    def _with_neighbours(self, told: Told, whole: Model) -> Model:
        found = self.neighbours(told)
        learned: dict[str, NDArray[Any]] = {"neighbours": found.items, "neighbour_weights": found.weights}
        facts = {**whole.facts, "fading": found.fading}
        return Model("evaluated", 0, datetime.now(UTC), {**whole.arrays, **learned}, facts)


def segment_of(crowd: Crowd, user: int) -> Segment:
    """The segment of one user."""
    gender, age, geo = int(crowd.gender[user]), int(crowd.age[user]), int(crowd.geo[user])
    return Segment(
        GENDERS[gender] if gender >= 0 else None, AGE_GROUPS[age] if age >= 0 else None, geo if geo >= 0 else None
    )
