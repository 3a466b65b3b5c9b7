"""The voices of a personal list (neighbours, content, what is popular now) in; one score for every item out."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from giftwise.algorithms.blend import blend, scaled
from giftwise.algorithms.content import ContentParams, score_content
from giftwise.algorithms.neighbours import NeighbourParams, score_neighbours
from giftwise.algorithms.topics import NOTHING, Taste
from giftwise.catalog.model import Model, RankedItems

Floats = NDArray[np.float32]
Shares = tuple[float, float, float]
"""Of neighbours, content and popularity."""

NEIGHBOURS: Final = 0
CONTENT: Final = 1
POPULAR: Final = 2


@dataclass(frozen=True, slots=True)
class Mix:
    """What a catalog's lists are mixed of; chosen per catalog inside its training data and kept with its model."""

    popular_half_life_days: float = 30.0
    """Days after which an interaction counts half in popularity; 0 never forgets."""
    few: Shares = (0.6, 0.1, 0.3)
    """Shares for users of few interactions: two likes say little, so everyone's taste helps."""
    many: Shares = (0.9, 0.0, 0.1)
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


MARKET: Final = Mix(few=(0.2, 0.7, 0.1), many=(0.4, 0.55, 0.05))
"""Where items have categories, tags and places: what a business is says more than it does of a gift, and a marketplace
has few people on many places, so that its neighbours are weaker."""


def mix_of(model: Model) -> Mix:
    """What the model's lists are mixed of: as it was learned, else by what its items have."""
    kept = model.facts.get("mix")
    return MARKET if kept is None and "topics" in model else Mix.of_json(kept)


def mixed_scores(
    model: Model,
    places: NDArray[np.int32],
    weights: Floats,
    popular: RankedItems | None,
    shares: Shares,
    *,
    neighbours: NeighbourParams | None = None,
    content: ContentParams | None = None,
    stated: Taste = NOTHING,
) -> Floats:
    """Score of every item for a history of `places` [h] and `weights` [h]: float32 [n], NaN where no voice speaks.

    `popular` is the list of the user's own segment, `stated` what the user says of their taste. Voices without a
    share are not computed.
    """
    heard = voices(model, places, weights, popular, shares, neighbours=neighbours, content=content, stated=stated)
    return mix_voices(heard, shares, len(model))


def mix_voices(heard: Mapping[int, Floats], shares: Shares, items: int) -> Floats:
    """Voices by their place in Shares, as one score of every item: float32 [items], NaN where none speaks."""
    speaking = {voice: scores for voice, scores in heard.items() if shares[voice] > 0}
    if not speaking:
        return np.full(items, np.nan, dtype=np.float32)
    scores = list(speaking.values())
    return scores[0] if len(scores) == 1 else blend(scores, [shares[voice] for voice in speaking])


def leading_voice(
    model: Model,
    places: NDArray[np.int32],
    weights: Floats,
    popular: RankedItems | None,
    shares: Shares,
    *,
    chosen: NDArray[np.int32],
) -> NDArray[np.int8]:
    """Which voice adds most to each chosen item [c], as its place in Shares: int8 [c], -1 where none speaks."""
    leading = np.full(len(chosen), -1, dtype=np.int8)
    most = np.zeros(len(chosen), dtype=np.float32)
    for voice, scores in voices(model, places, weights, popular, shares).items():
        added = np.nan_to_num(scaled(scores)[chosen]) * np.float32(shares[voice])
        leading[added > most] = voice
        most = np.maximum(most, added)
    return leading


def voices(
    model: Model,
    places: NDArray[np.int32],
    weights: Floats,
    popular: RankedItems | None,
    shares: Shares,
    *,
    neighbours: NeighbourParams | None = None,
    content: ContentParams | None = None,
    stated: Taste = NOTHING,
) -> dict[int, Floats]:
    """The voices that have a share and can speak, by their place in Shares."""
    heard: dict[int, Floats] = {}
    if shares[NEIGHBOURS] > 0:
        heard[NEIGHBOURS] = score_neighbours(model, places, weights, neighbours or NeighbourParams())
    if shares[CONTENT] > 0:
        heard[CONTENT] = score_content(model, places, weights, content or ContentParams(), stated=stated)
    if shares[POPULAR] > 0 and popular is not None:
        heard[POPULAR] = spread_list(popular, len(model))
    return heard


def spread_list(ranked: RankedItems, items: int) -> Floats:
    """A precomputed list as a score of every item: float32 [n], NaN where the list does not name an item."""
    scores = np.full(items, np.nan, dtype=np.float32)
    scores[ranked.items] = ranked.scores
    return scores


def _shares(kept: Any) -> Shares:
    neighbours, content, popular = (float(share) for share in kept)
    return neighbours, content, popular
