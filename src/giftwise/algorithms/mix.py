"""The voices of a personal list (neighbours, content, what is popular now) in; one score for every item out."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from giftwise.algorithms.blend import blend
from giftwise.algorithms.content import ContentParams, score_content
from giftwise.algorithms.neighbours import NeighbourParams, score_neighbours
from giftwise.catalog.model import Model, RankedItems

Floats = NDArray[np.float32]
Shares = tuple[float, float, float]
"""Of neighbours, content and popularity."""


@dataclass(frozen=True, slots=True)
class Mix:
    """What a catalog's lists are mixed of; chosen per catalog inside its training data and kept with its model."""

    popular_half_life_days: float = 60.0
    """Days after which an interaction counts half in popularity; 0 never forgets."""
    few: Shares = (0.4, 0.4, 0.2)
    """Shares for users of few interactions: two likes say little, so everyone's taste helps."""
    many: Shares = (0.8, 0.0, 0.2)
    """Shares for the others."""
    few_until: int = 2
    """Interactions up to which a user has few."""

    def shares(self, interactions: int) -> Shares:
        """The shares for a user with so many interactions (one or more)."""
        return self.few if interactions <= self.few_until else self.many

    def as_json(self) -> dict[str, Any]:
        """As it is kept with a model."""
        return asdict(self)

    @classmethod
    def of_json(cls, kept: Mapping[str, Any] | None) -> Self:
        """As it was kept; the defaults where nothing was."""
        if kept is None:
            return cls()
        return cls(
            popular_half_life_days=float(kept["popular_half_life_days"]),
            few=_shares(kept["few"]),
            many=_shares(kept["many"]),
            few_until=int(kept.get("few_until", 2)),
        )


def mixed_scores(
    model: Model,
    places: NDArray[np.int32],
    weights: Floats,
    popular: RankedItems | None,
    shares: Shares,
    *,
    neighbours: NeighbourParams | None = None,
    content: ContentParams | None = None,
) -> Floats:
    """Score of every item for a history of `places` [h] and `weights` [h]: float32 [n], NaN where no voice speaks.

    `popular` is the list of the user's own segment. Voices without a share are not computed.
    """
    voices: list[Floats] = []
    heard: list[float] = []
    if shares[0] > 0:
        voices.append(score_neighbours(model, places, weights, neighbours or NeighbourParams()))
        heard.append(shares[0])
    if shares[1] > 0:
        voices.append(score_content(model, places, weights, content or ContentParams()))
        heard.append(shares[1])
    if shares[2] > 0 and popular is not None:
        voices.append(spread_list(popular, len(model)))
        heard.append(shares[2])
    if not voices:
        return np.full(len(model), np.nan, dtype=np.float32)
    return voices[0] if len(voices) == 1 else blend(voices, heard)


def spread_list(ranked: RankedItems, items: int) -> Floats:
    """A precomputed list as a score of every item: float32 [n], NaN where the list does not name an item."""
    scores = np.full(items, np.nan, dtype=np.float32)
    scores[ranked.items] = ranked.scores
    return scores


def _shares(kept: Any) -> Shares:
    neighbours, content, popular = (float(share) for share in kept)
    return neighbours, content, popular
