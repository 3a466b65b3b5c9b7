"""The ids' promises: whatever a host sends is understood or harmless, and answers speak the host's kind."""

import uuid

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from giftwise.ids import IdKind, parse_all, positions


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        (IdKind.INTEGER, 7, 7),
        (IdKind.INTEGER, "7", 7),
        (IdKind.INTEGER, "-7", -7),
        (IdKind.INTEGER, "1_0", None),
        (IdKind.INTEGER, " 1", None),
        (IdKind.INTEGER, "\u0661", None),
        (IdKind.INTEGER, "seven", None),
        (IdKind.INTEGER, 2**63, None),
        (IdKind.INTEGER, str(2**63 - 1), 2**63 - 1),
        (IdKind.UUID, "2F1C9F0E-8F1C-4A53-A8D5-0F6C0A7B1C11", uuid.UUID("2f1c9f0e-8f1c-4a53-a8d5-0f6c0a7b1c11")),
        (IdKind.UUID, "7", None),
        (IdKind.TEXT, 7, "7"),
        (IdKind.TEXT, "85123A", "85123A"),
        (IdKind.TEXT, "a\0b", None),
        (IdKind.TEXT, "x" * 65, None),
        (IdKind.TEXT, "", None),
    ],
)
def test_an_id_is_understood_or_cannot_exist(kind: IdKind, value: int | str, expected: object) -> None:
    """Numbers and strings alike; what cannot be in the host's column is None, never an error."""
    assert kind.parse(value) == expected


@given(st.sets(st.uuids(), max_size=30))
def test_uuids_survive_arrays(ids: set[uuid.UUID]) -> None:
    """Also those that end or begin with zero bytes."""
    ids |= {uuid.UUID(int=0), uuid.UUID(int=256), uuid.UUID(int=1 << 120)}
    array = np.sort(IdKind.UUID.array(list(ids)))
    assert sorted(IdKind.UUID.answer(array)) == sorted(str(value) for value in ids)
    assert positions(array, array).tolist() == list(range(len(ids)))


@given(st.sets(st.integers(-(2**63), 2**63 - 1), max_size=30), st.integers(-(2**63), 2**63 - 1))
def test_positions_find_exactly_what_is_there(ids: set[int], other: int) -> None:
    """Each id at its place, -1 for others, also in an empty catalog."""
    array = np.sort(IdKind.INTEGER.array(list(ids)))
    assert positions(array, array).tolist() == list(range(len(ids)))
    assert positions(array, IdKind.INTEGER.array([other])).tolist() == [
        sorted(ids).index(other) if other in ids else -1
    ]


def test_ids_that_cannot_exist_are_left_out_of_lists() -> None:
    """exclude_ids may hold anything."""
    assert parse_all(IdKind.INTEGER, ["1", "x", 3, str(2**80)]).tolist() == [1, 3]


def test_columns_that_are_no_ids_are_named() -> None:
    """A jsonb key is a mistake in the mapping, and says so."""
    assert IdKind.of_column("int4") is IdKind.INTEGER
    with pytest.raises(ValueError, match="jsonb"):
        IdKind.of_column("jsonb")
