"""What may be learned from in; our own ways to rank, each as a request would rank, out as contestants."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from giftwise.algorithms.blend import blend
from giftwise.algorithms.content import score_content
from giftwise.algorithms.graph import GraphParams, Neighbours, item_neighbours
from giftwise.algorithms.neighbours import NeighbourParams, score_neighbours
from giftwise.algorithms.popularity import PopularityParams, segment_popularity
from giftwise.algorithms.text import title_vectors
from giftwise.catalog.item import Items
from giftwise.catalog.model import Model, RankedItems, item_arrays
from giftwise.evaluation.contest import Contestant
from giftwise.evaluation.ranking import Pasts, Ranker, View, neighbour_scorer, popularity_scorer, ranker
from giftwise.interactions.history import History
from giftwise.interactions.matrix import Crowd, Interactions
from giftwise.people.demographics import AGE_GROUPS, GENDERS, Segment
from giftwise.recommend.ladder import Rung, climb
from giftwise.recommend.personalized import LadderParams, personal_rungs
from giftwise.recommend.popular import popular_rungs

POPULAR = "popular"
COLLABORATIVE = "collaborative"
CHANCE = "chance"
WARM, CUT, COLD, NEW = "warm", "cut", "cold", "new"
"""Views: users with a history; the same with little of it left; users without; items that nobody touched."""

Told = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known beside interactions: the items, the users, and the time (unix seconds) of the evaluation's now."""

    items: Items
    crowd: Crowd
    now: int


def line_up(train: Interactions, facts: Facts | None, learn: Callable[[Told], Neighbours]) -> list[Contestant]:
    """Plain popularity and the graph's neighbours; with facts also content, blends, demographics and the ladder.

    `learn` gives the neighbours of `train`; it is called once.
    """
    pasts = Pasts(train)

    def collaborative(told: Told) -> Ranker:
        return ranker(pasts, neighbour_scorer(shop.neighbours(told), NeighbourParams()))

    shop = _Shop(train, facts, learn)
    plain = Contestant(
        POPULAR,
        lambda told: ranker(pasts, popularity_scorer(train, GraphParams().kind_weights)),
        frozenset({WARM, CUT, COLD}),
    )
    ours = [plain, Contestant(COLLABORATIVE, collaborative, frozenset({WARM, CUT}))]
    return ours if facts is None else [*ours, *_informed(shop, pasts, facts)]


def graph_learner(train: Interactions, params: GraphParams) -> Callable[[Told], Neighbours]:
    """Neighbours by the graph filter with known parameters."""
    return lambda told: item_neighbours(train, params, told)


class _Shop:
    """All that would serve, learned when it is first asked for."""

    def __init__(self, train: Interactions, facts: Facts | None, learn: Callable[[Told], Neighbours]) -> None:
        self._train, self._facts, self._learn = train, facts, learn
        self._neighbours: Neighbours | None = None

    def neighbours(self, told: Told) -> Neighbours:
        if self._neighbours is None:
            self._neighbours = self._learn(told)
        return self._neighbours

    @cached_property
    def _popular(self) -> Mapping[str, RankedItems]:
        assert self._facts is not None
        facts = self._facts
        return segment_popularity(self._train, facts.crowd, facts.items, PopularityParams(), facts.now)

    @cached_property
    def _content(self) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
        assert self._facts is not None
        arrays, known = item_arrays(self._facts.items)
        return arrays | {"text": title_vectors(self._facts.items.titles)}, known

    def content_model(self) -> Model:
        """Items and titles, nothing of what anybody did."""
        arrays, known = self._content
        return Model("evaluated", 0, datetime.now(UTC), arrays, known)

    def popular_model(self) -> Model:
        """The same with the popular lists of every segment."""
        arrays, known = self._content
        lists = list(self._popular.values())
        stops = np.cumsum([len(ranked.items) for ranked in lists]).tolist()
        segments = {
            key: [stop - len(ranked.items), stop, ranked.support]
            for (key, ranked), stop in zip(self._popular.items(), stops, strict=True)
        }
        popular = {
            "popular_items": np.concatenate([ranked.items for ranked in lists]),
            "popular_scores": np.concatenate([ranked.scores for ranked in lists]),
        }
        return Model("evaluated", 0, datetime.now(UTC), arrays | popular, known | {"segments": segments})

    def model(self, told: Told) -> Model:
        """All of it."""
        found, whole = self.neighbours(told), self.popular_model()
        learned: dict[str, NDArray[Any]] = {"neighbours": found.items, "neighbour_weights": found.weights}
        return Model("evaluated", 0, datetime.now(UTC), {**whole.arrays, **learned}, whole.facts)


def _informed(shop: _Shop, pasts: Pasts, facts: Facts) -> Iterator[Contestant]:
    """Those who need more than interactions."""

    def content(told: Told) -> Ranker:
        model = shop.content_model()
        return ranker(pasts, lambda places, weights: score_content(model, places, weights))

    def blended(share: float) -> Callable[[Told], Ranker]:
        def fit(told: Told) -> Ranker:
            model = shop.model(told)

            def score(places: NDArray[np.int32], weights: NDArray[np.float32]) -> NDArray[np.float32]:
                voices = [score_neighbours(model, places, weights), score_content(model, places, weights)]
                return blend(voices, [1 - share, share])

            return ranker(pasts, score)

        return fit

    def served(told: Told) -> Ranker:
        model = shop.model(told)
        return _climbing(
            pasts,
            model,
            lambda user, history: personal_rungs(model, history, _segment(facts.crowd, user), LadderParams()),
        )

    def recent(told: Told) -> Ranker:
        model = shop.popular_model()
        return _climbing(pasts, model, lambda user, history: popular_rungs(model, Segment()))

    def demographic(told: Told) -> Ranker:
        model = shop.popular_model()
        return _climbing(pasts, model, lambda user, history: popular_rungs(model, _segment(facts.crowd, user)))

    def newest(told: Told) -> Ranker:
        made = facts.items.created_at.astype(np.float32)
        return ranker(pasts, lambda places, weights: made)

    def by_chance(told: Told) -> Ranker:
        rng = np.random.default_rng(len(facts.items))
        return ranker(pasts, lambda places, weights: rng.random(len(facts.items), dtype=np.float32))

    yield Contestant("content", content, frozenset({WARM, CUT, NEW}))
    for share in (0.2, 0.5):
        yield Contestant(f"neighbours + {share:.0%} content", blended(share), frozenset({WARM, CUT}))
    yield Contestant("popular now", recent, frozenset({WARM, CUT, COLD}))
    yield Contestant("popular by demographics", demographic, frozenset({WARM, CUT, COLD}))
    yield Contestant("served", served, frozenset({WARM, CUT, COLD}))
    yield Contestant("newest", newest, frozenset({NEW}))
    yield Contestant(CHANCE, by_chance, frozenset({NEW}))


def _climbing(pasts: Pasts, model: Model, rungs: Callable[[int, History], list[Rung]]) -> Ranker:
    """The ladder as requests climb it."""

    def rank(users: NDArray[np.int32], k: int, view: View) -> NDArray[np.int32]:
        ranked = np.full((len(users), k), -1, dtype=np.int32)
        for row, past in enumerate(pasts.of(users, view)):
            free = np.ones(len(model), dtype=np.bool_)
            free[past.taken] = False
            history = History(past.places, past.kinds, past.at)
            places = climb(rungs(past.user, history), free, k).places[:k]
            ranked[row, : len(places)] = places
        return ranked

    return rank


def _segment(crowd: Crowd, user: int) -> Segment:
    gender, age, geo = int(crowd.gender[user]), int(crowd.age[user]), int(crowd.geo[user])
    return Segment(
        GENDERS[gender] if gender >= 0 else None, AGE_GROUPS[age] if age >= 0 else None, geo if geo >= 0 else None
    )
