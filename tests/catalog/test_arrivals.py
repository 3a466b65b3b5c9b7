"""What came since a generation: seen by its time of change, read once, named by what it says."""

import asyncpg

from giftwise.catalog import arrivals
from giftwise.catalog.arrivals import OVERLAP_SECONDS, Arrivals
from giftwise.catalog.presents import read_cards, read_items
from giftwise.db.mapping import load_mapping
from giftwise.ids import IdKind
from tests.support.host import MakeDatabase, open_host
from tests.support.market import PushHost


async def now(host: PushHost) -> float:
    """The database's clock."""
    moment: float = await host.conn.fetchval("SELECT extract(epoch FROM clock_timestamp())::float8")
    return moment


async def test_every_column_of_a_business_is_read(push_host: PushHost) -> None:
    """A full row and a bare one; what is no number or no place is unknown, and the rest of its row counts."""
    await push_host.business(
        1, ["Coffee", "Bakery"], ["wifi"], place=(55.5, 37.5), name="North", description="Pastry",
        popularity_score=12.5, rating=4.5, rating_count=7,
    )  # fmt: skip
    await push_host.business(2)
    await push_host.business(3, ["Coffee"])
    await push_host.conn.execute("""UPDATE businesses SET location = '{"lat": "x", "lon": 400}' WHERE id = '3'""")
    items = await read_items(push_host.main())
    assert items.id_kind is IdKind.TEXT
    assert items.titles == ("North", "Business 2", "Business 3")
    assert items.categories == ("Coffee",)
    assert items.category.tolist() == [0, -1, 0]
    traits = items.traits
    assert traits is not None
    found = [[column[row].item() for column in (traits.lat, traits.lon)] for row in range(3)]
    assert found[0] == [55.5, 37.5]
    assert str(found[1:]) == "[[nan, nan], [nan, nan]]"
    assert (traits.popularity[0], traits.rating[0], traits.rating_count[0]) == (12.5, 4.5, 7)
    assert {"coffee", "bakery", "wifi", "pastry", "north"} <= set(traits.topics.words)


async def test_only_what_is_there_has_a_card(push_host: PushHost) -> None:
    """What a page shows is read by id, as it is now; what is gone has none."""
    await push_host.business(1, ["Coffee"], place=(1.5, 2.5))
    await push_host.business(2)
    main = push_host.main()
    assert set(await read_cards(main, IdKind.TEXT, ["1", "2", "3"])) == {"1", "2"}
    await push_host.delete("businesses", 2)
    await push_host.business(1, ["Tea"], name="Renamed")
    (card,) = (await read_cards(main, IdKind.TEXT, ["1", "2"])).values()
    assert (card.title, card.categories, card.place) == ("Renamed", ("Tea",), None)


async def test_new_and_changed_rows_arrive_and_deleted_ones_leave(push_host: PushHost) -> None:
    """What was there before the generation does not arrive; the same rows are the same object, and named alike."""
    await push_host.business(1, ["Coffee"])
    await push_host.conn.execute("UPDATE businesses SET updated_at = now() - interval '1 hour'")
    seen, other = Arrivals(push_host.main()), Arrivals(push_host.main())
    read_at = await now(push_host)
    assert await seen.look(read_at) is None
    await push_host.business(2, ["Tea"])
    first = await seen.look(read_at)
    assert first is not None
    assert first.items.titles == ("Business 2",)
    assert await seen.look(read_at) is first
    again = await other.look(read_at)
    assert again is not None
    assert again.name == first.name
    assert await seen.count(read_at) == 1
    await push_host.business(1, ["Cocoa"])
    changed = await seen.look(read_at)
    assert changed is not None
    assert changed.items.titles == ("Business 1", "Business 2")
    assert changed.name != first.name
    for number in (1, 2):
        await push_host.delete("businesses", number)
    assert await seen.look(read_at) is None


async def test_a_row_that_becomes_visible_late_is_not_missed(push_host: PushHost) -> None:
    """A transaction that was open while the generation was read, and through a look, commits with an older time."""
    late = await asyncpg.connect(push_host.url)
    transaction = late.transaction()
    await transaction.start()
    await late.execute("INSERT INTO businesses (id, name) VALUES ('1', 'Late')")
    read_at = await now(push_host)
    seen = Arrivals(push_host.main())
    await push_host.business(2)
    first = await seen.look(read_at)
    assert first is not None
    assert first.items.titles == ("Business 2",)
    await transaction.commit()
    await late.close()
    second = await seen.look(read_at)
    assert second is not None
    assert second.items.titles == ("Late", "Business 2")


async def test_a_change_that_becomes_visible_late_is_not_missed(push_host: PushHost) -> None:
    """Neither the number of rows nor the newest time tells of it: the sum of the times does."""
    await push_host.business(1)
    late = await asyncpg.connect(push_host.url)
    transaction = late.transaction()
    await transaction.start()
    await late.execute("UPDATE businesses SET name = 'Changed', updated_at = clock_timestamp() WHERE id = '1'")
    await push_host.business(2)
    seen = Arrivals(push_host.main())
    first = await seen.look(0)
    assert first is not None
    assert first.items.titles == ("Business 1", "Business 2")
    await transaction.commit()
    await late.close()
    second = await seen.look(0)
    assert second is not None
    assert second.items.titles == ("Changed", "Business 2")


async def test_after_the_next_generation_only_what_is_newer_arrives(push_host: PushHost) -> None:
    """A generation read later has the older rows itself."""
    await push_host.business(1)
    seen = Arrivals(push_host.main())
    read_at = await now(push_host)
    assert await seen.look(0) is not None
    assert await seen.look(read_at) is not None, "rows of the last two minutes are looked at once more"
    assert await seen.look(read_at + OVERLAP_SECONDS + 1) is None


async def test_of_very_many_the_newest_join(push_host: PushHost) -> None:
    """A flood costs a process only so much; the worker learns the rest."""
    await push_host.conn.execute(
        "INSERT INTO businesses (id, name, updated_at) SELECT n, n, now() + n * interval '1 second'"
        f" FROM generate_series(1, {arrivals.MOST + 3}) n"
    )
    seen = Arrivals(push_host.main())
    found = await seen.look(0)
    assert found is not None
    assert len(found.items) == arrivals.MOST
    assert not {"1", "2", "3"} & set(found.items.titles)
    assert await seen.count(0) == arrivals.MOST + 3


async def test_a_catalog_without_times_of_change_has_no_arrivals(make_database: MakeDatabase) -> None:
    """Presents are learned by the jobs alone, as ever."""
    async with open_host(make_database) as host:
        await host.present(1)
        seen = Arrivals(host.main(load_mapping()))
        assert await seen.nothing() is None
        assert await seen.look(0) is None
        assert await seen.count(0) == 0
