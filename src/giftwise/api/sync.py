"""The push surface's users and businesses: POST /sync/user and /sync/business, and their deletion."""

from fastapi import APIRouter

from giftwise.api.calls import Guarded, Ours, Pushed
from giftwise.api.problems import problem_responses
from giftwise.api.push_schema import DeletedBusiness, DeletedUser, EventKey, IdInPath, SyncedBusiness, SyncedUser
from giftwise.catalog.pushed import DeleteBusiness
from giftwise.errors import NotFound
from giftwise.fields import shown_id
from giftwise.interactions.messages import BusinessBody, UserBody
from giftwise.interactions.record import Outcome
from giftwise.people.pushed import DeleteUser

router = APIRouter(
    prefix="/sync", tags=["businesses"], dependencies=[Guarded, Pushed], responses=problem_responses(400, 409, 422, 503)
)


@router.post("/user", summary="Say who a user is", response_model_exclude_unset=True)
async def sync_user(body: UserBody, engine: Ours, event: EventKey = None) -> SyncedUser:
    """Inserts the user or replaces what was known. Counts from the user's very next recommendation on."""
    (outcome,) = await engine.recorder.apply([body.message(event)])
    answer = SyncedUser(status="synced", user_id=body.id)
    if outcome is Outcome.REPEATED:
        answer.repeated = True
    return answer


@router.post("/business", summary="Say what a business is", response_model_exclude_unset=True)
async def sync_business(body: BusinessBody, engine: Ours, event: EventKey = None) -> SyncedBusiness:
    """Inserts the business or replaces what was known. It can be recommended within seconds."""
    (outcome,) = await engine.recorder.apply([body.message(event)])
    answer = SyncedBusiness(status="synced", business_id=body.id)
    if outcome is Outcome.REPEATED:
        answer.repeated = True
    return answer


@router.delete("/user/{user_id:path}", summary="Forget a user", responses=problem_responses(404, 409, 422, 503))
async def delete_user(user_id: IdInPath, engine: Ours, event: EventKey = None) -> DeletedUser:
    """Removes the user with all interactions; 404 where there was nothing to remove."""
    (outcome,) = await engine.recorder.apply([DeleteUser(user_id, event)])
    if outcome is Outcome.ABSENT:
        raise NotFound(f"there is no user {user_id}")
    return DeletedUser(user_id=shown_id(user_id))


@router.delete(
    "/business/{business_id:path}", summary="Forget a business", responses=problem_responses(404, 409, 422, 503)
)
async def delete_business(business_id: IdInPath, engine: Ours, event: EventKey = None) -> DeletedBusiness:
    """Removes the business with all interactions; no answer names it from now on. 404 where there was none."""
    (outcome,) = await engine.recorder.apply([DeleteBusiness(business_id, event)])
    if outcome is Outcome.ABSENT:
        raise NotFound(f"there is no business {business_id}")
    return DeletedBusiness(business_id=shown_id(business_id))
