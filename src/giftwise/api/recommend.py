"""The push surface's question: GET /recommend, what businesses to show a user."""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from giftwise import telemetry
from giftwise.api.calls import Guarded, Ours, milliseconds_since_start
from giftwise.api.problems import problem_responses
from giftwise.api.push_schema import IdInPath
from giftwise.api.recommend_schema import CONTEXT_MAX, Context, Recommendations
from giftwise.fields import shown_id

router = APIRouter(tags=["businesses"], dependencies=[Guarded], responses=problem_responses(400, 404, 422, 503))

Most = Annotated[int, Query(ge=1, le=50, description="how many businesses at most")]
ContextText = Annotated[
    str | None,
    Query(
        max_length=CONTEXT_MAX,
        description="JSON: `location {lat, lon}` (where the user is now), `categories[]` (only of these),"
        " `exclude_ids[]` (none of these)",
        examples=['{"location": {"lat": 55.75, "lon": 37.62}, "categories": ["coffee"], "exclude_ids": [10]}'],
    ),
]
UseCache = Annotated[bool, Query(description="false: make the list anew, and keep that one")]


@router.get("/recommend/{user_id:path}", summary="What businesses to show a user")
async def recommend(
    user_id: IdInPath,
    request: Request,
    engine: Ours,
    *,
    max_results: Most = 10,
    context: ContextText = None,
    use_cache: UseCache = True,
) -> Recommendations:
    """By stated interests for a new user, by what the user did from the first interaction, by people with similar
    tastes from the third; near before far, well rated before the rest. Whatever was told before this call counts,
    through whichever process it was told; what is deleted is in no list."""
    query = Context.of(context).query(user_id)
    found = await engine.businesses.recommend(query, max_results, use_cache=use_cache)
    if found.places:
        leading = found.places[0].rung
        telemetry.answers.labels(leading, "hit" if found.source == "cache" else "miss").inc()
        telemetry.answer_seconds.labels(leading).observe(milliseconds_since_start(request) / 1000)
    return Recommendations.of(shown_id(user_id), found)
