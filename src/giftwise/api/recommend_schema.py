"""The shapes of GET /recommend: the context that a query may carry, and the list that it gets."""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from giftwise.errors import BadContext, pointer
from giftwise.fields import Asked, HostId, Word, text_id
from giftwise.interactions.messages import LocationBody
from giftwise.recommend.marketplace import MarketQuery, Suggestion, Suggestions
from giftwise.recommend.request import Filters

CONTEXT_MAX = 64_000  # characters; a thousand ids of the longest kind

Rung = Literal[
    "interests", "content_based", "collaborative", "collaborative_fallback_content", "popular", "popular_fallback"
]


class Context(Asked):
    """Where the user is now, and what the list is narrowed to. Fields that are not known are ignored."""

    location: LocationBody | None = None
    categories: list[Word] = Field([], max_length=100)
    exclude_ids: list[HostId] = Field([], max_length=1000)

    @classmethod
    def of(cls, text: str | None) -> Self:
        """The context of a query; BadContext for what is not its JSON."""
        if text is None or not text.strip():
            return cls()
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            faults = (f"{pointer(fault['loc']) or 'the whole'}: {fault['msg']}" for fault in error.errors())
            raise BadContext("; ".join(faults)) from None

    def query(self, user: str) -> MarketQuery:
        """As the engine takes it."""
        return MarketQuery(
            user,
            None if self.location is None else (self.location.lat, self.location.lon),
            Filters(
                categories=tuple(sorted(set(self.categories))),
                exclude_ids=tuple(sorted({text_id(one) for one in self.exclude_ids})),
            ),
        )


class LocationOut(BaseModel):
    """A place on Earth, in degrees."""

    lat: float
    lon: float


class RecommendationOut(BaseModel):
    """One business."""

    business_id: int | str
    name: str | None
    categories: list[str]
    score: float = Field(description="falls from place to place and is comparable within one list; 0 to 1")
    type: Rung = Field(description="the way in which this place was filled")
    location: LocationOut | None

    @classmethod
    def of(cls, found: Suggestion) -> Self:
        """One place as JSON."""
        place = found.card.place
        return cls.model_validate(
            {
                "business_id": found.id,
                "name": found.card.title,
                "categories": list(found.card.categories),
                "score": found.score,
                "type": found.rung,
                "location": None if place is None else LocationOut(lat=place[0], lon=place[1]),
            }
        )


class Recommendations(BaseModel):
    """A user's businesses, best first."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "source": "database",
                "user_id": 1,
                "recommendations": [
                    {
                        "business_id": 10,
                        "name": "North Roastery",
                        "categories": ["coffee"],
                        "score": 0.81,
                        "type": "collaborative",
                        "location": {"lat": 55.75, "lon": 37.62},
                    }
                ],
                "count": 1,
                "generation": 12,
                "age_seconds": 340.5,
            }
        }
    )

    source: Literal["cache", "database"] = Field(description="cache only when the list came from the cache")
    user_id: int | str
    recommendations: list[RecommendationOut]
    count: int
    generation: int = Field(description="which model answered; 0 while the first is being learned")
    age_seconds: float = Field(description="how old that model is; what came since is in it all the same")

    @classmethod
    def of(cls, user: int | str, found: Suggestions) -> Self:
        """A list as JSON."""
        return cls(
            source=found.source,
            user_id=user,
            recommendations=[RecommendationOut.of(one) for one in found.places],
            count=len(found.places),
            generation=found.generation,
            age_seconds=round(found.age_seconds, 3),
        )
