"""The guided surface's dialogue: POST /recommendations/init and /interact, an idea's products, a reaction to it."""

from typing import Annotated

from fastapi import APIRouter, Body, Query

from giftwise.api.calls import Guarded, Ours
from giftwise.api.dialogue_schema import (
    QUIZ,
    HypothesisId,
    InitBody,
    Reacted,
    ReactionBody,
    SessionId,
    StepBody,
    UserInQuery,
    WrappedQuiz,
)
from giftwise.api.problems import problem_responses
from giftwise.dialogue.dialogue import ReactionWord
from giftwise.dialogue.session import Gift, Session
from giftwise.errors import FieldError, InvalidRequest
from giftwise.fields import text_id

router = APIRouter(
    prefix="/recommendations", tags=["dialogue"], dependencies=[Guarded], responses=problem_responses(404, 422, 503)
)

EXAMPLES = {
    "bare": {"summary": "the quiz itself, with ?user_id=", "value": QUIZ},
    "wrapped": {"summary": "a quiz with whose it is", "value": {"user_id": 1, "quiz": QUIZ}},
}


@router.post("/init", summary="From a quiz to a session", responses=problem_responses(400, 404, 422, 503))
async def init(
    body: Annotated[InitBody, Body(openapi_examples=EXAMPLES)],
    engine: Ours,
    user_id: UserInQuery = None,
    recipient_id: Annotated[str | None, Query(description="a recipient that is known already")] = None,
) -> Session:
    """The body is the quiz, or `{"user_id": ..., "quiz": {...}}`. With a user_id, a recipient is created with every
    fact of the quiz; with a recipient_id, the quiz is merged into what is known of them, and what they got is never
    shown again. Without either the session is anonymous, and works in full."""
    if isinstance(body, WrappedQuiz):
        user_id = text_id(body.user_id) if body.user_id is not None else user_id
        return await engine.dialogue.init(body.quiz, user_id, body.recipient_id or recipient_id)
    return await engine.dialogue.init(body, user_id, recipient_id)


@router.post("/interact", summary="One step of the giver", responses=problem_responses(400, 404, 422, 503))
async def interact(body: StepBody, engine: Ours) -> Session:
    """Answers the whole session after the step. It is recorded before this answers."""
    return await engine.dialogue.interact(body.session_id, body.step)


@router.get("/{session_id}", summary="A session as it is now")
async def read(session_id: SessionId, engine: Ours) -> Session:
    """For 30 days after the last step."""
    return await engine.dialogue.session(session_id)


@router.get("/hypothesis/{hypothesis_id}/products", summary="The products of an idea")
async def products(hypothesis_id: HypothesisId, engine: Ours) -> list[Gift]:
    """About 15, within the session's budget; where nothing is, a little above it, with `budget_relaxed`."""
    return await engine.dialogue.products(hypothesis_id)


@router.post(
    "/hypothesis/{hypothesis_id}/react",
    summary="Like, dislike or shortlist an idea",
    responses=problem_responses(400, 404, 422, 503),
)
async def react(
    hypothesis_id: HypothesisId,
    engine: Ours,
    body: ReactionBody | None = None,
    reaction: Annotated[ReactionWord | None, Query(description="or in the body")] = None,
) -> Reacted:
    """The reaction comes as `?reaction=` or as JSON. It steers what comes next, as the action of that name does."""
    said = reaction or (body.reaction if body is not None else None)
    if said is None:
        message = "like, dislike or shortlist is needed, as ?reaction= or as JSON"
        raise InvalidRequest(f"/reaction: {message}", (FieldError("/reaction", message),))
    await engine.dialogue.react(hypothesis_id, said)
    return Reacted(hypothesis_id=hypothesis_id, reaction=said)
