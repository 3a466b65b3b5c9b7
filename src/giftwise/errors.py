"""Errors that carry their status: raised anywhere, answered as RFC 9457 problem documents at the door."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar


class GiftwiseError(Exception):
    """Base of every error that a caller may see.

    `status` is the HTTP status, `code` a stable word for programs, `title` a sentence that never changes;
    the exception's own text is the detail of this one case. `retry_after` is in seconds.
    """

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal_error"
    title: ClassVar[str] = "Something broke on our side"
    retry_after: ClassVar[int | None] = None


class Unauthorized(GiftwiseError):
    """No credentials, or wrong ones."""

    status = 401
    code = "unauthorized"
    title = "HTTP Basic credentials are needed"


class BadContext(GiftwiseError):
    """The query's `context` is not the JSON that it is to be."""

    status = 400
    code = "bad_context"
    title = "The context cannot be read"


class NotFound(GiftwiseError):
    """The thing named in the path does not exist."""

    status = 404
    code = "not_found"
    title = "There is no such thing here"


class MalformedBody(GiftwiseError):
    """What was sent cannot be read at all."""

    status = 400
    code = "invalid_json"
    title = "The body is not JSON"


class CatalogShared(GiftwiseError):
    """The catalog is read from its host's own tables, so there is nothing to tell us of it."""

    status = 409
    code = "catalog_shared"
    title = "The catalog is read from its host's database"


class SessionBusy(GiftwiseError):
    """Too many changes of one session at once; this one was not applied."""

    status = 503
    code = "session_busy"
    title = "The session is being changed by others"
    retry_after = 1


class TooLarge(GiftwiseError):
    """More than one call takes; nothing is wrong with its parts."""

    status = 413
    code = "too_large"
    title = "The body is larger than one call takes"


class ModelNotReady(GiftwiseError):
    """No generation has been learned yet, so nothing can be ranked."""

    status = 503
    code = "model_not_ready"
    title = "The first model is still being learned"
    retry_after = 5


class OwnDatabaseUnavailable(GiftwiseError):
    """A write cannot be made durable now; it was not applied."""

    status = 503
    code = "recommendations_database_unavailable"
    title = "The recommendations database cannot be reached"
    retry_after = 5


class MainDatabaseUnavailable(GiftwiseError):
    """The host's database cannot be read now; callers fall back to what is in memory."""

    status = 503
    code = "main_database_unavailable"
    title = "The main database cannot be reached"
    retry_after = 5


class NoPresents(GiftwiseError):
    """This server was given no host's database to read presents from."""

    status = 503
    code = "presents_not_configured"
    title = "This server has no catalog of presents"


class MappingError(GiftwiseError):
    """The mapping does not fit the host's schema; the detail names the section and the expression."""

    code = "mapping_error"
    title = "The mapping does not fit the main database"


class BrokenModel(GiftwiseError):
    """A generation failed its checks (checksum, NaN, far fewer items) and is refused."""

    code = "broken_model"
    title = "A generation failed its checks"


def pointer(path: Iterable[str | int]) -> str:
    """The JSON pointer (RFC 6901) of a place in a document; empty for the whole."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


@dataclass(frozen=True, slots=True)
class FieldError:
    """One invalid field: a JSON pointer into the request, and what is wrong there."""

    pointer: str
    message: str


class InvalidRequest(GiftwiseError):
    """The request is well-formed JSON but asks for something impossible."""

    status = 422
    code = "invalid_request"
    title = "The request has invalid fields"

    def __init__(self, detail: str, errors: tuple[FieldError, ...] = ()) -> None:
        super().__init__(detail)
        self.errors = errors
