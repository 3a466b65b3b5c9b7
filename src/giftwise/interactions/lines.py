"""Bulk bodies: bytes as they arrive in, one decoded value or refusal a line out, in JSONL or as a JSON array."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from giftwise.errors import FieldError, InvalidRequest, MalformedBody, TooLarge

MOST_LINES: Final = 10_000  # of one call, as the contract has it
BLANKS: Final = b" \t\r\n"
NO_JSON: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
BOM: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its decoded value, or why it is none."""

    value: Any = None
    error: InvalidRequest | None = None


class Lines:
    """The lines of one body. `is_array` tells its form once the first line is out."""

    def __init__(self, body: AsyncIterator[bytes], most_bytes: int) -> None:
        self.is_array = True  # of nothing, which either form may be
        self._body = body
        self._most_bytes = most_bytes

    async def __aiter__(self) -> AsyncIterator[Line]:
        """Each line but blank ones. TooLarge and, for an array, MalformedBody.

        JSONL is read as it arrives: lines before an error are out by then. An array is one document, so nothing of it
        is out before all of it is read.
        """
        count, rest = 0, bytearray()
        async for lines in self._pieces(rest):
            for line in lines:
                count += 1
                if count > MOST_LINES:
                    raise TooLarge(f"a call takes {MOST_LINES} lines at most")
                yield line

    async def _pieces(self, rest: bytearray) -> AsyncIterator[list[Line]]:
        arrived = 0
        begun = False
        async for piece in self._body:
            arrived += len(piece)
            if arrived > self._most_bytes:
                raise TooLarge(f"a call takes {self._most_bytes >> 20} MB at most")
            rest += piece
            if not begun:
                head = rest.removeprefix(BOM).lstrip(BLANKS)[:1]
                if not head:
                    continue
                begun, self.is_array = True, head == b"["
            if not self.is_array:
                complete, newline, _ = rest.rpartition(b"\n")
                if newline:
                    del rest[: len(complete) + 1]
                    yield _lines(complete)
        if begun:
            yield _array(bytes(rest)) if self.is_array else _lines(rest)


def _lines(text: bytearray) -> list[Line]:
    return [_line(line) for line in text.removeprefix(BOM).split(b"\n") if line.strip(BLANKS)]


def _line(text: bytearray) -> Line:
    try:
        return Line(msgspec.json.decode(text))
    except NO_JSON as error:
        message = f"the line is not JSON: {error}"
        return Line(error=InvalidRequest(message, (FieldError("", message),)))


def _array(text: bytes) -> list[Line]:
    try:
        values: list[Any] = msgspec.json.decode(text.removeprefix(BOM), type=list[Any])
    except NO_JSON as error:
        raise MalformedBody(str(error)) from None
    if len(values) > MOST_LINES:
        raise TooLarge(f"a call takes {MOST_LINES} lines at most")
    return [Line(value) for value in values]
