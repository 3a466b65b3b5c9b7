"""The kinds of interaction and what each weighs."""

from enum import IntEnum
from typing import Final


class Kind(IntEnum):
    """What someone did to an item; the number is how arrays store it (int8) and never changes."""

    VIEW = 0
    CLICK = 1
    LIKE = 2
    SAVE = 3
    SHARE = 4
    PURCHASE = 5
    DISLIKE = 6

    @classmethod
    def named(cls, name: str) -> "Kind":
        """The kind of a lower-case name; ValueError for unknown ones."""
        try:
            return cls[name.upper()]
        except KeyError:
            raise ValueError(f"{name} is not a kind of interaction") from None


# How much one interaction of each kind says of taste (like = 3, click = 1, purchase = 5), by Kind's number.
WEIGHTS: Final[tuple[float, ...]] = (0.5, 1.0, 3.0, 3.0, 3.0, 5.0, -3.0)

# Kinds after which an item is not recommended to the same person again.
SETTLED: Final = frozenset({Kind.LIKE, Kind.PURCHASE, Kind.DISLIKE})

# What a pushed weight may be, beside 1: no one interaction outweighs a person's whole taste.
LEAST_FACTOR: Final = 0.0
MOST_FACTOR: Final = 100.0
