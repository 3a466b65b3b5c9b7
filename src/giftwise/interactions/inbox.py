"""Queued messages in; facts applied exactly once, and what cannot be applied with its reason, out."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import asyncpg
import msgspec
from sqlalchemy.exc import DBAPIError

from giftwise.errors import GiftwiseError, InvalidRequest
from giftwise.interactions.messages import Message, parse
from giftwise.interactions.pushed import InteractionMessage
from giftwise.interactions.record import Outcome, Recorder
from giftwise.interactions.transport import Delivery
from giftwise.log import URL_PASSWORD

ERROR_LENGTH: Final = 1_000
# SQLSTATE classes that blame the values: data exceptions, broken constraints, sizes beyond a limit of the server. Any
# other (no such table, read-only, out of disk) blames the database, and says nothing of the message.
VALUE_FAULTS: Final = frozenset({"22", "23", "54"})

_NO_JSON: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class Envelope(msgspec.Struct):
    """The outer form of a message. `data` is the same body as in the REST call of that type."""

    type: str
    data: dict[str, Any]
    event_id: str | int | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """A delivery that cannot be applied, and why."""

    delivery: Delivery
    event_id: str | None
    error: str


@dataclass(slots=True)
class Taken:
    """What became of some deliveries."""

    applied: int = 0
    repeated: int = 0
    rejected: list[Rejected] = field(default_factory=list)


Letter = tuple[Delivery, Message]


async def take(recorder: Recorder, deliveries: Sequence[Delivery]) -> Taken:
    """Apply deliveries in their order. All are applied or rejected when it returns.

    Raises what the database raises when it is at fault (OwnDatabaseUnavailable, mostly): then some may be applied,
    and all can be taken again, since an event that was applied is not applied twice.
    """
    taken = Taken()
    letters: list[Letter] = []
    for delivery in deliveries:
        try:
            letters.append((delivery, read(delivery)))
        except InvalidRequest as error:
            taken.rejected.append(Rejected(delivery, event_id_of(delivery), _reason(error)))
    await _apply(recorder, letters, taken)
    return taken


def read(delivery: Delivery) -> Message:
    """The message of a delivery, InvalidRequest with the reason where it is none.

    Without an `event_id` it goes by the name that its queue gave it, so that it too is applied once; an interaction
    without a time happened when it was sent, or else happens now.
    """
    try:
        envelope = msgspec.json.decode(delivery.body, type=Envelope)
    except _NO_JSON as error:
        raise InvalidRequest(f"not a message: {error}") from error
    message = parse(envelope.type, envelope.data, envelope.event_id)
    if message.event_id is None:
        message = replace(message, event_id=delivery.key)
    if isinstance(message, InteractionMessage) and message.at is None:
        message = replace(message, at=delivery.sent_at)
    return message


def event_id_of(delivery: Delivery) -> str | None:
    """The event_id of a delivery that may be no message at all."""
    try:
        found = msgspec.json.decode(delivery.body)
    except _NO_JSON:
        return delivery.key
    event_id = found.get("event_id") if isinstance(found, dict) else None
    return str(event_id) if isinstance(event_id, str | int) else delivery.key


async def _apply(recorder: Recorder, letters: Sequence[Letter], taken: Taken) -> None:
    """Apply in one transaction; where a message is at fault, in halves, until it stands alone."""
    if not letters:
        return
    try:
        outcomes = await recorder.apply([message for _, message in letters])
    except Exception as error:
        if not blames_the_message(error):
            raise
        if len(letters) == 1:
            ((delivery, message),) = letters
            taken.rejected.append(Rejected(delivery, message.event_id, _reason(error)))
            return
        middle = len(letters) // 2
        await _apply(recorder, letters[:middle], taken)
        await _apply(recorder, letters[middle:], taken)
        return
    repeated = sum(outcome is Outcome.REPEATED for outcome in outcomes)
    taken.applied += len(outcomes) - repeated
    taken.repeated += repeated


def blames_the_message(error: Exception) -> bool:
    """Whether trying the same message again later would fail the same way."""
    if isinstance(error, GiftwiseError):
        return error.status < 500
    cause: BaseException | None = error
    if isinstance(error, DBAPIError):
        cause = (error.orig.__cause__ or error.orig) if error.orig is not None else None
    if isinstance(cause, asyncpg.PostgresError):
        return str(cause.sqlstate)[:2] in VALUE_FAULTS
    return not isinstance(cause, (OSError, TimeoutError, MemoryError, asyncpg.InternalClientError)) and (
        not isinstance(cause, asyncpg.InterfaceError) or isinstance(cause, ValueError)
    )


def _reason(error: Exception) -> str:
    """An error as one short text without passwords."""
    words = str(error) if isinstance(error, InvalidRequest) else f"{type(error).__name__}: {error}"
    return URL_PASSWORD.sub(r"\1***\2", " ".join(words.split()))[:ERROR_LENGTH]
