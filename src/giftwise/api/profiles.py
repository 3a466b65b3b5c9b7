"""User profiles: what we know of a user's taste, and what hosts tell us of a user."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path
from pydantic import BaseModel, BeforeValidator, ConfigDict

from giftwise.api.calls import Guarded, Ours
from giftwise.api.present_schema import Age, Gender, Geo
from giftwise.api.problems import problem_responses
from giftwise.fields import Asked, Word, printable
from giftwise.ids import TEXT_MAX
from giftwise.people.users import Demographics

router = APIRouter(prefix="/user-profile", tags=["profiles"], dependencies=[Guarded], responses=problem_responses(422))

UserId = Annotated[str, Path(min_length=1, max_length=TEXT_MAX, examples=["123"]), BeforeValidator(printable)]


class DemographicsBody(Asked):
    """What a host says of a user; each field is optional, and `any` clears one."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"gender": "male", "age_group": "25-34", "locale": "ru", "geo_id": 213}]}
    )

    gender: Gender = None
    age_group: Age = None
    locale: Word | None = None
    geo_id: Geo = None


class DemographicsOut(BaseModel):
    """Who a user is, as far as known."""

    gender: str | None
    age_group: str | None
    locale: str | None
    geo_id: int | None

    @classmethod
    def of(cls, known: Demographics | None) -> "DemographicsOut | None":
        """Demographics as JSON; null for unknown users."""
        if known is None:
            return None
        return cls(gender=known.gender, age_group=known.age_group, locale=known.locale, geo_id=known.geo_id)


class ProfileOut(BaseModel):
    """What a user's interactions say: shares by word (0..1), prices in the catalog's currency."""

    preferred_categories: dict[str, float]
    preferred_platforms: dict[str, float]
    avg_price: float | None
    price_range_min: float | None
    price_range_max: float | None
    buying_patterns_target_ages: dict[str, float]
    buying_patterns_relationships: dict[str, float]
    buying_patterns_gender_targets: dict[str, float]
    interaction_count: int
    last_interaction_at: datetime | None


class UserProfile(BaseModel):
    """A user's profile and demographics, each null where there is none."""

    user_id: int | str
    profile: ProfileOut | None
    demographics: DemographicsOut | None


class Stated(BaseModel):
    """The demographics as they count from now on."""

    status: Literal["updated"] = "updated"
    message: str
    user_id: int | str
    demographics: DemographicsOut | None
    cached_until: datetime


class Refreshed(BaseModel):
    """The profile as it is now; the user's lists will be computed anew."""

    status: Literal["refreshed"] = "refreshed"
    message: str
    user_id: int | str
    profile: ProfileOut | None


@router.get("/{user_id}", summary="What we know of a user")
async def read(user_id: UserId, engine: Ours) -> UserProfile:
    """A user nobody has seen has neither profile nor demographics; that is no error."""
    profile, known = await engine.profiles.read(user_id)
    return UserProfile(
        user_id=await engine.profiles.shown_id(user_id), profile=_out(profile), demographics=DemographicsOut.of(known)
    )


@router.put("/{user_id}", summary="Say who a user is", responses=problem_responses(400, 422, 503))
async def state(user_id: UserId, body: DemographicsBody, engine: Ours) -> Stated:
    """Takes effect on the user's very next request. A later sync with the host's own row wins."""
    known, until = await engine.profiles.state(user_id, body.model_dump(include=body.model_fields_set))
    return Stated(
        message="demographics updated",
        user_id=await engine.profiles.shown_id(user_id),
        demographics=DemographicsOut.of(known),
        cached_until=until,
    )


@router.post(
    "/{user_id}/refresh", summary="Recompute one user now, after a like", responses=problem_responses(422, 503)
)
async def refresh(user_id: UserId, engine: Ours) -> Refreshed:
    """Compute this one user's profile now and drop their kept lists; call it after a like."""
    profile = await engine.profiles.refresh(user_id)
    return Refreshed(
        message="profile recomputed, lists dropped",
        user_id=await engine.profiles.shown_id(user_id),
        profile=_out(profile),
    )


def _out(profile: dict[str, Any] | None) -> ProfileOut | None:
    return ProfileOut.model_validate(profile) if profile is not None else None
