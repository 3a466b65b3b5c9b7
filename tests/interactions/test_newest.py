"""A history read by its mapping: every source of a host together, newest first, ids of the host's own kind."""

from datetime import timedelta

from giftwise.interactions.newest import read_newest
from tests.conftest import MakeDatabase
from tests.support.host import NOON, open_host


async def test_every_source_is_in_one_history_newest_first(make_database: MakeDatabase) -> None:
    """Likes and clicks of one user by their moments, also within a second; nobody else's; the count is of all."""
    async with open_host(make_database) as host:
        for item in (1, 2, 3):
            await host.present(item, title=f"gift {item}")
        await host.like(7, 1, NOON + timedelta(milliseconds=2))
        await host.click(7, 2, NOON + timedelta(milliseconds=3))
        await host.like(7, 3, NOON + timedelta(milliseconds=1))
        await host.like(77, 1, NOON)
        await host.click(None, 1, NOON)
        main = host.main()
        deeds, count = await read_newest(main, "7", 2)
        assert [(deed.item, deed.kind, deed.at, deed.weight) for deed in deeds] == [
            (2, "click", NOON + timedelta(milliseconds=3), 1.0),
            (1, "like", NOON + timedelta(milliseconds=2), 1.0),
        ]
        assert count == 3
        assert await read_newest(main, "8", 2) == ([], 0)
        assert await read_newest(main, "no number", 2) == ([], 0)


async def test_uuids_are_told_as_text(make_database: MakeDatabase) -> None:
    """As the host spells them."""
    async with open_host(make_database, "uuid", "uuid") as host:
        await host.present(1, title="gift")
        await host.like(7, 1)
        deeds, _ = await read_newest(host.main(), str(host.user_id(7)), 5)
        assert [deed.item for deed in deeds] == [str(host.item_id(1))]
