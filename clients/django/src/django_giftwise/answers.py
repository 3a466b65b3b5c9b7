"""What the engine answers, as frozen dataclasses; what a field means is in the contract's table of calls."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

Id = int | str | UUID
Location = tuple[float, float]  # latitude, longitude in degrees


@dataclass(frozen=True, slots=True)
class Recommendation:
    """One place of a list."""

    business_id: Id
    name: str
    categories: tuple[str, ...]
    score: float  # falls along the list
    type: str  # the rung that found it
    location: Location | None


@dataclass(frozen=True, slots=True)
class Recommendations:
    """A ranked list; empty with the source `none` where the engine could not be asked or does not know the user."""

    user_id: Id
    items: tuple[Recommendation, ...] = ()
    source: str = "none"  # cache, database or none

    @property
    def ids(self) -> list[Id]:
        """The businesses' ids, best first."""
        return [item.business_id for item in self.items]

    def __iter__(self) -> Iterator[Recommendation]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)


@dataclass(frozen=True, slots=True)
class Interaction:
    """One thing that a user did, as the engine has it."""

    business_id: Id
    type: str
    timestamp: str  # ISO 8601
    weight: float


@dataclass(frozen=True, slots=True)
class Rejected:
    """A line of a bulk call that the engine will never take: its position, and why."""

    index: int
    reason: str


@dataclass(frozen=True, slots=True)
class Bulk:
    """What became of a bulk call's lines."""

    taken: int = 0
    rejected: tuple[Rejected, ...] = field(default=())


def read_location(found: Mapping[str, Any] | None) -> Location | None:
    """A location of an answer."""
    return (float(found["lat"]), float(found["lon"])) if found else None


def read_recommendations(found: Mapping[str, Any]) -> Recommendations:
    """The body of GET /recommend/{user_id}."""
    return Recommendations(
        user_id=found["user_id"],
        source=found["source"],
        items=tuple(
            Recommendation(
                business_id=item["business_id"],
                name=item["name"] or "",
                categories=tuple(item["categories"]),
                score=float(item["score"]),
                type=item["type"],
                location=read_location(item["location"]),
            )
            for item in found["recommendations"]
        ),
    )


def read_interactions(found: Mapping[str, Any]) -> tuple[Interaction, ...]:
    """The body of GET /user/{user_id}/interactions."""
    return tuple(
        Interaction(item["business_id"], item["type"], item["timestamp"], float(item["weight"]))
        for item in found["interactions"]
    )
