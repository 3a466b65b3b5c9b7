"""The push surface's interactions: record one, list a user's newest, forget what is kept for a user."""

from typing import Annotated

from fastapi import APIRouter, Query

from giftwise.api.calls import Guarded, Ours, Pushed
from giftwise.api.problems import problem_responses
from giftwise.api.push_schema import Cleared, DeedOut, Deeds, EventKey, IdInPath, Recorded
from giftwise.catalog.pushed import CATALOG
from giftwise.fields import shown_id
from giftwise.interactions.messages import InteractionBody
from giftwise.interactions.record import Outcome

router = APIRouter(tags=["businesses"], dependencies=[Guarded], responses=problem_responses(422))


@router.post(
    "/interaction",
    summary="Record what a user did",
    response_model_exclude_unset=True,
    dependencies=[Pushed],
    responses=problem_responses(400, 409, 422, 503),
)
async def record(body: InteractionBody, engine: Ours, event: EventKey = None) -> Recorded:
    """One row a (user, business, type): a repeat sets weight and time. Durable when this answers, and counted in the
    user's next recommendation. A user or business that is not synced yet is no error: the interaction is kept."""
    (outcome,) = await engine.recorder.apply([body.message(event)])
    answer = Recorded(
        status="recorded",
        user_id=body.user_id,
        business_id=body.business_id,
        interaction_type=body.interaction_type,
    )
    if outcome is Outcome.REPEATED:
        answer.repeated = True
    return answer


@router.get(
    "/user/{user_id:path}/interactions",
    summary="What a user did, newest first",
    responses=problem_responses(422, 503),
)
async def newest(user_id: IdInPath, engine: Ours, limit: Annotated[int, Query(ge=1, le=100)] = 20) -> Deeds:
    """Empty for a user of whom nothing is known; that is no error."""
    deeds, count = await engine.businesses.newest(user_id, limit)
    return Deeds(
        user_id=shown_id(user_id),
        interactions_count=len(deeds),
        interactions=[
            DeedOut(business_id=deed.item, type=deed.kind, timestamp=deed.at, weight=deed.weight) for deed in deeds
        ],
        total_count=count,
    )


@router.post("/cache/clear/{user_id:path}", summary="Forget what is kept for a user")
async def clear(user_id: IdInPath, engine: Ours) -> Cleared:
    """Drops this user's kept lists of businesses, so that the next one is computed. User 1 is not user 11."""
    if await engine.answers.forget_users(CATALOG, [user_id]):
        message = f"the lists kept for user {user_id} are forgotten"
    else:
        message = f"Redis is away: this server forgets user {user_id} now, the others when Redis is back"
    return Cleared(message=message)
