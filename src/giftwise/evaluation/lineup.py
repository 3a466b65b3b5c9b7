"""What may be learned from in; our own ways to rank, each as a request would rank, out as contestants."""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from giftwise.algorithms.blend import blend
from giftwise.algorithms.content import score_content
from giftwise.algorithms.graph import GraphParams, item_neighbours
from giftwise.algorithms.mix import Mix, mixed_scores
from giftwise.algorithms.neighbours import NeighbourParams, score_neighbours
from giftwise.catalog.model import Model
from giftwise.evaluation.contest import Contestant
from giftwise.evaluation.mixing import Crowded, shares_for
from giftwise.evaluation.ranking import (
    Past,
    Pasts,
    Ranker,
    View,
    best_new,
    list_ranker,
    neighbour_scorer,
    popularity,
    ranker,
)
from giftwise.evaluation.shop import Facts, Learn, Shop, Told, segment_of
from giftwise.interactions.event import WEIGHTS
from giftwise.interactions.history import History
from giftwise.interactions.matrix import Interactions
from giftwise.interactions.recency import HistoryParams
from giftwise.people.demographics import Segment
from giftwise.recommend.ladder import Rung
from giftwise.recommend.personalized import LadderParams, personal_rungs, vary
from giftwise.recommend.popular import popular_rungs
from giftwise.recommend.variety import VarietyParams

POPULAR = "popular"
COLLABORATIVE = "collaborative"
NOW = "popular now"
DEMOGRAPHIC = "popular by demographics"
SERVED = "served"
UNEXPLORED = "served, nothing untried"
UNVARIED = "served, like gifts together too"
"""What variety costs: the same lists without a place for untried items; and with like gifts left together as well."""
CHANCE = "chance"
MIXED = "mixed"
WARM, CUT, COLD, NEW = "warm", "cut", "cold", "new"
"""Views: users with a history; the same with little of it left; users without; items that nobody touched."""

Free = NDArray[np.bool_]
USUAL_VARIETY = VarietyParams()

Choose = Callable[[], Mix]
"""Chooses the mixture for the training data that it was made with."""


def line_up(train: Interactions, facts: Facts | None, learn: Learn, mix: Choose | None = None) -> list[Contestant]:
    """Plain popularity and the graph's neighbours; with facts also content, blends, demographics and the ladder.

    `learn` gives the neighbours of `train`, and is called once for that; `mix` chooses the shares of the mixture.
    """
    pasts = Pasts(train)

    def collaborative(told: Told) -> Ranker:
        found = shop.neighbours(told)
        fading = _fading(train, found.fading)
        return ranker(fading, neighbour_scorer(found, NeighbourParams()))

    shop = Shop(train, facts, learn)
    plain = Contestant(
        POPULAR,
        lambda told: list_ranker(pasts, popularity(train, WEIGHTS)),
        frozenset({WARM, CUT, COLD}),
    )
    ours = [plain, Contestant(COLLABORATIVE, collaborative, frozenset({WARM, CUT}))]
    return (
        ours if facts is None else [*ours, *_informed(shop, pasts, facts, train, mix), *_mixed(shop, facts, train, mix)]
    )


def _fading(train: Interactions, fading: float) -> Pasts:
    """Pasts that fade as a catalog's neighbours were chosen with."""
    return Pasts(train, params=HistoryParams(fading=fading))


def graph_learner(params: GraphParams) -> Learn:
    """Neighbours by the graph filter with known parameters."""
    return lambda train, told: item_neighbours(train, params, told)


def _mixed(shop: Shop, facts: Facts, train: Interactions, choose: Choose | None) -> Iterator[Contestant]:
    """Neighbours, content and what is popular now, in shares chosen for the catalog."""
    if choose is None:
        return

    def fit(told: Told) -> Ranker:
        mix = choose()
        model, popular = shop.model(told), Crowded(train, facts, mix.popular_half_life_days)
        fading = _fading(train, model.facts["fading"])

        def rank(users: NDArray[np.int32], k: int, view: View) -> NDArray[np.int32]:
            ranked = np.full((len(users), k), -1, dtype=np.int32)
            for row, past in enumerate(fading.of(users, view)):
                crowd, shares = popular(past.user), shares_for(mix, past)
                scores = mixed_scores(model, past.places, past.weights, crowd, shares)
                best = best_new(scores, past.taken, k)
                ranked[row, : len(best)] = best
            return ranked

        return rank

    yield Contestant(MIXED, fit, frozenset({WARM, CUT, COLD}))


def _informed(
    shop: Shop, pasts: Pasts, facts: Facts, train: Interactions, choose: Choose | None
) -> Iterator[Contestant]:
    """Those who need more than interactions."""

    def content(told: Told) -> Ranker:
        model = shop.content_model()
        return ranker(pasts, lambda places, weights: score_content(model, places, weights))

    def blended(share: float) -> Callable[[Told], Ranker]:
        def fit(told: Told) -> Ranker:
            model = shop.model(told)
            fading = _fading(train, model.facts["fading"])

            def score(places: NDArray[np.int32], weights: NDArray[np.float32]) -> NDArray[np.float32]:
                voices = [score_neighbours(model, places, weights), score_content(model, places, weights)]
                return blend(voices, [1 - share, share])

            return ranker(fading, score)

        return fit

    def served(variety: VarietyParams) -> Callable[[Told], Ranker]:
        def fit(told: Told) -> Ranker:
            model = shop.serving(told, choose() if choose is not None else Mix())

            def rungs(user: int, history: History) -> list[Rung]:
                return personal_rungs(model, history, segment_of(facts.crowd, user), LadderParams())

            return ladder_ranker(pasts, model, rungs, variety=variety)

        return fit

    def recent(told: Told) -> Ranker:
        model = shop.popular_model()
        return ladder_ranker(pasts, model, lambda user, history: popular_rungs(model, Segment()))

    def demographic(told: Told) -> Ranker:
        model = shop.popular_model()
        return ladder_ranker(pasts, model, lambda user, history: popular_rungs(model, segment_of(facts.crowd, user)))

    def newest(told: Told) -> Ranker:
        return list_ranker(pasts, facts.items.created_at.astype(np.float32))

    def by_chance(told: Told) -> Ranker:
        rng = np.random.default_rng(len(facts.items))
        return ranker(pasts, lambda places, weights: rng.random(len(facts.items), dtype=np.float32))

    yield Contestant("content", content, frozenset({WARM, CUT, NEW}))
    yield Contestant("neighbours + content", blended(0.2), frozenset({WARM, CUT}))
    yield Contestant(NOW, recent, frozenset({WARM, CUT, COLD}))
    yield Contestant(DEMOGRAPHIC, demographic, frozenset({WARM, CUT, COLD}))
    yield Contestant(SERVED, served(VarietyParams()), frozenset({WARM, CUT, COLD}))
    yield Contestant(UNEXPLORED, served(VarietyParams(explore_every=0)), frozenset({WARM, CUT}))
    yield Contestant(UNVARIED, served(VarietyParams(explore_every=0, apart=0)), frozenset({WARM, CUT}))
    yield Contestant("newest", newest, frozenset({NEW}))
    yield Contestant(CHANCE, by_chance, frozenset({NEW}))


def ladder_ranker(
    pasts: Pasts,
    model: Model,
    rungs: Callable[[int, History], list[Rung]],
    allowed: Callable[[Past], Free] | None = None,
    variety: VarietyParams = USUAL_VARIETY,
) -> Ranker:
    """The ladder as requests climb it, variety and all; `allowed` says what may be ranked, by default all that is new
    to the user."""

    def rank(users: NDArray[np.int32], k: int, view: View) -> NDArray[np.int32]:
        ranked = np.full((len(users), k), -1, dtype=np.int32)
        for row, past in enumerate(pasts.of(users, view)):
            if allowed is not None:
                free = allowed(past)
            else:
                free = np.ones(len(model), dtype=np.bool_)
                free[past.taken] = False
            history = History(past.places, past.kinds, past.at)
            places = vary(model, rungs(past.user, history), free, k, variety).places[:k]
            ranked[row, : len(places)] = places
        return ranked

    return rank
