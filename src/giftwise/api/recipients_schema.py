"""The shapes of recipients: what hosts say of them (extra fields ignored), and what they get."""

import uuid
from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import Path, Query
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from giftwise.dialogue.quiz import BirthDate, GenderWord, Years
from giftwise.fields import HostId, Line, Words, printable, shown_id, text_id
from giftwise.ids import TEXT_MAX
from giftwise.people.recipients import Deed, Recipient, Said

RecipientId = Annotated[str, Path(max_length=200, examples=["7f1c4f0a-2f0b-4c3a-9d0e-5a6b7c8d9e0f"])]
UserOfRecipients = Annotated[
    str, Query(min_length=1, max_length=TEXT_MAX, examples=["1"]), AfterValidator(printable), AfterValidator(text_id)
]

PERSON: dict[str, Any] = {
    "name": "Anna",
    "relation": "friend",
    "gender": "f",
    "age": 30,
    "birth_date": None,
    "interests": ["lego", "coffee"],
}


class RecipientBody(BaseModel):
    """What a host says of a recipient. A field that is left out says nothing; null clears it."""

    model_config = ConfigDict(extra="ignore", json_schema_extra={"examples": [PERSON]})

    name: Line | None = None
    relation: Line | None = None
    gender: GenderWord | None = None
    age: Years | None = None
    birth_date: BirthDate | None = None
    interests: Words | None = None

    @property
    def facts(self) -> dict[str, Any]:
        """Those that were said."""
        return self.model_dump(include=self.model_fields_set - {"user_id"})


class NewRecipient(RecipientBody):
    """A recipient, and whose."""

    model_config = ConfigDict(extra="ignore", json_schema_extra={"examples": [{"user_id": 1, **PERSON}]})

    user_id: HostId


class RecipientOut(BaseModel):
    """A recipient as last said."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "7f1c4f0a-2f0b-4c3a-9d0e-5a6b7c8d9e0f",
                "user_id": 1,
                **PERSON,
                "facts": {"occasion": "birthday", "budget": 5000},
                "created_at": "2025-06-01T12:00:00Z",
                "updated_at": "2025-06-01T12:00:00Z",
            }
        }
    )

    id: uuid.UUID
    user_id: int | str
    name: str | None
    relation: str | None
    gender: str | None
    age: int | None = Field(description="in years; by the birth date where it is known")
    birth_date: date | None
    interests: list[str]
    facts: dict[str, Any] = Field(description="what else quizzes said, the newest of each")
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, one: Recipient) -> "RecipientOut":
        """A recipient as JSON."""
        return cls(
            id=one.id,
            user_id=shown_id(one.user_id),
            name=one.name,
            relation=one.relation,
            gender=one.gender,
            age=one.age,
            birth_date=one.birth_date,
            interests=one.interests,
            facts=one.facts,
            created_at=one.created_at,
            updated_at=one.updated_at,
        )


class DeedOut(BaseModel):
    """One interaction."""

    id: uuid.UUID
    recipient_id: uuid.UUID | None
    session_id: uuid.UUID | None
    action_type: str = Field(examples=["like_hypothesis"])
    target_type: Literal["hypothesis", "product", "navigation"]
    target_id: str | None
    value: str | None
    metadata_json: dict[str, Any]
    created_at: datetime

    @classmethod
    def of(cls, deed: Deed) -> "DeedOut":
        """An interaction as JSON."""
        return cls.model_validate(deed, from_attributes=True)


class SaidOut(BaseModel):
    """Facts as they were said at one time."""

    session_id: uuid.UUID | None = Field(description="the quiz's session; null where a host said it by itself")
    facts: dict[str, Any]
    created_at: datetime

    @classmethod
    def of(cls, said: Said) -> "SaidOut":
        """Facts as JSON."""
        return cls.model_validate(said, from_attributes=True)


class ErasedOut(BaseModel):
    """What is gone."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "status": "erased",
                "recipient_id": "7f1c4f0a-2f0b-4c3a-9d0e-5a6b7c8d9e0f",
                "erased": {"recipients": 1, "facts": 2, "sessions": 2, "hypotheses": 12, "interactions": 31},
                "cache": "erased",
            }
        }
    )

    status: Literal["erased"] = "erased"
    recipient_id: str
    erased: dict[str, int] = Field(description="rows by kind")
    cache: Literal["erased", "pending"] = Field(
        description="pending: Redis is away; the copies there serve nobody any more, and the clean-up drops them"
    )
