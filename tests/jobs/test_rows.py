"""Frames become rows of our tables, however many there are."""

import polars
import pytest
from sqlalchemy import text

from giftwise.db.own import OwnDatabase
from giftwise.db.tables import popular_items, user_similarities
from giftwise.ids import IdKind
from giftwise.jobs import rows
from giftwise.jobs.rows import id_series, replace_rows
from tests.support.models import make_ids


async def test_any_number_of_rows_replaces_the_old_ones(own: OwnDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    """Far more than 32,767 rows in several chunks are written, and what was there before is gone."""
    monkeypatch.setattr(rows, "CHUNK_ROWS", 30_000)
    for count in (100_000, 70_000):
        frame = polars.DataFrame(
            {"user_id": range(count), "similar_user_id": range(count), "similarity_score": [0.5] * count}
        )
        async with own.begin(statement_ms=0) as connection:
            assert await replace_rows(connection, user_similarities, frame) == count
        async with own.read() as connection:
            found = await connection.execute(text("SELECT count(*), max(user_id::int) FROM user_similarities"))
            assert tuple(found.one()) == (count, count - 1)


async def test_nothing_and_odd_words_survive_the_way(own: OwnDatabase) -> None:
    """Null stays null, an empty word stays empty, and quotes, commas, line ends and Cyrillic stay as they are."""
    odd = ['say "hi", no\nmore', "", None, "ёлка", "NULL", "\\N"]
    frame = polars.DataFrame(
        {
            "geo_id": [None, 1, 2, 3, 4, 5],
            "gender": ["m"] * 6,
            "age_group": ["any"] * 6,
            "category": odd,
            "item_id": ["1"] * 6,
            "popularity_score": [0.1] * 6,
            "place": range(6),
        }
    )
    async with own.begin() as connection:
        await replace_rows(connection, popular_items, frame)
        found = await connection.execute(text("SELECT category, geo_id FROM popular_items ORDER BY place"))
        assert [tuple(row) for row in found] == list(zip(odd, [None, 1, 2, 3, 4, 5], strict=True))


@pytest.mark.parametrize("kind", list(IdKind))
def test_ids_are_the_text_that_hosts_know(kind: IdKind) -> None:
    """Ids of every kind become the text that the host would write."""
    ids = make_ids(kind, 3)
    assert id_series(kind, ids).to_list() == [str(value) for value in kind.answer(ids)]
    assert id_series(kind, ids[:0]).to_list() == []
