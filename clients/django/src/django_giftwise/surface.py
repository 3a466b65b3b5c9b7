"""Every call of the engine's push surface as data: arguments in, a Call (what to send, how to read the answer) out."""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, Literal, TypeVar
from urllib.parse import quote
from uuid import uuid4

import httpx

from django_giftwise.answers import (
    Bulk,
    Id,
    Interaction,
    Location,
    Recommendations,
    Rejected,
    read_interactions,
    read_recommendations,
)
from django_giftwise.errors import Refused, Unavailable

Answer = TypeVar("Answer")
Body = Mapping[str, object]
Lane = Literal["read", "write"]
Kind = Literal["user", "business", "interaction"]

MOST_LINES: Final = 10_000  # of one bulk call
_BULK: Final[dict[Kind, str]] = {
    "user": "/sync/users",
    "business": "/sync/businesses",
    "interaction": "/interactions",
}
# The engine is there but not able now; any other 4xx is its considered answer.
_NOT_NOW: Final = frozenset({408, 425, 429})
_MISSING: Final = 404
_FAULT: Final = 500
_OK: Final = 400


@dataclass(frozen=True, slots=True)
class Call(Generic[Answer]):
    """One call. `empty` is the answer where there is none; `missing` says that a 404 is an ordinary answer too."""

    method: str
    path: str
    read: Callable[[Any], Answer]
    empty: Answer
    lane: Lane
    params: Mapping[str, str] | None = None
    body: object = None
    repeatable: bool = True
    missing: bool = False


def interpret(call: Call[Answer], response: httpx.Response) -> Answer:
    """What a response means; Unavailable where the engine could not answer, Refused where it would not."""
    status = response.status_code
    if status >= _FAULT or status in _NOT_NOW:
        raise Unavailable(f"{call.method} {call.path} answered {status}")
    if status == _MISSING and call.missing:
        return call.empty
    if status >= _OK:
        raise Refused(status, _detail(response))
    try:
        return call.read(response)
    except (ValueError, KeyError, TypeError) as error:
        raise Unavailable(f"{call.method} {call.path} answered what is no answer of giftwise: {error!r}") from error


def _detail(response: httpx.Response) -> str:
    try:
        problem = response.json()
        faults = "; ".join(f"{fault['pointer']}: {fault['message']}" for fault in problem.get("errors", ()))
        return faults or str(problem.get("detail") or problem.get("title"))
    except (ValueError, KeyError, TypeError, AttributeError):
        return response.text[:200]


def recommend(
    user_id: Id,
    max_results: int,
    *,
    location: Location | None,
    categories: Collection[str],
    exclude_ids: Collection[Id],
    use_cache: bool,
) -> Call[Recommendations]:
    """GET /recommend/{user_id}."""
    context: dict[str, object] = {}
    if location is not None:
        context["location"] = _location(location)
    if categories:
        context["categories"] = [str(category) for category in categories]
    if exclude_ids:
        context["exclude_ids"] = [plain_id(one) for one in exclude_ids]
    params = {"max_results": str(max_results), "use_cache": "true" if use_cache else "false"}
    if context:
        params["context"] = json.dumps(context)
    return Call(
        "GET",
        f"/recommend/{_segment(user_id)}",
        lambda response: read_recommendations(response.json()),
        Recommendations(user_id),
        "read",
        params=params,
        missing=True,
    )


def interactions(user_id: Id, limit: int) -> Call[tuple[Interaction, ...]]:
    """GET /user/{user_id}/interactions."""
    return Call(
        "GET",
        f"/user/{_segment(user_id)}/interactions",
        lambda response: read_interactions(response.json()),
        (),
        "read",
        params={"limit": str(limit)},
        missing=True,
    )


def sync(kind: Literal["user", "business"], body: Body) -> Call[bool]:
    """POST /sync/user or /sync/business."""
    return Call("POST", f"/sync/{kind}", _done, False, "write", body=dict(body))


def delete(kind: Literal["user", "business"], identifier: Id) -> Call[bool]:
    """DELETE /sync/user/{id} or /sync/business/{id}; False where there was none."""
    return Call("DELETE", f"/sync/{kind}/{_segment(identifier)}", _done, False, "write", missing=True)


def record(body: Body) -> Call[bool]:
    """POST /interaction. An event id makes it repeatable: the engine applies it once, however often it arrives."""
    return Call("POST", "/interaction", _done, False, "write", body={"event_id": uuid4().hex, **body})


def clear_cache(user_id: Id) -> Call[bool]:
    """POST /cache/clear/{user_id}."""
    return Call("POST", f"/cache/clear/{_segment(user_id)}", _done, False, "write")


def bulk(kind: Kind, bodies: Sequence[Body]) -> Call[Bulk]:
    """POST /sync/users, /sync/businesses or /interactions: upserts all, so it may be repeated."""
    if len(bodies) > MOST_LINES:
        raise ValueError(f"a bulk call takes {MOST_LINES} lines, not {len(bodies)}")
    return Call("POST", _BULK[kind], _read_bulk, Bulk(), "write", body=list(bodies))


def plain_id(identifier: Id) -> int | str:
    """An id as JSON has it."""
    return identifier if isinstance(identifier, int) else str(identifier)


def location_body(location: Location | None) -> dict[str, float] | None:
    """A location as the engine takes it."""
    return None if location is None else _location(location)


def _location(location: Location) -> dict[str, float]:
    return {"lat": float(location[0]), "lon": float(location[1])}


def _segment(identifier: Id) -> str:
    return quote(str(identifier), safe="")


def _done(_response: httpx.Response) -> bool:
    return True


def _read_bulk(response: httpx.Response) -> Bulk:
    lines = response.json()
    rejected = tuple(Rejected(line["index"], line["error"]["detail"]) for line in lines if line["status"] == "error")
    return Bulk(len(lines) - len(rejected), rejected)
