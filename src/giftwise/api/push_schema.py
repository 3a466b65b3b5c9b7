"""The push surface's answers, and what stands in its paths and headers; the bodies are interactions/messages.py."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import Header, Path
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from giftwise.api.problems import Fault
from giftwise.fields import EVENT_ID_MAX, printable, text_id
from giftwise.ids import TEXT_MAX
from giftwise.interactions.messages import InteractionType

IdInPath = Annotated[
    str,
    Path(min_length=1, max_length=TEXT_MAX, examples=["1"]),
    BeforeValidator(printable),
    AfterValidator(text_id),
]
EventKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=EVENT_ID_MAX,
        description="the same as `event_id` in the body, for those who would rather not change it",
    ),
]
REPEATED = "an event of this id was applied before; nothing was changed"


class SyncedUser(BaseModel):
    """A user is as the body says."""

    model_config = ConfigDict(json_schema_extra={"example": {"status": "synced", "user_id": 1}})

    status: Literal["synced"] = "synced"
    user_id: int | str = Field(description="as it was sent")
    repeated: bool | None = Field(None, description=REPEATED)


class SyncedBusiness(BaseModel):
    """A business is as the body says."""

    model_config = ConfigDict(json_schema_extra={"example": {"status": "synced", "business_id": 10}})

    status: Literal["synced"] = "synced"
    business_id: int | str = Field(description="as it was sent")
    repeated: bool | None = Field(None, description=REPEATED)


class DeletedUser(BaseModel):
    """A user is gone, with all that they did."""

    model_config = ConfigDict(json_schema_extra={"example": {"status": "deleted", "user_id": 1}})

    status: Literal["deleted"] = "deleted"
    user_id: int | str


class DeletedBusiness(BaseModel):
    """A business is gone, with all that was done with it."""

    model_config = ConfigDict(json_schema_extra={"example": {"status": "deleted", "business_id": 10}})

    status: Literal["deleted"] = "deleted"
    business_id: int | str


class Recorded(BaseModel):
    """An interaction is durable, and counts in the user's next recommendation."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"status": "recorded", "user_id": 1, "business_id": 10, "interaction_type": "like"}
        }
    )

    status: Literal["recorded"] = "recorded"
    user_id: int | str = Field(description="as it was sent")
    business_id: int | str = Field(description="as it was sent")
    interaction_type: InteractionType
    repeated: bool | None = Field(None, description=REPEATED)


class Cleared(BaseModel):
    """This user's kept lists are forgotten, and nobody else's."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"status": "cleared", "message": "the lists kept for user 1 are forgotten"}}
    )

    status: Literal["cleared"] = "cleared"
    message: str


class DeedOut(BaseModel):
    """One thing that a user did."""

    business_id: int | str
    type: str = Field(examples=["like"])
    timestamp: datetime
    weight: float


class Deeds(BaseModel):
    """A user's newest interactions, newest first."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "user_id": 1,
                "interactions_count": 1,
                "interactions": [
                    {"business_id": 10, "type": "like", "timestamp": "2025-06-01T12:00:00Z", "weight": 1.0}
                ],
                "total_count": 31,
            }
        }
    )

    user_id: int | str
    interactions_count: int = Field(description="how many are in this answer")
    interactions: list[DeedOut]
    total_count: int = Field(description="how many there are")


class LineFault(BaseModel):
    """Why a line was refused."""

    code: str = Field(examples=["invalid_request"])
    detail: str
    errors: list[Fault] = Field(description="pointers start at the line's own object")


class LineAnswer(BaseModel):
    """What became of one line of a bulk call."""

    index: int = Field(description="which line, from 0; blank lines are not counted")
    status: Literal["synced", "recorded", "error"]
    user_id: int | str | None = None
    business_id: int | str | None = None
    interaction_type: InteractionType | None = None
    repeated: bool | None = Field(None, description=REPEATED)
    error: LineFault | None = None
