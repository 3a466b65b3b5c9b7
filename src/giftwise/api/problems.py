"""Errors as RFC 9457 problem documents: any exception in, one JSON shape with a stable code and the request id out."""

from http import HTTPStatus
from typing import Any, Final

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from giftwise.errors import FieldError, GiftwiseError, InvalidRequest, MalformedBody, Unauthorized, pointer
from giftwise.log import logger

MEDIA_TYPE: Final = "application/problem+json"
PARTS: Final = frozenset({"body", "query", "path", "header"})
CHOICE: Final = "one:"  # begins the tag of a body that may be of several forms; it is no place in the document

log = logger(__name__)


class Fault(BaseModel):
    """One invalid field."""

    pointer: str = Field(description="JSON pointer into the request", examples=["/filters/price_to"])
    message: str = Field(examples=["price_to must be greater than price_from"])


class Problem(BaseModel):
    """A problem document (RFC 9457)."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "type": "about:blank#unauthorized",
                "title": "HTTP Basic credentials are needed",
                "status": 401,
                "detail": "the user name or the password is wrong",
                "code": "unauthorized",
                "request_id": "0192f3a1c5d74b6e",
            }
        }
    )

    type: str = Field(description="names the kind of problem")
    title: str = Field(description="the same sentence for each problem of this kind")
    status: int
    detail: str = Field(description="what happened this time")
    code: str = Field(description="a stable word for programs")
    request_id: str = Field(description="the same as in the X-Request-ID header and in our log")
    errors: list[Fault] | None = Field(None, description="the invalid fields, with status 422")


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """OpenAPI entries for the problems that a route may answer, beside its own; 401 is always among them."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        status: {"description": HTTPStatus(status).phrase, "content": {MEDIA_TYPE: {"schema": schema}}}
        for status in sorted({401, *statuses})
    }


def install(app: FastAPI) -> None:
    """Answer every error of this application by a problem document, and describe it in OpenAPI."""
    describe = app.openapi

    def openapi() -> dict[str, Any]:
        schema = describe()
        shapes = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        parts = schema.setdefault("components", {}).setdefault("schemas", {})
        parts.update(shapes.pop("$defs"))
        parts["Problem"] = shapes
        return schema

    app.openapi = openapi  # type: ignore[method-assign] # FastAPI's documented way to extend the schema
    app.add_exception_handler(GiftwiseError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)


async def _ours(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, GiftwiseError)
    if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.warning("request_failed", code=error.code, detail=str(error), path=request.url.path)
    headers: dict[str, str] = {}
    if error.retry_after is not None:
        headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, Unauthorized):
        headers["WWW-Authenticate"] = 'Basic realm="giftwise", charset="UTF-8"'
    faults = error.errors if isinstance(error, InvalidRequest) else None
    return _document(error.status, error.code, error.title, str(error) or error.title, faults=faults, headers=headers)


async def _invalid(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    faults: list[FieldError] = []
    for fault in error.errors():
        if fault["type"] == "json_invalid":
            return _document(400, MalformedBody.code, MalformedBody.title, f"{fault['ctx']['error']} in the body")
        path = fault["loc"]
        where = path[1:] if path and path[0] in PARTS else path
        if where and str(where[0]).startswith(CHOICE):
            where = where[1:]
        faults.append(FieldError(pointer(where), fault["msg"].removeprefix("Value error, ")))
    detail = "; ".join(f"{fault.pointer or 'body'}: {fault.message}" for fault in faults)
    return _document(422, InvalidRequest.code, InvalidRequest.title, detail, faults=tuple(faults))


async def _http(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    status = HTTPStatus(error.status_code)
    code = status.phrase.lower().replace(" ", "_").replace("-", "_")
    return _document(status, code, status.phrase, str(error.detail), headers=dict(error.headers or {}))


def unforeseen() -> JSONResponse:
    """The answer to an error that nobody foresaw; what it was is in the log alone."""
    return _document(500, GiftwiseError.code, GiftwiseError.title, "the log has more, under this request_id")


def _document(
    status: int,
    code: str,
    title: str,
    detail: str,
    *,
    faults: tuple[FieldError, ...] | None = None,
    headers: dict[str, str] | None = None,
) -> JSONResponse:
    content: dict[str, Any] = {
        "type": f"about:blank#{code}",
        "title": title,
        "status": int(status),
        "detail": detail,
        "code": code,
        "request_id": str(structlog.contextvars.get_contextvars().get("request_id", "")),
    }
    if faults is not None:
        content["errors"] = [{"pointer": fault.pointer, "message": fault.message} for fault in faults]
    return JSONResponse(content, status_code=status, headers=headers, media_type=MEDIA_TYPE)
