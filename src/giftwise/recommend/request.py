"""What a caller asks for, normalised: equal questions are equal objects with equal digests."""

import hashlib
from dataclasses import dataclass, field

import msgspec

from giftwise.people.demographics import Segment


@dataclass(frozen=True, slots=True)
class Filters:
    """What an item must satisfy to be on the list. None or empty means no limit; prices in the item's currency."""

    price_from: float | None = None
    price_to: float | None = None
    categories: tuple[str, ...] = ()
    platform: str | None = None
    suitable_for: str | None = None
    acquaintance_level: str | None = None
    exclude_ids: tuple[str, ...] = ()
    max_per_category: int | None = None


@dataclass(frozen=True, slots=True)
class PopularQuery:
    """A question for what is popular among people like these."""

    segment: Segment
    filters: Filters = field(default_factory=Filters)


@dataclass(frozen=True, slots=True)
class PersonalQuery:
    """A question for one user's own list; `geo` is where the user is now, None = as the profile says."""

    user_id: str
    geo: int | None = None
    filters: Filters = field(default_factory=Filters)


@dataclass(frozen=True, slots=True)
class Page:
    """Which places of the list are wanted; pages count from 1."""

    page: int
    limit: int

    @property
    def start(self) -> int:
        """The first wanted place, from 0."""
        return (self.page - 1) * self.limit

    @property
    def stop(self) -> int:
        """One past the last wanted place."""
        return self.start + self.limit


def digest(query: PopularQuery | PersonalQuery, version: str) -> str:
    """A short name for the list that answers this question from this snapshot; every filter is in it, no page is.

    32 hexadecimal digits: two of a billion questions share one with a chance of 1e-21.
    """
    whole = msgspec.json.encode((version, type(query).__name__, query))
    return hashlib.blake2b(whole, digest_size=16).hexdigest()
