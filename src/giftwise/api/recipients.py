"""The guided surface's recipients: list, create, read, change and erase people that gifts are for; their history."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from giftwise.api.calls import Guarded, Ours
from giftwise.api.problems import problem_responses
from giftwise.api.recipients_schema import (
    DeedOut,
    ErasedOut,
    NewRecipient,
    RecipientBody,
    RecipientId,
    RecipientOut,
    SaidOut,
    UserOfRecipients,
)
from giftwise.fields import text_id

router = APIRouter(
    prefix="/recipients", tags=["recipients"], dependencies=[Guarded], responses=problem_responses(404, 422, 503)
)

TOTAL = {
    "X-Total-Count": {"description": "how many there are on all pages", "schema": {"type": "integer"}},
}


@router.get(
    "/",
    summary="A user's recipients",
    responses={200: {"headers": TOTAL}, **problem_responses(422, 503)},
)
async def of_user(
    user_id: UserOfRecipients,
    engine: Ours,
    response: Response,
    *,
    search: Annotated[str | None, Query(max_length=200, description="words of the name or the relation")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 1000,
    offset: Annotated[int, Query(ge=0, le=2**31)] = 0,
) -> list[RecipientOut]:
    """Last changed first; a user whom nobody has named has none. `X-Total-Count` tells how many there are in all."""
    found, total = await engine.recipients.of_user(user_id, search, limit=limit, offset=offset)
    response.headers["X-Total-Count"] = str(total)
    return [RecipientOut.of(one) for one in found]


@router.post("/", status_code=201, summary="Create a recipient", responses=problem_responses(400, 422, 503))
async def create(body: NewRecipient, engine: Ours) -> RecipientOut:
    """A user first named here gets a row too."""
    return RecipientOut.of(await engine.recipients.create(text_id(body.user_id), body.facts))


@router.get("/{recipient_id}", summary="A recipient")
async def read(recipient_id: RecipientId, engine: Ours) -> RecipientOut:
    """As last said, by quizzes or by PUT."""
    return RecipientOut.of(await engine.recipients.read(recipient_id))


@router.put("/{recipient_id}", summary="Change a recipient", responses=problem_responses(400, 404, 422, 503))
async def update(recipient_id: RecipientId, body: RecipientBody, engine: Ours) -> RecipientOut:
    """Fields that are left out stay as they are; null clears one."""
    return RecipientOut.of(await engine.recipients.update(recipient_id, body.facts))


@router.delete("/{recipient_id}", summary="Erase a recipient")
async def erase(recipient_id: RecipientId, engine: Ours) -> ErasedOut:
    """Erases the recipient with all that was derived: facts, sessions, ideas, interactions, copies in the cache."""
    erased, cache = await engine.recipients.erase(recipient_id)
    return ErasedOut(recipient_id=recipient_id, erased=erased.rows, cache="erased" if cache else "pending")


@router.get("/{recipient_id}/history", summary="What was done for a recipient")
async def history(
    recipient_id: RecipientId, engine: Ours, limit: Annotated[int, Query(ge=1, le=1000)] = 100
) -> list[DeedOut]:
    """Every interaction across all sessions, newest first."""
    return [DeedOut.of(deed) for deed in await engine.recipients.history(recipient_id, limit)]


@router.get("/{recipient_id}/facts", summary="What was said of a recipient")
async def facts(
    recipient_id: RecipientId, engine: Ours, limit: Annotated[int, Query(ge=1, le=1000)] = 100
) -> list[SaidOut]:
    """Each time that facts were said, by a quiz or by PUT, newest first."""
    return [SaidOut.of(said) for said in await engine.recipients.said(recipient_id, limit)]
