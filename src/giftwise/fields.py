"""What bodies from hosts are made of: JSON values in, checked ids, words and moments out, whichever way they came."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from giftwise.ids import CANONICAL, INTEGER_MAX, INTEGER_MIN, TEXT_MAX

EVENT_ID_MAX: Final = 200
EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)

_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def printable(value: str) -> str:
    """The value, unless it has control characters such as NUL, which no host uses and PostgreSQL refuses."""
    if not value.isprintable():
        raise ValueError("only printable characters")
    return value


def text_id(value: int | str) -> str:
    """An id of a pushed user or business as our tables hold it: text, UUIDs in lower case."""
    text = str(value)
    return text.lower() if len(text) == 36 and _UUID.fullmatch(text) else text


def shown_id(text: str) -> int | str:
    """An id that came as text, such as in a path, as JSON: an integer where it is one that no spelling is lost of."""
    return int(text) if CANONICAL.fullmatch(text) and INTEGER_MIN <= int(text) <= INTEGER_MAX else text


def _host_id(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | str) or not 0 < len(str(value)) <= TEXT_MAX:
        raise ValueError(f"an id is an integer, a UUID or a string of 1 to {TEXT_MAX} characters")
    return printable(value) if isinstance(value, str) else value


def _event_id(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _words(values: list[str]) -> list[str]:
    """Without blanks and doubles: a stray empty tag is no reason to refuse a whole row."""
    return list(dict.fromkeys(word for value in values if (word := value.strip())))


def _storable(value: str) -> str:
    if "\0" in value:
        raise ValueError("no NUL characters")
    return value


def _moment(value: datetime) -> datetime:
    try:
        moment = (value if value.tzinfo is not None else value.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError:  # within a day of the year 1 or 10,000
        raise ValueError("there is no such moment") from None
    if moment < EARLIEST:
        raise ValueError("a moment is not before 1970")
    return moment


# An id as it was sent, so that it can be echoed; `text_id` makes of it what is kept.
HostId = Annotated[int | str, BeforeValidator(_host_id)]
EventId = Annotated[
    str,
    BeforeValidator(_event_id, json_schema_input_type=int | str),
    StringConstraints(min_length=1, max_length=EVENT_ID_MAX),
    AfterValidator(printable),
]
Word = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(printable)]
Prose = Annotated[str, StringConstraints(max_length=20_000), AfterValidator(_storable)]
Line = Annotated[str, StringConstraints(max_length=1_000), AfterValidator(_storable)]
Words = Annotated[
    list[Annotated[str, StringConstraints(max_length=200), AfterValidator(_storable)]],
    Field(max_length=1_000),
    AfterValidator(_words),
]
Number = Annotated[float, Field(allow_inf_nan=False)]
Moment = Annotated[datetime, AfterValidator(_moment)]


class Asked(BaseModel):
    """A part of a host's request; unknown fields are ignored, as hosts send extra ones."""

    model_config = ConfigDict(extra="ignore")

    @model_validator(mode="before")
    @classmethod
    def null_is_absent(cls, data: Any) -> Any:
        """`"filters": null` means the same as no filters at all, and so for every other field."""
        if not isinstance(data, dict):
            return data
        return {name: value for name, value in data.items() if value is not None}
