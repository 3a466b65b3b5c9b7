"""The mapping against a real schema: what is missing is null, absent or refused, and always named."""

from typing import Any

import pytest

from giftwise.catalog.presents import read_items
from giftwise.db.mapping import Mapping, load_mapping
from giftwise.errors import MappingError
from tests.support.host import Host, MakeDatabase, open_host


@pytest.fixture
async def host(make_database: MakeDatabase) -> Any:
    """The contract's tables, empty."""
    async with open_host(make_database) as opened:
        yield opened


async def test_missing_columns_are_null_and_noted(host: Host) -> None:
    """A host without prices, stock and categories is served all the same; each lack is one note."""
    await host.conn.execute(
        "ALTER TABLE handpicked_presents DROP price, DROP status, DROP categories, DROP created_at, DROP geo_id"
    )
    await host.present(1, title="A mug")
    main = host.main()
    items = await read_items(main)
    assert items.titles == ("A mug",)
    assert items.in_stock.tolist() == [True]
    assert (items.category.tolist(), items.created_at.tolist(), items.geo.tolist()) == ([-1], [0], [-1])
    notes = (await main.schema()).notes
    assert any("items.price = price" in note and "does not exist" in note for note in notes)
    assert len(notes) == len({"price", "available", "geo", "created_at"}) + len(
        {"category", "target_gender", "target_age", "suitable_for", "acquaintance_level"}
    )


async def test_missing_optional_tables_are_absent(host: Host) -> None:
    """No users and no purchases: two notes, no error."""
    await host.conn.execute("DROP TABLE users, handpicked_purchases")
    schema = await host.main().schema()
    assert schema.users is None
    assert [source.kind for source in schema.interactions] == ["like", "click"]
    assert len(schema.notes) == 2


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            "DROP TABLE handpicked_presents",
            'items: table = handpicked_presents: relation "handpicked_presents" does not',
        ),
        ("ALTER TABLE handpicked_presents DROP user_id", "items.public = user_id IS NULL: column"),
        ("DROP TABLE handpicked_likes", "interactions like (handpicked_likes): table = handpicked_likes: relation"),
        ("ALTER TABLE handpicked_likes DROP user_id", "interactions like (handpicked_likes).user = user_id: column"),
        ("ALTER TABLE users RENAME id TO number", "users.id = id: column"),
    ],
)
async def test_a_missing_required_part_is_named(host: Host, change: str, told: str) -> None:
    """What cannot be done without is refused with its section, its expression and the database's own words."""
    await host.conn.execute(change)
    with pytest.raises(MappingError) as raised:
        await host.main().schema()
    assert told in str(raised.value)
    assert "does not exist" in str(raised.value)


@pytest.mark.parametrize(
    ("section", "change", "told"),
    [
        ("items", {"public": "title"}, "items.public = (title) is text, not a condition"),
        ("items", {"price": "price +"}, "items.price = price +: syntax error"),
        ("items", {"created_at": "title"}, "neither a time nor unix seconds"),
        ("items", {"id": "id::text"}, "item ids are of different kinds: (id::text) is text and"),
        ("users", {"id": "locale"}, "user ids are of different kinds"),
    ],
)
async def test_an_unfit_expression_is_refused(host: Host, section: str, change: dict[str, str], told: str) -> None:
    """Expressions of the wrong type are found before the first request, not by it."""
    with pytest.raises(MappingError) as raised:
        await host.main(changed(section, change)).schema()
    assert told in str(raised.value)


async def test_an_id_column_must_be_able_to_be_an_id(host: Host) -> None:
    """A catalog keyed by something else than integers, UUIDs or text is refused by name."""
    dates = changed("items", {"id": "created_at::date"})
    with pytest.raises(MappingError, match="a column of type date cannot be an id"):
        await read_items(host.main(dates.model_copy(update={"interactions": ()})))


def changed(section: str, change: dict[str, str]) -> Mapping:
    """The default mapping with other expressions in one section."""
    mapping = load_mapping()
    return mapping.model_copy(update={section: getattr(mapping, section).model_copy(update=change)})
