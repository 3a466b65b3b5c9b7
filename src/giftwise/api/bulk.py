"""The push surface in bulk: POST /sync/users, /sync/businesses and /interactions, answered line by line."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from fastapi import APIRouter, Request, Response
from starlette.requests import ClientDisconnect

from giftwise.api.calls import Guarded, Ours, Pushed
from giftwise.api.engine import Engine
from giftwise.api.problems import problem_responses
from giftwise.api.push_schema import LineAnswer
from giftwise.errors import InvalidRequest
from giftwise.interactions.lines import Line, Lines
from giftwise.interactions.messages import BusinessBody, InteractionBody, Told, UserBody, read_body
from giftwise.interactions.record import Outcome

CHUNK: Final = 1_000  # lines a transaction: larger ones are hardly faster and hold their rows longer
JSON: Final = "application/json"
JSONL: Final = "application/x-ndjson"

router = APIRouter(tags=["businesses"], dependencies=[Guarded, Pushed])


@dataclass(frozen=True, slots=True)
class Subject:
    """What a bulk call is about."""

    body: type[Told]
    done: str  # the status of a line that is in
    echoed: tuple[tuple[str, str], ...]  # (name in the answer, field of the body)


USERS: Final = Subject(UserBody, "synced", (("user_id", "id"),))
BUSINESSES: Final = Subject(BusinessBody, "synced", (("business_id", "id"),))
INTERACTIONS: Final = Subject(
    InteractionBody,
    "recorded",
    (("user_id", "user_id"), ("business_id", "business_id"), ("interaction_type", "interaction_type")),
)


def documented(subject: Subject) -> dict[str, Any]:
    """What OpenAPI says of a bulk route; FastAPI cannot know, as it does not read the body."""
    body = {"$ref": f"#/components/schemas/{subject.body.__name__}"}
    example = subject.body.model_json_schema()["examples"][0]
    shown = {"index": 0, "status": subject.done, **{name: example[field] for name, field in subject.echoed}}
    lines = msgspec.json.encode(example).decode() + "\n"
    return {
        "openapi_extra": {
            "requestBody": {
                "required": True,
                "content": {
                    JSON: {"schema": {"type": "array", "items": body, "maxItems": 10_000}, "example": [example]},
                    JSONL: {"schema": {"type": "string", "description": "an object a line"}, "example": lines},
                },
            }
        },
        "responses": {
            **problem_responses(400, 409, 413, 503),
            200: {
                "description": "an answer for each line, in the form of the body",
                "model": list[LineAnswer],
                "content": {
                    JSON: {"example": [shown]},
                    JSONL: {"schema": {"type": "string", "description": "an answer a line"}},
                },
            },
        },
    }


@router.post("/sync/users", summary="Say who many users are", **documented(USERS))
async def sync_users(request: Request, engine: Ours) -> Response:
    """Up to 10,000 bodies of POST /sync/user, as JSONL or as a JSON array. A line that is wrong is answered with its
    error and loses nothing else. What an answer calls synced is durable. An error of the whole call says nothing of
    its lines: send them again, repeats change nothing."""
    return await _take(request, engine, USERS)


@router.post("/sync/businesses", summary="Say what many businesses are", **documented(BUSINESSES))
async def sync_businesses(request: Request, engine: Ours) -> Response:
    """Up to 10,000 bodies of POST /sync/business, as JSONL or as a JSON array; answered as POST /sync/users is."""
    return await _take(request, engine, BUSINESSES)


@router.post("/interactions", summary="Record what many users did", **documented(INTERACTIONS))
async def record_many(request: Request, engine: Ours) -> Response:
    """Up to 10,000 bodies of POST /interaction, as JSONL or as a JSON array, oldest first; answered as POST
    /sync/users is. Give each its `timestamp` where it is not of now."""
    return await _take(request, engine, INTERACTIONS)


async def _take(request: Request, engine: Engine, subject: Subject) -> Response:
    lines = Lines(request.stream(), engine.settings.bulk_most_mb << 20)
    answers: list[dict[str, Any]] = []
    try:
        async for chunk in _chunks(lines):
            answers += await _apply(engine, subject, chunk, len(answers))
    except ClientDisconnect:
        return Response(status_code=400)  # nobody hears it; what came before is in, and may come again
    if lines.is_array:
        return Response(msgspec.json.encode(answers), media_type=JSON)
    return Response(msgspec.json.Encoder().encode_lines(answers), media_type=JSONL)


async def _chunks(lines: Lines) -> AsyncIterator[list[Line]]:
    chunk: list[Line] = []
    async for line in lines:
        chunk.append(line)
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


async def _apply(engine: Engine, subject: Subject, chunk: list[Line], start: int) -> list[dict[str, Any]]:
    """Write what can be written of a chunk, in one transaction; an answer for each line."""
    read = [_read(subject, line) for line in chunk]
    bodies = [body for body in read if isinstance(body, Told)]
    outcomes = iter(await engine.recorder.apply([body.message() for body in bodies]))
    return [
        _refused(index, body) if isinstance(body, InvalidRequest) else _done(index, subject, body, next(outcomes))
        for index, body in enumerate(read, start)
    ]


def _read(subject: Subject, line: Line) -> Told | InvalidRequest:
    try:
        return line.error or read_body(subject.body, line.value)
    except InvalidRequest as error:
        return error


def _done(index: int, subject: Subject, body: Told, outcome: Outcome) -> dict[str, Any]:
    answer = {"index": index, "status": subject.done, **{name: getattr(body, field) for name, field in subject.echoed}}
    return {**answer, "repeated": True} if outcome is Outcome.REPEATED else answer


def _refused(index: int, error: InvalidRequest) -> dict[str, Any]:
    faults = [{"pointer": fault.pointer, "message": fault.message} for fault in error.errors]
    return {"index": index, "status": "error", "error": {"code": error.code, "detail": str(error), "errors": faults}}
