"""What the generated world knows of its presents: how they differ, and the aligned arrays that hold them."""

from dataclasses import dataclass, fields
from typing import Final

import numpy as np
from numpy.typing import NDArray

from giftwise.seeding.words import MOTIFS

NOBODY: Final = -1  # the owner of a public present


@dataclass(frozen=True, slots=True)
class Assortment:
    """How presents differ; each number is a share of them unless said otherwise."""

    varied: float = 0.08  # of public designs come in several colours: near-duplicates
    colours: tuple[int, int] = (2, 4)  # how many colours those have, from and to
    branded: float = 0.35  # name a brand
    occasional: float = 0.12  # of public ones are made for one feast
    trending: float = 0.02  # of public ones are in fashion now and were not before
    old: float = 0.6  # were there before the calendar's first day
    tail: float = 0.8  # exponent of the Zipf law of appeal
    head: float = 8.0  # added to the rank in that law: the larger, the less the first few stand out
    target_gender: float = 0.8  # say whom they are for, where the taste is one gender's alone
    target_age: float = 0.45  # say for which age they are
    local: float = 0.05  # are sold in one region only
    sold_out: float = 0.04  # are out of stock
    no_price: float = 0.02  # of public ones have no price
    no_price_private: float = 0.15  # of private ones have no price
    no_image: float = 0.03  # have no picture
    described: float = 0.4  # of private ones have a description; all public ones do


@dataclass(frozen=True, slots=True)
class Presents:
    """n presents in order of creation, aligned. -1 in a code means none, any or everywhere; words are positions."""

    owner: NDArray[np.int32]  # [n] the person who added it, NOBODY for public ones
    category: NDArray[np.int8]  # [n]
    taste: NDArray[np.int8]  # [n]
    motif: NDArray[np.int8]  # [n]
    language: NDArray[np.int8]  # [n] position in LANGUAGES
    noun: NDArray[np.int16]  # [n]
    detail: NDArray[np.int16]  # [n]
    brand: NDArray[np.int16]  # [n]
    sentence: NDArray[np.int16]  # [n] of the description
    occasion: NDArray[np.int8]  # [n] position in World.seasons
    colour: NDArray[np.int8]  # [n]
    platform: NDArray[np.int16]  # [n] position in the category's platforms
    price: NDArray[np.float64]  # [n] roubles, NaN where none is known
    relative_price: NDArray[np.float32]  # [n] standard deviations above its category's median log price
    appeal: NDArray[np.float64]  # [n] how often it is chosen, against others of its kind
    created: NDArray[np.int64]  # [n] unix seconds
    trending: NDArray[np.bool_]  # [n]
    target_gender: NDArray[np.int8]  # [n] code in GENDERS
    target_age: NDArray[np.int8]  # [n] code in AGE_GROUPS
    geo: NDArray[np.int32]  # [n]
    in_stock: NDArray[np.bool_]  # [n]
    pictured: NDArray[np.bool_]  # [n]

    def __len__(self) -> int:
        return len(self.owner)

    def __getitem__(self, chosen: NDArray[np.int64]) -> "Presents":
        """The presents at these positions, in this order."""
        return Presents(**{field.name: getattr(self, field.name)[chosen] for field in fields(self)})

    @property
    def cluster(self) -> NDArray[np.int32]:
        """[n] taste and motif as one number: the group that a person's taste leads to."""
        return self.taste.astype(np.int32) * MOTIFS + self.motif


def join_presents(first: Presents, second: Presents) -> Presents:
    """Both, one after the other."""
    columns = {field.name: (getattr(first, field.name), getattr(second, field.name)) for field in fields(Presents)}
    return Presents(**{name: np.concatenate(pair) for name, pair in columns.items()})
