"""What hosts tell us, by REST or by a queue: a body as JSON in, a checked message out."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Annotated, Final, Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from giftwise.catalog.pushed import BusinessMessage, DeleteBusiness
from giftwise.errors import FieldError, InvalidRequest, pointer
from giftwise.fields import Asked, EventId, HostId, Line, Moment, Number, Prose, Words, text_id
from giftwise.interactions.pushed import InteractionMessage
from giftwise.people.pushed import DeleteUser, Location, UserMessage

Message = UserMessage | BusinessMessage | InteractionMessage | DeleteUser | DeleteBusiness
InteractionType = Literal["view", "like", "save", "purchase", "share"]

INT32: Final = 2**31


class Told(Asked, ABC):
    """One thing that a host tells."""

    event_id: EventId | None = Field(
        None, description="names this event: it is applied once, however often and whichever way it comes"
    )

    @abstractmethod
    def message(self, event_id: str | None = None) -> Message:
        """As it is recorded; an event id from around the body comes before the body's own."""


class LocationBody(Asked):
    """A place on Earth."""

    lat: Number = Field(ge=-90, le=90, description="degrees north", examples=[55.75])
    lon: Number = Field(ge=-180, le=180, description="degrees east", examples=[37.62])


class UserBody(Told):
    """A user as the host has it now. It replaces what was known: a field left out is unknown from now on."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": 1,
                    "username": "anna",
                    "email": "anna@example.com",
                    "interests": ["coffee", "books"],
                    "location": {"lat": 55.75, "lon": 37.62},
                }
            ]
        }
    )

    id: HostId
    username: Line | None = None
    email: Line | None = None
    interests: Words = Field([], description="words, matched with categories and tags")
    location: LocationBody | None = None

    def message(self, event_id: str | None = None) -> UserMessage:
        """As it is recorded."""
        return UserMessage(
            text_id(self.id),
            self.username,
            self.email,
            tuple(self.interests),
            _location(self.location),
            event_id or self.event_id,
        )


class BusinessBody(Told):
    """A business as the host has it now. It replaces what was known: a field left out is unknown from now on."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": 10,
                    "name": "Corner Roastery",
                    "description": "Coffee roasted on the spot",
                    "categories": ["coffee"],
                    "tags": ["breakfast", "wifi"],
                    "location": {"lat": 55.76, "lon": 37.61},
                    "popularity_score": 0.8,
                    "rating": 4.6,
                    "rating_count": 212,
                }
            ]
        }
    )

    id: HostId
    name: Line = Field(min_length=1)
    description: Prose | None = None
    categories: Words = Field([], description="the main one first")
    tags: Words = Field([])
    location: LocationBody | None = None
    popularity_score: Number | None = Field(None, description="the host's own, in its own unit; more is more popular")
    rating: Number | None = Field(None, ge=0, description="mean of rating_count ratings")
    rating_count: int | None = Field(None, ge=0, lt=INT32)

    def message(self, event_id: str | None = None) -> BusinessMessage:
        """As it is recorded."""
        return BusinessMessage(
            text_id(self.id),
            self.name,
            self.description,
            tuple(self.categories),
            tuple(self.tags),
            _location(self.location),
            self.popularity_score,
            self.rating,
            self.rating_count,
            event_id or self.event_id,
        )


class InteractionBody(Told):
    """A user did something with a business; a repeat of the same type sets weight and time."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"user_id": 1, "business_id": 10, "interaction_type": "like", "weight": 1.0}],
        }
    )

    user_id: HostId
    business_id: HostId
    interaction_type: InteractionType
    weight: Annotated[Number, Field(ge=0, le=1e6, description="how much it counts beside others of its type")] = 1.0
    timestamp: Moment | None = Field(
        None, description="when it was (ISO 8601 or unix seconds); absent = now. An older repeat changes nothing"
    )

    def message(self, event_id: str | None = None) -> InteractionMessage:
        """As it is recorded."""
        return InteractionMessage(
            text_id(self.user_id),
            text_id(self.business_id),
            self.interaction_type,
            self.weight,
            self.timestamp,
            event_id or self.event_id,
        )


class DeleteUserBody(Told):
    """A user is gone."""

    id: HostId

    def message(self, event_id: str | None = None) -> DeleteUser:
        """As it is recorded."""
        return DeleteUser(text_id(self.id), event_id or self.event_id)


class DeleteBusinessBody(Told):
    """A business is gone."""

    id: HostId

    def message(self, event_id: str | None = None) -> DeleteBusiness:
        """As it is recorded."""
        return DeleteBusiness(text_id(self.id), event_id or self.event_id)


BODIES: Final[Mapping[str, type[Told]]] = {
    "user": UserBody,
    "business": BusinessBody,
    "interaction": InteractionBody,
    "delete_user": DeleteUserBody,
    "delete_business": DeleteBusinessBody,
}


_event_ids: Final[TypeAdapter[str | None]] = TypeAdapter(EventId | None)


def parse(kind: str, data: object, event_id: object = None) -> Message:
    """A message of one of BODIES' kinds from its decoded JSON, and the event id from around it.

    InvalidRequest where it is none, with a JSON pointer for each fault: `/type`, `/event_id`, or a place in the data.
    """
    body = BODIES.get(kind) if isinstance(kind, str) else None
    if body is None:
        raise _invalid([FieldError("/type", f"the type is one of {', '.join(BODIES)}")])
    try:
        envelope = _event_ids.validate_python(event_id)
    except ValidationError as error:
        raise _invalid(_faults(error, "event_id")) from None
    return read_body(body, data).message(envelope)


def read_body(body: type[Told], data: object) -> Told:
    """A body from its decoded JSON; InvalidRequest with a JSON pointer for each fault."""
    try:
        return body.model_validate(data)
    except ValidationError as error:
        raise _invalid(_faults(error)) from None


def _location(body: LocationBody | None) -> Location | None:
    return None if body is None else Location(body.lat, body.lon)


def _faults(error: ValidationError, *where: str) -> list[FieldError]:
    faults = error.errors(include_url=False, include_context=False, include_input=False)
    return [
        FieldError(pointer((*where, *fault["loc"])), fault["msg"].removeprefix("Value error, ")) for fault in faults
    ]


def _invalid(faults: list[FieldError]) -> InvalidRequest:
    detail = "; ".join(f"{fault.pointer or 'body'}: {fault.message}" for fault in faults)
    return InvalidRequest(detail, tuple(faults))
