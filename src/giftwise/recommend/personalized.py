"""The personal ladder: one user's history in, the rungs that the contract names for so much history out."""

from dataclasses import dataclass, field

from giftwise.algorithms.content import ContentParams, score_content
from giftwise.algorithms.neighbours import NeighbourParams, score_neighbours
from giftwise.catalog.model import Model
from giftwise.interactions.history import History, HistoryParams
from giftwise.people.demographics import Segment
from giftwise.recommend.ladder import Rung, Scored
from giftwise.recommend.popular import POPULAR, POPULAR_FALLBACK, popular_rungs

CONTENT = "content_based"
COLLABORATIVE = "collaborative"
COLLABORATIVE_CONTENT = "collaborative_fallback_content"


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


def personal_rungs(model: Model, history: History, segment: Segment, params: LadderParams) -> list[Rung]:
    """The ladder for a user with this history: 0 interactions popular, 1-2 content, 3 or more collaborative."""
    if history.count < params.content_from:
        return popular_rungs(model, segment, POPULAR)
    places, weights = history.places, history.weights(params.history)

    def content(name: str) -> Rung:
        return Scored(name, lambda: score_content(model, places, weights, params.content))

    foot = popular_rungs(model, segment, POPULAR_FALLBACK)
    if history.count < params.collaborative_from:
        return [content(CONTENT), *foot]
    collaborative = Scored(COLLABORATIVE, lambda: score_neighbours(model, places, weights, params.neighbours))
    return [collaborative, content(COLLABORATIVE_CONTENT), *foot]
