"""The present surface: POST /popular and POST /personalized."""

from fastapi import APIRouter, Request

from giftwise import telemetry
from giftwise.api.calls import Guarded, Ours, milliseconds_since_start
from giftwise.api.engine import Engine
from giftwise.api.present_schema import (
    ListAnswer,
    ListParams,
    PersonalizedRequest,
    PopularRequest,
)
from giftwise.api.problems import problem_responses
from giftwise.errors import FieldError, InvalidRequest
from giftwise.people.demographics import Segment
from giftwise.recommend.page import Answer
from giftwise.recommend.request import Page, PersonalQuery, PopularQuery

router = APIRouter(tags=["presents"], dependencies=[Guarded], responses=problem_responses(400, 422, 503), prefix="")


@router.post("/popular", summary="What is popular among people like these", response_model_exclude_unset=True)
async def popular(body: PopularRequest, request: Request, engine: Ours) -> ListAnswer:
    """Items by popularity in a segment of people; small segments borrow from wider ones, and the list goes on
    from the exact demographics to gender only, age only and everyone, so that it ends only where the filters do."""
    params = body.user_params
    query = PopularQuery(Segment(params.gender, params.age, params.geo_id), body.filters.filters(params.category))
    answer = await engine.presents.popular(query, _page(body, engine), body.wanted)
    return _answered(answer, request, engine)


@router.post("/personalized", summary="One user's own list", response_model_exclude_unset=True)
async def personalized(body: PersonalizedRequest, request: Request, engine: Ours) -> ListAnswer:
    """Items for one user, never one that the user has liked: popular for a new user, by the user's own preferences
    after 1-2 interactions, by people with similar tastes from 3 on; what one way cannot fill, the next does."""
    query = PersonalQuery(body.user_id, body.geo_id, body.filters.filters())
    answer = await engine.presents.personalized(query, _page(body, engine), body.wanted)
    return _answered(answer, request, engine)


def _page(body: ListParams, engine: Engine) -> Page:
    settings = engine.settings
    limit = body.pagination.limit or min(settings.default_page_size, settings.max_page_size)
    if limit > settings.max_page_size:
        message = f"limit must be at most {settings.max_page_size}"
        raise InvalidRequest(f"/pagination/limit: {message}", (FieldError("/pagination/limit", message),))
    return Page(body.pagination.page, limit)


def _answered(answer: Answer, request: Request, engine: Engine) -> ListAnswer:
    milliseconds = milliseconds_since_start(request)
    telemetry.answers.labels(answer.algorithm, "hit" if answer.cache_hit else "miss").inc()
    telemetry.answer_seconds.labels(answer.algorithm).observe(milliseconds / 1000)
    return ListAnswer.of(answer, milliseconds, engine.settings.default_currency)
