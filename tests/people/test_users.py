"""What the host knows of a user: one row in, demographics in our words out."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime

import pytest

from giftwise.people.demographics import Segment
from giftwise.people.users import Demographics, read_demographics
from tests.support.host import Host, MakeDatabase, open_host


@pytest.fixture(scope="module")
async def host(make_database: MakeDatabase) -> AsyncIterator[Host]:
    """The contract's tables, empty."""
    async with open_host(make_database) as opened:
        yield opened


async def test_a_row_becomes_demographics(host: Host) -> None:
    """Gender words, a birthday, a locale and a region: in our words, with the segment that they make."""
    born = datetime.now(UTC).date().replace(day=1)
    await host.user(1, "Male", born.replace(year=born.year - 30), 213, "ru")
    found = await read_demographics(host.main(), 1)
    assert found == Demographics("m", "25-34", "ru", 213)
    assert found is not None
    assert found.segment == Segment("m", "25-34", 213)


@pytest.mark.parametrize(
    ("gender", "birthday", "geo_id"),
    [(None, None, None), ("unicorn", date(1700, 1, 1), -7), ("", date(2999, 1, 1), None)],
)
async def test_rubbish_is_unknown(host: Host, gender: str | None, birthday: date | None, geo_id: int | None) -> None:
    """Nulls, unknown words, people of 300 years and people not born yet: unknown, never an error."""
    await host.conn.execute("DELETE FROM users WHERE id = 2")
    await host.user(2, gender, birthday, geo_id)
    assert await read_demographics(host.main(), 2) == Demographics()


async def test_the_unknown_and_the_impossible_are_none(host: Host) -> None:
    """No row, or an id that cannot have one: None."""
    main = host.main()
    for user in (404, "abc", 2**64, "1\x00"):
        assert await read_demographics(main, user) is None


async def test_without_a_users_table_nobody_is_known(make_database: MakeDatabase) -> None:
    """A host that keeps no users is served all the same."""
    async with open_host(make_database) as host:
        await host.conn.execute("DROP TABLE users")
        assert await read_demographics(host.main(), 1) is None


async def test_age_groups_win_over_years_over_birthdays(host: Host) -> None:
    """Of several ways to say an age the most exact mapping wins; an unreadable one leaves it to the next."""
    main = host.main()
    users = main.mapping.users
    assert users is not None
    await host.user(3, birthday=date(1990, 1, 1))

    async def age(**expressions: str) -> str | None:
        changed = main.mapping.model_copy(update={"users": users.model_copy(update=expressions)})
        found = await read_demographics(host.main(changed), 3)
        return found.age_group if found else None

    assert await age(age_group="'45+'", age="20") == "45+"
    assert await age(age_group="'elderly'", age="20") == "18-24"
    assert await age(age_group="NULL", age="NULL::int") == "35-44"
