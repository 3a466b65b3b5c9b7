"""Identifiers as the host has them: anything a host sends in, the catalog's own kind out."""

import re
import uuid
from collections.abc import Iterable, Sequence
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

INTEGER_MIN, INTEGER_MAX = -(2**63), 2**63 - 1
TEXT_MAX = 64
INTEGER = re.compile(r"[+-]?[0-9]{1,20}")
CANONICAL = re.compile(r"0|-?[1-9][0-9]{0,18}")

TYPE_NAMES = {
    "int2": "integer", "int4": "integer", "int8": "integer",
    "uuid": "uuid",
    "text": "text", "varchar": "text", "bpchar": "text",
}  # fmt: skip


class IdKind(StrEnum):
    """The kind of an id column: how ids are read from requests, kept in arrays and answered.

    Arrays of ids are always sortable and fixed-width: int64 for integers, S16 (big-endian bytes) for UUIDs,
    S<width> (UTF-8) for text, so that finding ids is a binary search.
    """

    INTEGER = "integer"
    UUID = "uuid"
    TEXT = "text"

    @classmethod
    def of_column(cls, pg_type: str) -> "IdKind":
        """The kind that a PostgreSQL type name (`int8`, `uuid`, `varchar`) stands for; ValueError for others."""
        try:
            return cls(TYPE_NAMES[pg_type])
        except KeyError:
            raise ValueError(f"a column of type {pg_type} cannot be an id; use an integer, uuid or text") from None

    @property
    def cast(self) -> str:
        """The PostgreSQL type that a parameter is cast to, so that the host's index on the column serves."""
        return {"integer": "bigint", "uuid": "uuid", "text": "text"}[self.value]

    def parse(self, value: int | str | uuid.UUID) -> int | str | uuid.UUID | None:
        """One id from a request as the driver wants it; None where it cannot exist in a column of this kind."""
        match self:
            case IdKind.INTEGER:
                return _integer(value)
            case IdKind.UUID:
                return _uuid(value)
            case IdKind.TEXT:
                text = str(value)
                return text if 0 < len(text) <= TEXT_MAX and text.isprintable() else None

    def array(self, values: Sequence[object]) -> NDArray[np.generic]:
        """Ids from the database (int, UUID or str) as one array [n], in the order given."""
        match self:
            case IdKind.INTEGER:
                return np.asarray(values, dtype=np.int64)
            case IdKind.UUID:
                return np.array([_uuid_bytes(value) for value in values], dtype="S16")
            case IdKind.TEXT:
                encoded = [str(value).encode() for value in values]
                return np.array(encoded, dtype=f"S{max(map(len, encoded), default=1) or 1}")

    def answer(self, ids: NDArray[np.generic]) -> list[int] | list[str]:
        """An array of ids as JSON values: integers, UUID strings or strings."""
        match self:
            case IdKind.INTEGER:
                return [int(value) for value in ids.tolist()]
            case IdKind.UUID:
                return [str(uuid.UUID(bytes=value.ljust(16, b"\0"))) for value in ids.tolist()]
            case IdKind.TEXT:
                return [value.decode() for value in ids.tolist()]


def positions(sorted_ids: NDArray[np.generic], wanted: NDArray[np.generic]) -> NDArray[np.int32]:
    """Where each wanted id stands in a sorted array of ids: int32 [m], -1 where it is not there."""
    if sorted_ids.size == 0 or wanted.size == 0:
        return np.full(wanted.size, -1, dtype=np.int32)
    found = np.searchsorted(sorted_ids, wanted)
    found[found == sorted_ids.size] = 0
    return np.where(sorted_ids[found] == wanted, found, -1).astype(np.int32)


def are_numbers(values: Iterable[int | str]) -> bool:
    """Whether each id, kept as text, is a whole number as it would be written again: then hosts have integers."""
    return all(isinstance(value, int) or CANONICAL.fullmatch(value) is not None for value in values)


def parse_all(kind: IdKind, values: Iterable[int | str]) -> NDArray[np.generic]:
    """Those of the ids that can exist in a column of this kind, as an array."""
    parsed = (kind.parse(value) for value in values)
    return kind.array([value for value in parsed if value is not None])


def _integer(value: int | str | uuid.UUID) -> int | None:
    if isinstance(value, uuid.UUID):
        return None
    if isinstance(value, str) and not INTEGER.fullmatch(value):
        return None  # int() would take "1_0", " 1" and digits of other scripts
    number = int(value)
    return number if INTEGER_MIN <= number <= INTEGER_MAX else None


def _uuid(value: int | str | uuid.UUID) -> uuid.UUID | None:
    if isinstance(value, uuid.UUID):
        return value
    try:
        return uuid.UUID(str(value))
    except ValueError:
        return None


def _uuid_bytes(value: object) -> bytes:
    return value.bytes if isinstance(value, uuid.UUID) else uuid.UUID(str(value)).bytes
