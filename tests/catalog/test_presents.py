"""The pulled catalog: public presents only, aligned, of every kind of id, from any schema."""

import json
import math
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import pytest

from giftwise.catalog.presents import read_available, read_items
from giftwise.db.mapping import load_mapping
from giftwise.ids import IdKind
from giftwise.interactions.bulk import read_interactions
from giftwise.people.users import Demographics, read_demographics
from giftwise.seeding.host import IdType
from tests.support.host import MakeDatabase, open_bare_host, open_host


@pytest.mark.parametrize("id_type", get_args(IdType))
async def test_every_kind_of_id(make_database: MakeDatabase, id_type: IdType) -> None:
    """Integers, UUIDs and text: sorted, unique, answered as the host has them; stock by the same ids; never private."""
    async with open_host(make_database, id_type, id_type) as host:
        for number, status in ((30, "in_stock"), (10, "out_of_stock"), (20, "in_stock")):
            await host.present(number, title=f"Present {number}", status=status)
        await host.present(15, owner=1, title="Private")
        main = host.main()
        items = await read_items(main)
        assert items.titles == ("Present 10", "Present 20", "Present 30")
        assert items.id_kind.answer(items.ids) == [
            value if id_type == "bigint" else str(value) for value in map(host.item_id, (10, 20, 30))
        ]
        assert items.in_stock.tolist() == [False, True, True]
        wanted = items.id_kind.array([host.item_id(number) for number in (10, 15, 20, 25, 30)])
        assert (await read_available(main, wanted)).tolist() == [False, False, True, False, True]
        await host.conn.execute("UPDATE handpicked_presents SET status = 'out_of_stock' WHERE title = 'Present 20'")
        await host.conn.execute(
            "UPDATE handpicked_presents SET user_id = $1 WHERE title = 'Present 30'", host.user_id(1)
        )
        await host.conn.execute("UPDATE handpicked_presents SET status = 'in_stock' WHERE title = 'Present 10'")
        assert (await read_available(main, items.ids)).tolist() == [True, False, False]


async def test_every_column_is_read(make_database: MakeDatabase) -> None:
    """A full row and an empty one: what is there is there, what is not is unknown."""
    async with open_host(make_database) as host:
        await host.present(
            1,
            title="Кружка “Утро”",
            price=499.90,
            currency="USD",
            platform="ozon",
            geo_id=213,
            image_url="https://img/1",
            url="https://shop/1",
            created_at=datetime(2025, 1, 2, tzinfo=UTC),
            categories={
                "category": "kitchen",
                "gender": "female",
                "age": ["18-24", "25-34"],
                "suitable_for": ["friend", "family"],
                "acquaintance_level": "close",
            },
        )
        await host.present(2, price=-3)
        items = await read_items(host.main())
    assert items.price.tolist() == [pytest.approx(499.9), pytest.approx(math.nan, nan_ok=True)]
    assert items.created_at[0] == datetime(2025, 1, 2, tzinfo=UTC).timestamp()
    assert (items.categories, items.category.tolist()) == (("kitchen",), [0, -1])
    assert (items.platforms, items.platform.tolist()) == (("ozon",), [0, -1])
    assert (items.suitable_for_words, items.suitable_for.tolist()) == (("family", "friend"), [3, 0])
    assert (items.acquaintance_level_words, items.acquaintance_level.tolist()) == (("close",), [1, 0])
    assert (items.target_gender.tolist(), items.target_age.tolist()) == ([1, -1], [6, 0])
    assert items.geo.tolist() == [213, -1]
    assert items.titles == ("Кружка “Утро”", "")
    assert json.loads(items.cards[0]) == {
        "title": "Кружка “Утро”", "currency": "USD", "image_url": "https://img/1", "url": "https://shop/1",
    }  # fmt: skip
    assert json.loads(items.cards[1]) == {"title": None, "currency": None, "image_url": None, "url": None}


async def test_an_empty_catalog_is_a_catalog(make_database: MakeDatabase) -> None:
    """A host without a single public present yields empty arrays of the right types."""
    async with open_host(make_database, "uuid") as host:
        await host.present(1, owner=1)
        main = host.main()
        items = await read_items(main)
        assert (len(items), items.id_kind, items.category.dtype.name) == (0, IdKind.UUID, "int16")
        assert (await read_available(main, items.ids)).shape == (0,)
        assert len(await read_interactions(main, items)) == 0


async def test_unanswerable_ids_are_left_out(make_database: MakeDatabase) -> None:
    """A text id of over 64 characters, or with a line break, could not be sent back by a host: it is no item."""
    async with open_host(make_database, "text") as host:
        for key in ("good", "x" * 65, "two\nlines", ""):
            await host.insert("handpicked_presents", {"id": key})
        items = await read_items(host.main())
        assert items.id_kind.answer(items.ids) == ["good"]


async def test_another_schema_is_configuration(make_database: MakeDatabase, tmp_path: Path) -> None:
    """Other names, enums, arrays, varchar keys, unix times, ages in years and a join: read right by TOML alone."""
    mapping = tmp_path / "shop.toml"
    mapping.write_text("""
        [items]
        table = "(SELECT goods.*, shops.label FROM shop.goods JOIN shop.shops ON shops.no = goods.shop)"
        id = "sku"
        public = "visibility = 'everyone'"
        available = "pieces > 0"
        title = "name->>'en'"
        price = "cents / 100.0"
        platform = "label"
        category = "kind"
        suitable_for = "audience"
        created_at = "born"

        [[interactions]]
        kind = "save"
        table = "shop.wishes"
        user = "person"
        item = "sku"
        at = "made"

        [users]
        table = "shop.people"
        id = "no"
        gender = "sex"
        age = "years"
        locale = "upper(lang)"
    """)
    async with open_bare_host(make_database) as host:
        await host.conn.execute("""
            CREATE SCHEMA shop;
            CREATE TYPE shop.kind AS ENUM ('toy', 'book');
            CREATE TABLE shop.shops (no int PRIMARY KEY, label text);
            CREATE TABLE shop.goods (sku varchar(20) PRIMARY KEY, shop int, visibility text, pieces int, name json,
                                     cents int, kind shop.kind, audience text[], born bigint);
            CREATE TABLE shop.wishes (person int, sku varchar(20), made timestamp);
            CREATE TABLE shop.people (no int PRIMARY KEY, sex char(1), years int, lang text);
            INSERT INTO shop.shops VALUES (1, 'ozon');
            INSERT INTO shop.goods VALUES
                ('b-2', 1, 'everyone', 3, '{"en": "A book"}', 1250, 'book', '{friend,colleague}', 1700000000),
                ('a-1', 1, 'everyone', 0, '{"en": "A toy"}', 99, 'toy', NULL, NULL),
                ('c-3', 1, 'owner', 5, '{"en": "Secret"}', 1, 'toy', NULL, NULL);
            INSERT INTO shop.wishes VALUES (7, 'b-2', '2025-06-01 12:00'), (7, 'c-3', '2025-06-01 12:00');
            INSERT INTO shop.people VALUES (7, 'F', 30, 'ru');
        """)
        main = host.main(load_mapping(mapping))
        items = await read_items(main)
        assert items.id_kind.answer(items.ids) == ["a-1", "b-2"]
        assert items.titles == ("A toy", "A book")
        assert items.in_stock.tolist() == [False, True]
        assert items.price.tolist() == [pytest.approx(0.99), 12.5]
        assert [items.categories[code] for code in items.category] == ["toy", "book"]
        assert items.platforms == ("ozon",)
        assert (items.suitable_for_words, items.suitable_for.tolist()) == (("colleague", "friend"), [0, 3])
        assert items.created_at.tolist() == [0, 1700000000]
        assert (await read_available(main, items.ids)).tolist() == [False, True]
        interactions = await read_interactions(main, items)
        assert (interactions.user_ids.tolist(), interactions.item.tolist()) == ([7], [1])
        assert interactions.at.tolist() == [int(datetime(2025, 6, 1, 12, tzinfo=UTC).timestamp())]
        assert await read_demographics(main, "7") == Demographics("f", "25-34", "RU", None)
        assert (await main.schema()).notes == ()
