"""One catalog's items as columns: rows of the host's database in, aligned arrays sorted by id out."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from giftwise.catalog.topics import Topics
from giftwise.ids import IdKind

NO_CODE: Final = -1


@dataclass(frozen=True, slots=True)
class Traits:
    """What items have in catalogs of places and services, aligned with Items. NaN is unknown."""

    lat: NDArray[np.float32]  # [n] degrees
    lon: NDArray[np.float32]  # [n] degrees
    popularity: NDArray[np.float32]  # [n] the host's own, in its own unit
    rating: NDArray[np.float32]  # [n] a mean, in the host's unit
    rating_count: NDArray[np.float32]  # [n] of how many
    topics: Topics


@dataclass(frozen=True, slots=True)
class Items:
    """n public items, aligned, sorted by id. What an item lacks is NaN (numbers), -1 (codes), 0 (masks), "" (text).

    A *code* is a position in its vocabulary; a *mask* has one bit per word of its vocabulary, so that an item can
    suit friends and family at once.
    """

    id_kind: IdKind
    ids: NDArray[np.generic]  # [n] int64, S16 or S<width>; sorted, unique
    price: NDArray[np.float32]  # [n] in the item's currency
    created_at: NDArray[np.int64]  # [n] unix seconds, 0 = unknown
    category: NDArray[np.int16]  # [n] code in `categories`
    platform: NDArray[np.int16]  # [n] code in `platforms`
    suitable_for: NDArray[np.int64]  # [n] mask over `suitable_for_words`
    acquaintance_level: NDArray[np.int64]  # [n] mask over `acquaintance_level_words`
    target_gender: NDArray[np.int8]  # [n] code in demographics.GENDERS; whom the gift is for
    target_age: NDArray[np.int16]  # [n] mask over demographics.AGE_GROUPS
    geo: NDArray[np.int64]  # [n] region id, -1 = everywhere
    in_stock: NDArray[np.bool_]  # [n] as of the read
    cards: tuple[bytes, ...]  # [n] JSON {title, description?, currency, image_url, url}: what a page shows
    titles: tuple[str, ...]  # [n]
    categories: tuple[str, ...]
    platforms: tuple[str, ...]
    suitable_for_words: tuple[str, ...]
    acquaintance_level_words: tuple[str, ...]
    traits: Traits | None = None  # where the mapping names any

    def __len__(self) -> int:
        return len(self.ids)
