"""COPY in both formats against a real server: what is packed is what arrives."""

import uuid
from datetime import UTC, datetime

import asyncpg
import numpy as np
import pytest

from giftwise.seeding import rows
from giftwise.seeding.host import IdType
from giftwise.seeding.rows import copy_lines, copy_rows, escape, id_words, make_ids, timestamps


@pytest.mark.parametrize("id_type", ["bigint", "uuid", "text"])
async def test_binary_rows_arrive(conn: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch, id_type: IdType) -> None:
    """Ids of each kind, times and NULLs survive the binary format, over several blocks; both formats agree on ids."""
    monkeypatch.setattr(rows, "ROWS", 2)
    ids = make_ids(np.random.default_rng(1), id_type, 5, "x")
    times = timestamps(np.array([0, 946_684_799, 946_684_800, 1_900_000_000, 5]))
    await conn.execute(f"CREATE TABLE t (id {id_type}, at timestamptz, other bigint); CREATE TABLE u (id {id_type})")
    await copy_rows(conn, "t", ("id", "at", "other"), [(ids, times, None), (ids[:1], times[:1], times[:1])])
    await copy_lines(conn, "u", ("id",), id_words(ids))
    stored = await conn.fetch("SELECT id, at FROM t WHERE other IS NULL")
    assert [int(row["at"].timestamp()) for row in stored] == [0, 946_684_799, 946_684_800, 1_900_000_000, 5]
    assert [row["id"] for row in stored] == [row["id"] for row in await conn.fetch("SELECT id FROM u")]
    assert await conn.fetchval("SELECT count(*) FROM t WHERE other IS NOT NULL") == 1


def test_uuids_are_valid() -> None:
    """Generated UUIDs are of version 4, so that strict hosts accept them."""
    made = [uuid.UUID(word) for word in id_words(make_ids(np.random.default_rng(1), "uuid", 20, "x"))]
    assert {(one.version, one.variant) for one in made} == {(4, uuid.RFC_4122)}


async def test_escaped_words_arrive_as_they_were(conn: asyncpg.Connection) -> None:
    r"""Backslashes, tabs, line ends and a literal \N survive the text format; NUL is dropped."""
    await conn.execute("CREATE TABLE t (word text)")
    await copy_lines(conn, "t", ("word",), [escape("a\\N\t\r\n\0b"), escape("\\N"), rows.NULL])
    assert [row["word"] for row in await conn.fetch("SELECT word FROM t")] == ["a\\N\t\r\nb", "\\N", None]


def test_moments_are_written_in_utc() -> None:
    """The text format's times say that they are UTC."""
    at = np.array([datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC).timestamp()]).astype("datetime64[s]")
    assert rows.time_words(at) == ["2025-01-02T03:04:05Z"]
