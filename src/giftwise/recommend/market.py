"""The ladder of a catalog of businesses: a user's words, place and history in; the rungs to rank by out.

The same ladder as for presents, with what presents do not have: stated interests before the first interaction, and
every score multiplied by how near the business is and how it stands among the others.
"""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

import numpy as np

from giftwise.algorithms.content import ContentParams, score_content
from giftwise.algorithms.mix import mixed_scores, spread_list
from giftwise.algorithms.nearness import NearnessParams, nearness
from giftwise.algorithms.neighbours import NeighbourParams, has_neighbours
from giftwise.algorithms.standing import StandingParams, standing, standing_factor
from giftwise.algorithms.topics import stated_taste
from giftwise.catalog.model import Model
from giftwise.catalog.values import Place
from giftwise.interactions.history import History
from giftwise.interactions.recency import HistoryParams
from giftwise.people.demographics import Segment
from giftwise.recommend.customers import Customer
from giftwise.recommend.ladder import Ranked, Rung, Scored, Scores
from giftwise.recommend.personalized import COLLABORATIVE, COLLABORATIVE_CONTENT, CONTENT, shares_of, weights_of
from giftwise.recommend.popular import POPULAR, POPULAR_FALLBACK

INTERESTS: Final = "interests"


@dataclass(frozen=True, slots=True)
class MarketParams:
    """From how much history each rung leads, and the hyperparameters of the rungs."""

    content_from: int = 1
    """Interactions from which what was done leads, beside what is stated."""
    collaborative_from: int = 3
    """Interactions from which similar users lead."""
    least: float = 0.02
    """Score, of 1, of an item that nothing speaks for: near and far, good and bad are told apart among those too."""
    history: HistoryParams = field(default_factory=HistoryParams)
    neighbours: NeighbourParams = field(default_factory=NeighbourParams)
    content: ContentParams = field(default_factory=lambda: ContentParams(text=0.5))  # a name says little of a place
    nearness: NearnessParams = field(default_factory=NearnessParams)
    standing: StandingParams = field(default_factory=StandingParams)


def market_rungs(
    model: Model, history: History, customer: Customer, here: Place | None, params: MarketParams
) -> list[Rung]:
    """The ladder of one user: interests, content or collaborative, topped up by content, by what is popular, and by
    what stands well. `here` is where the user is now, where that is known better than by the user's row.

    The last rung speaks of every item, so no list ends while items are left.
    """
    places, weights = history.places, weights_of(model, history, params.history)
    stated = stated_taste(model, customer.interests, params.content.taste)
    crowd = model.popular(Segment().key)
    place = here or customer.place

    @lru_cache(maxsize=1)
    def near() -> Scores:
        if place is None or not len(model):
            return np.ones(len(model), dtype=np.float32)
        return nearness(*place, model["lat"], model["lon"], params.nearness)

    @lru_cache(maxsize=1)
    def stands() -> Scores:
        return standing(model["popularity"], model["rating"], model["rating_count"], params.standing)

    def placed(scores: Scores) -> Scores:
        """Scores of 0 to 1 at most, by nearness and standing."""
        lifted = params.least + (1 - params.least) * np.maximum(scores, 0)
        return np.asarray(lifted * near() * standing_factor(stands(), params.standing), dtype=np.float32)

    def mixed() -> Scores:
        shares = shares_of(model, history)
        return placed(
            mixed_scores(
                model, places, weights, crowd, shares,
                neighbours=params.neighbours, content=params.content, stated=stated,
            )
        )  # fmt: skip

    def content() -> Scores:
        return placed(_of_best(score_content(model, places, weights, params.content, stated=stated)))

    def popular() -> Scores:
        return placed(_of_best(spread_list(crowd, len(model)) if crowd is not None else np.full(len(model), np.nan)))

    def well() -> Scores:
        return np.asarray(stands() * near(), dtype=np.float32)

    if history.count >= params.collaborative_from:
        personal = [Scored(COLLABORATIVE if has_neighbours(model, places) else COLLABORATIVE_CONTENT, mixed)]
        personal.append(Scored(COLLABORATIVE_CONTENT, content))
    elif history.count >= params.content_from:
        personal = [Scored(CONTENT, mixed), Scored(CONTENT, content)]
    else:
        personal = [Scored(INTERESTS, content)] if len(stated) else []
    foot = [Scored(POPULAR if not personal else POPULAR_FALLBACK, popular), Scored(POPULAR_FALLBACK, well)]
    return [*personal, *foot]


def in_one_scale(ranked: Ranked) -> Ranked:
    """The same list with scores that fall from its first place to its last: each rung's are scaled to go on from
    where the one above ended, so that within a rung they keep their proportions."""
    scores = ranked.scores.astype(np.float64)
    ceiling = np.inf
    for rung in np.unique(ranked.rungs):
        mine = ranked.rungs == rung
        top = scores[mine].max()
        if top > ceiling:
            scores[mine] *= ceiling / top
        ceiling = scores[mine].min()
    return Ranked(ranked.places, scores.astype(np.float32), ranked.rungs, ranked.total)


def _of_best(scores: Scores) -> Scores:
    """Scores as shares of the best one; NaN stays."""
    best = np.fmax.reduce(scores, initial=0)
    return np.asarray(scores / best if best > 0 else scores, dtype=np.float32)
