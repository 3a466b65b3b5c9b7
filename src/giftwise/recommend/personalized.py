"""The personal ladder: one user's history in, the rungs that the contract names for so much history out."""

from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from giftwise.algorithms.content import ContentParams, score_content
from giftwise.algorithms.mix import Shares, mix_of, mixed_scores
from giftwise.algorithms.neighbours import NeighbourParams
from giftwise.catalog.model import Model
from giftwise.interactions.history import History
from giftwise.interactions.recency import HistoryParams
from giftwise.people.demographics import Segment
from giftwise.recommend.ladder import Listed, Places, Ranked, Rung, Scored, Scores, climb
from giftwise.recommend.popular import POPULAR, POPULAR_FALLBACK, popular_rungs
from giftwise.recommend.variety import VarietyParams, explorers, insert, spread

CONTENT = "content_based"
COLLABORATIVE = "collaborative"
COLLABORATIVE_CONTENT = "collaborative_fallback_content"
CONTENT_RUNG: Final = 1  # of a personal ladder: content alone
NOTHING: Final[tuple[Places, Scores]] = (np.empty(0, np.int32), np.empty(0, np.float32))


@dataclass(frozen=True, slots=True)
class LadderParams:
    """From how much history each rung leads, and the hyperparameters of the rungs."""

    content_from: int = 1
    """Interactions from which a user's own preferences lead."""
    collaborative_from: int = 3
    """Interactions from which similar users lead."""
    history: HistoryParams = field(default_factory=HistoryParams)
    neighbours: NeighbourParams = field(default_factory=NeighbourParams)
    content: ContentParams = field(default_factory=ContentParams)
    variety: VarietyParams = field(default_factory=VarietyParams)


def personal_rungs(model: Model, history: History, segment: Segment, params: LadderParams) -> list[Rung]:
    """The ladder for a user with this history: 0 interactions popular, 1-2 content, 3 or more collaborative.

    The leading rung of the latter two hears several voices, by shares that were chosen for the catalog; the second
    one is content alone, which can speak of items that nobody has chosen yet.
    """
    if history.count < params.content_from:
        return popular_rungs(model, segment, POPULAR)
    places, weights = history.places, weights_of(model, history, params.history)
    few = history.count < params.collaborative_from
    foot = popular_rungs(model, segment, POPULAR_FALLBACK)
    people = foot[0].ranked if isinstance(foot[0], Listed) else None
    shares = shares_of(model, history)

    def mixed() -> Scores:
        return mixed_scores(
            model, places, weights, people, shares, neighbours=params.neighbours, content=params.content
        )

    def content() -> Scores:
        return score_content(model, places, weights, params.content)

    names = (CONTENT, CONTENT) if few else (COLLABORATIVE, COLLABORATIVE_CONTENT)
    return [Scored(names[0], mixed), Scored(names[1], content), *foot]


def weights_of(model: Model, history: History, params: HistoryParams) -> NDArray[np.float32]:
    """What each interaction says of the user's taste, fading as was chosen for the catalog: float32 [h]."""
    return history.weights(replace(params, fading=model.facts.get("fading", params.fading)))


def shares_of(model: Model, history: History) -> Shares:
    """How much each voice counts for a user with this history, as was chosen for the catalog."""
    return mix_of(model).shares(history.count)


def vary(model: Model, rungs: list[Rung], free: NDArray[np.bool_], want: int, params: VarietyParams) -> Ranked:
    """Climb, with a few untried items among the first places of a personal list, and like items kept apart.

    `free` [n] is consumed. At least the window that varies is ranked, so that its order never depends on `want`.
    """
    total = int(np.count_nonzero(free))
    want = max(want, params.window)
    personal = isinstance(rungs[0], Scored)
    fresh, scores = explorers(model, free, rungs[CONTENT_RUNG], params) if personal else NOTHING
    free[fresh] = False
    ranked = replace(climb(rungs, free, want), total=total)
    return insert(spread(model, ranked, params), fresh, scores, CONTENT_RUNG, params)
