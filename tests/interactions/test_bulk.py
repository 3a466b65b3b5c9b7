"""Everyone's interactions in bulk: each fact once, only of the catalog, of every kind of id."""

from datetime import timedelta
from typing import get_args

import numpy as np
import pytest

from giftwise.catalog.presents import read_items
from giftwise.interactions.bulk import read_interactions
from giftwise.interactions.event import Kind
from giftwise.people.users import read_crowd
from giftwise.seeding.host import IdType
from tests.support.host import NOON, MakeDatabase, open_host


@pytest.mark.parametrize("id_type", get_args(IdType))
async def test_each_fact_once_with_its_latest_time(make_database: MakeDatabase, id_type: IdType) -> None:
    """Private items, unknown items and anonymous clicks are left out; a repeated click counts once, at its latest."""
    async with open_host(make_database, id_type, id_type) as host:
        for number in (10, 20):
            await host.present(number)
        await host.present(15, owner=5)
        later = NOON + timedelta(days=1)
        await host.like(5, 10)
        await host.like(2, 20)
        await host.like(5, 15)
        await host.like(5, 99)
        await host.click(None, 10)
        for at in (NOON, later, NOON):
            await host.click(5, 10, at)
        await host.purchase(5, 20)
        main = host.main()
        items = await read_items(main)
        found = await read_interactions(main, items)
    facts = set(zip(found.user.tolist(), found.item.tolist(), found.kind.tolist(), found.at.tolist(), strict=True))
    noon, next_noon = int(NOON.timestamp()), int(later.timestamp())
    assert facts == {
        (1, 0, Kind.LIKE, noon),
        (0, 1, Kind.LIKE, noon),
        (1, 0, Kind.CLICK, next_noon),
        (1, 1, Kind.PURCHASE, noon),
    }
    assert len(found) == 4
    assert (found.users, found.items) == (2, 2)
    expected = items.id_kind.array([host.user_id(2), host.user_id(5)])
    np.testing.assert_array_equal(found.user_ids, expected)
    arrays = (found.user, found.item, found.kind, found.at)
    assert [array.dtype.name for array in arrays] == ["int32", "int32", "int8", "int64"]


async def test_two_sources_of_one_kind_are_one(make_database: MakeDatabase) -> None:
    """A fact that two tables know is one interaction."""
    async with open_host(make_database) as host:
        await host.present(1)
        await host.like(1, 1)
        main = host.main()
        items = await read_items(main)
        likes = main.mapping.interactions[0]
        twice = host.main(main.mapping.model_copy(update={"interactions": (likes, likes)}))
        assert len(await read_interactions(twice, items)) == 1


async def test_a_crowd_is_aligned_with_its_users(make_database: MakeDatabase) -> None:
    """Users that the host does not know, and what it does not know of them, are -1 in their places."""
    async with open_host(make_database, "bigint", "uuid") as host:
        await host.present(1)
        for number in (1, 2, 3):
            await host.like(number, 1)
        await host.user(3, "male", geo_id=213)
        await host.user(1, "f")
        main = host.main()
        interactions = await read_interactions(main, await read_items(main))
        crowd = await read_crowd(main, interactions.user_ids)
    assert (crowd.gender.tolist(), crowd.age.tolist(), crowd.geo.tolist()) == ([1, -1, 0], [-1] * 3, [-1, -1, 213])
