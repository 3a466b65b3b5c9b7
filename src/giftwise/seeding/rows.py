"""COPY's two formats: aligned columns in, the bytes that PostgreSQL reads out."""

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from typing import Final

import asyncpg
import numpy as np
from numpy.typing import NDArray

from giftwise.seeding.host import IdType

NULL: Final = "\\N"
LINES: Final = 10_000  # lines sent at once
ROWS: Final = 200_000  # binary rows packed at once: about 10 MB
PG_EPOCH: Final = 946_684_800  # PostgreSQL counts time from 2000-01-01, in unix seconds
_SIGNATURE: Final = b"PGCOPY\n\xff\r\n\x00" + bytes(8)  # no flags, no header extension
_END: Final = b"\xff\xff"
_ESCAPES: Final = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\0": None})

Column = NDArray[np.generic]


def make_ids(rng: np.random.Generator, id_type: IdType, count: int, prefix: str) -> Column:
    """`count` ids in the binary format of their column: 1, 2, 3 ...; random UUIDs; or text such as `p0000001`."""
    match id_type:
        case "bigint":
            return np.arange(1, count + 1, dtype=">i8")
        case "uuid":
            raw = rng.integers(0, 256, (count, 16), dtype=np.uint8)
            raw[:, 6] = raw[:, 6] & 0x0F | 0x40  # version 4
            raw[:, 8] = raw[:, 8] & 0x3F | 0x80  # variant 1
            return raw.view("V16").ravel()
        case "text":
            return np.array([f"{prefix}{number:07d}".encode() for number in range(1, count + 1)], dtype="S8")


def id_words(ids: Column) -> list[str]:
    """The same ids as they are written in COPY's text format."""
    if ids.dtype.kind == "V":
        return [value.tobytes().hex() for value in ids]
    words: list[str] = ids.astype("U").tolist()
    return words


def timestamps(at: NDArray[np.int64]) -> Column:
    """Unix seconds as the binary format of timestamptz."""
    return ((at - PG_EPOCH) * 1_000_000).astype(">i8")


def time_words(at: NDArray[np.datetime64]) -> list[str]:
    """Moments (UTC) as they are written in the text format."""
    words: list[str] = np.datetime_as_string(at, timezone="UTC").tolist()
    return words


def escape(word: str) -> str:
    """A word fit for a line of the text format; NUL, which PostgreSQL's text cannot hold, is dropped."""
    return word.translate(_ESCAPES)


async def copy_lines(conn: asyncpg.Connection, table: str, columns: Sequence[str], lines: Iterable[str]) -> None:
    """COPY lines of the text format: tab-separated, escaped, NULL where there is no value."""

    async def chunks() -> AsyncIterator[bytes]:
        waiting: list[str] = []
        for line in lines:
            waiting.append(line)
            if len(waiting) == LINES:
                yield "".join(f"{one}\n" for one in waiting).encode()
                waiting.clear()
        yield "".join(f"{one}\n" for one in waiting).encode()

    await conn.copy_to_table(table, source=chunks(), columns=list(columns), format="text", encoding="utf-8")


async def copy_rows(
    conn: asyncpg.Connection, table: str, columns: Sequence[str], blocks: Iterable[Sequence[Column | None]]
) -> None:
    """COPY blocks of aligned binary columns (big-endian or bytes, see pack_rows)."""

    async def chunks() -> AsyncIterator[bytes]:
        yield _SIGNATURE
        for block in blocks:
            for packed in pack_rows(block):
                yield packed
        yield _END

    await conn.copy_to_table(table, source=chunks(), columns=list(columns), format="binary")


def pack_rows(columns: Sequence[Column | None]) -> Iterator[bytes]:
    """Aligned columns [n] as binary rows; None is a column of NULLs. One numpy record is one row, so nothing is looped.

    Every value of a column is equally long: integers and times are big-endian, ids of bytes have a fixed width.
    """
    fields: list[tuple[str, str | np.dtype[np.generic]]] = [("count", ">i2")]
    for place, column in enumerate(columns):
        fields.append((f"size{place}", ">i4"))
        if column is not None:
            fields.append((f"value{place}", column.dtype))
    length = next(len(column) for column in columns if column is not None)
    for start in range(0, length, ROWS):
        stop = min(start + ROWS, length)
        rows = np.empty(stop - start, dtype=np.dtype(fields))
        rows["count"] = len(columns)
        for place, column in enumerate(columns):
            rows[f"size{place}"] = -1 if column is None else column.dtype.itemsize
            if column is not None:
                rows[f"value{place}"] = column[start:stop]
        yield rows.tobytes()
