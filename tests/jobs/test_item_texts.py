"""The mirror of the items' texts: whole, searchable, never private, and written only where something changed."""

from typing import Any

import asyncpg
from sqlalchemy import text

from giftwise.db.own import OwnDatabase
from giftwise.settings import Settings
from tests.jobs.conftest import Learn


async def rows(own: OwnDatabase, query: str, **values: object) -> list[Any]:
    async with own.read() as connection:
        return [tuple(row) for row in await connection.execute(text(query), values)]


async def change(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url)
    for statement in statements:
        await connection.execute(statement)
    await connection.close()


async def test_every_public_item_is_there_and_no_private_one(host_url: str, own: OwnDatabase, learn: Learn) -> None:
    """The mirror has exactly the items whose owner is nobody, in stock or not."""
    run = await learn("item_texts")
    connection = await asyncpg.connect(host_url)
    public = await connection.fetch(
        "SELECT id::text, status = 'in_stock' FROM handpicked_presents WHERE user_id IS NULL"
    )
    await connection.close()
    assert (run.status, run.rows) == ("succeeded", len(public))
    found = await rows(own, "SELECT item_id, in_stock FROM item_texts WHERE catalog = 'presents'")
    assert sorted(found) == sorted(map(tuple, public))


async def test_a_second_run_writes_what_changed_alone(host_url: str, own: OwnDatabase, learn: Learn) -> None:
    """New, changed, privatised and deleted items are followed; the rest of the rows are not touched."""
    await learn("item_texts")
    assert (await learn("item_texts")).rows == 0
    ids = [row[0] for row in await rows(own, "SELECT item_id FROM item_texts ORDER BY item_id::bigint LIMIT 3")]
    await change(
        host_url,
        f"UPDATE handpicked_presents SET title = 'Самовар тульский' WHERE id = {ids[0]}",
        f"UPDATE handpicked_presents SET user_id = 1 WHERE id = {ids[1]}",
        f"DELETE FROM handpicked_presents WHERE id = {ids[2]}",
        "INSERT INTO handpicked_presents (id, title) VALUES (-7, 'A teapot')",
    )
    assert (await learn("item_texts")).rows == 4
    left = await rows(own, "SELECT item_id, title FROM item_texts WHERE item_id = ANY(:ids)", ids=[*ids, "-7"])
    assert sorted(left) == [("-7", "A teapot"), (ids[0], "Самовар тульский")]
    moments = await rows(own, "SELECT count(*) FROM item_texts GROUP BY updated_at ORDER BY 1")
    assert moments[0][0] == 2


async def test_words_are_found_in_both_languages(host_url: str, own: OwnDatabase, learn: Learn) -> None:
    """Cases and numbers of words do not matter, ё is е, and a title's word weighs more than a description's."""
    await change(
        host_url,
        "INSERT INTO handpicked_presents (id, title, description) VALUES"
        " (-1, 'Зелёные кружки', 'для чая'), (-2, 'Чайник', 'и зеленая кружка'), (-3, 'Coffee mugs', null)",
    )
    await learn("item_texts")
    query = (
        "SELECT item_id FROM item_texts WHERE search_{0} @@ plainto_tsquery('{0}', :words) AND item_id LIKE '-%'"
        " ORDER BY ts_rank(search_{0}, plainto_tsquery('{0}', :words)) DESC"
    )
    assert await rows(own, query.format("russian"), words="зеленую кружку") == [("-1",), ("-2",)]
    assert await rows(own, query.format("english"), words="mug for coffee") == [("-3",)]


async def test_a_host_that_lost_its_items_keeps_its_mirror(host_url: str, own: OwnDatabase, learn: Learn) -> None:
    """When most items vanish (a bad import), the run fails and searches go on over the texts from before."""
    await learn("item_texts")
    before = await rows(own, "SELECT count(*) FROM item_texts")
    await change(host_url, "DELETE FROM handpicked_presents WHERE user_id IS NULL AND id % 4 > 0")
    run = await learn("item_texts")
    assert (run.status, "BrokenModel" in str(run.error)) == ("failed", True)
    assert await rows(own, "SELECT count(*) FROM item_texts") == before


async def test_odd_texts_do_not_stop_the_run(host_url: str, own: OwnDatabase, learn: Learn) -> None:
    """Megabytes of description are cut, and what has no title or price is mirrored without."""
    await change(
        host_url,
        "INSERT INTO handpicked_presents (id, title, description)"
        " SELECT -1, 'Long', string_agg('слово' || i, ' ') FROM generate_series(1, 300000) i",
        "INSERT INTO handpicked_presents (id, title, price) VALUES (-2, '  ', 'NaN')",
    )
    assert (await learn("item_texts")).status == "succeeded"
    assert await rows(own, "SELECT length(description) FROM item_texts WHERE item_id = '-1'") == [(8000,)]
    assert await rows(own, "SELECT title, price FROM item_texts WHERE item_id = '-2'") == [(None, None)]


async def test_delivery_and_merchant_come_by_the_mapping(host_url: str, own: OwnDatabase, settings: Settings) -> None:
    """A host that has them names them; one that does not is read all the same, its platform as the merchant."""
    from giftwise.catalog.texts import read_texts
    from giftwise.db.main import MainDatabase
    from giftwise.db.mapping import load_mapping

    await change(host_url, "INSERT INTO handpicked_presents (id, title, platform) VALUES (-1, 'A mug', 'ozon')")
    plain = load_mapping()
    named = plain.model_copy(
        update={
            "items": plain.items.model_copy(update={"delivery_days": "2.5", "customizable": "TRUE", "merchant": "'Us'"})
        }
    )
    for mapping, wanted in ((plain, ("ozon", None, False)), (named, ("Us", 3, True))):
        main = MainDatabase(host_url, mapping)
        (one,) = [found for found in await read_texts(main) if found.item_id == "-1"]
        await main.close()
        assert (one.merchant, one.delivery_days, one.is_customizable) == wanted
