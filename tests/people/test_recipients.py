"""Recipients: what is said of them is merged, the newest wins, all of it is kept, and erasing leaves nothing."""

import asyncio
import uuid
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import IntegrityError

from giftwise.db.own import OwnDatabase
from giftwise.db.tables import dialogue_sessions, hypotheses, interactions, recipients, users
from giftwise.people.recipients import (
    Picture,
    create_recipient,
    erase_recipients,
    list_recipients,
    merge_facts,
    read_deeds,
    read_picture,
    read_recipient,
    read_said,
)


async def a_recipient(own: OwnDatabase, user: str = "7", **facts: Any) -> uuid.UUID:
    """The id of a new one."""
    async with own.begin() as connection:
        return (await create_recipient(connection, user, facts)).id


async def do(own: OwnDatabase, recipient: uuid.UUID, action: str, item: object) -> None:
    """Something done with a product for a recipient."""
    async with own.begin() as connection:
        row = {"recipient_id": recipient, "action_type": action, "target_type": "product", "target_id": str(item)}
        await connection.execute(insert(interactions).values(**row))


async def test_a_user_first_named_gets_a_row_and_keeps_an_older_one(own: OwnDatabase) -> None:
    """A host that pushed its user before finds it as it was."""
    async with own.begin() as connection:
        await connection.execute(insert(users).values(id="7", username="anna"))
        await create_recipient(connection, "7", {"name": "Boris"})
        await create_recipient(connection, "8", {"name": "Vera"})
        rows = await connection.execute(select(users.c.id, users.c.username).order_by(users.c.id))
        assert [tuple(row) for row in rows] == [("7", "anna"), ("8", None)]


async def test_newest_facts_win_and_all_are_kept(own: OwnDatabase) -> None:
    """What is said later replaces, what is not said stays, None clears; each saying is still there, newest first."""
    one = await a_recipient(own, name="Anna", age=29, interests=["tea"], budget=3000, occasion="birthday")
    session = uuid.uuid4()
    async with own.begin() as connection:
        await merge_facts(connection, one, {"age": 30, "interests": ["lego"], "budget": 5000}, session_id=session)
        await merge_facts(connection, one, {"name": None, "occasion": None})
    async with own.read() as connection:
        found = await read_recipient(connection, one)
        said = await read_said(connection, one, 10)
    assert found is not None
    assert (found.name, found.age, found.interests, found.facts) == (None, 30, ["lego"], {"budget": 5000})
    assert [entry.facts.get("age") for entry in said] == [None, 30, 29]
    assert [entry.session_id for entry in said] == [None, session, None]
    assert said[2].facts["interests"] == ["tea"]


async def test_a_birth_date_says_the_age(own: OwnDatabase) -> None:
    """Whoever was born on a day is as old as that makes them, whatever was said of the age."""
    today = datetime.now(UTC).date()
    one = await a_recipient(own, age=5, birth_date=date(today.year - 30, 1, 1))
    async with own.read() as connection:
        found = await read_recipient(connection, one)
    assert found is not None
    assert found.age == 30


async def test_listing_finds_words_and_pages(own: OwnDatabase) -> None:
    """Of one user alone, by words of name or relation in any case, last changed first; % and _ are no wildcards."""
    for name, relation in (("Анна Петрова", "friend"), ("Борис", "colleague"), ("Annette", "friend"), ("100%", None)):
        await a_recipient(own, name=name, relation=relation)
    other = await a_recipient(own, "8", name="Анна")

    async def names(search: str | None, limit: int = 10, offset: int = 0) -> tuple[list[str | None], int]:
        async with own.read() as connection:
            found, total = await list_recipients(connection, "7", search, limit=limit, offset=offset)
        assert other not in [one.id for one in found]
        return [one.name for one in found], total

    assert await names(None) == (["100%", "Annette", "Борис", "Анна Петрова"], 4)
    assert await names("петр анна") == (["Анна Петрова"], 1)
    assert await names("FRIEND", 1, 1) == (["Анна Петрова"], 2)
    assert await names("%") == (["100%"], 1)
    assert await names("_") == ([], 0)


async def test_a_picture_is_what_was_done_last(own: OwnDatabase) -> None:
    """A dislike after a like is a dislike, a purchase is owned whatever came after, and views say nothing."""
    one = await a_recipient(own)
    for action, item in (("like", 1), ("dislike", 1), ("select_gift", 2), ("view", 3), ("purchase", 4), ("dislike", 4)):
        await do(own, one, action, item)
    async with own.read() as connection:
        assert await read_picture(connection, one, 100) == Picture(("2",), ("4", "1"), ("4",))
        assert [deed.target_id for deed in await read_deeds(connection, one, 3)] == ["4", "4", "3"]


async def test_erasing_takes_all_that_was_derived_and_nothing_else(own: OwnDatabase) -> None:
    """Every table that names a recipient is emptied of this one, counted, and of no other."""
    one, other = await a_recipient(own, name="Anna"), await a_recipient(own, name="Vera")
    sessions = {}
    for person in (one, other):
        sessions[person] = await a_session(own, person)
        await do(own, person, "like", 1)
    async with own.begin() as connection:
        erased = await erase_recipients(connection, [one])
        assert erased is not None
        assert erased.rows == {"sessions": 1, "interactions": 1, "hypotheses": 1, "facts": 1, "recipients": 1}
        assert erased.sessions == (str(sessions[one]),)
        assert await erase_recipients(connection, [one]) is None
    tables = "SELECT DISTINCT table_name FROM information_schema.columns WHERE column_name = 'recipient_id'"
    async with own.read() as connection:
        for table in (await connection.execute(text(tables))).scalars():
            left = (await connection.execute(text(f"SELECT DISTINCT recipient_id FROM {table}"))).scalars().all()
            assert left == [other], table


async def test_nothing_is_written_of_an_erased_recipient(own: OwnDatabase) -> None:
    """What is being written while someone is erased fails, or is erased as well, and nobody waits in a circle."""
    one = await a_recipient(own)
    session = await a_session(own, one)

    async def write() -> None:
        async with own.begin() as connection:
            touch = "UPDATE dialogue_sessions SET version = version + 1 WHERE session_id = :id"
            if (await connection.execute(text(touch), {"id": session})).rowcount:
                await asyncio.sleep(0.2)
                values = {"recipient_id": one, "action_type": "like", "target_type": "product", "target_id": "1"}
                await connection.execute(insert(interactions).values(**values))

    async def erase() -> None:
        await asyncio.sleep(0.1)
        async with own.begin() as connection:
            assert await erase_recipients(connection, [one]) is not None

    await asyncio.gather(write(), erase())
    with pytest.raises(IntegrityError):
        await do(own, one, "like", 1)
    async with own.read() as connection:
        for table in (interactions, dialogue_sessions, recipients):
            assert not (await connection.execute(select(table))).all()


async def a_session(own: OwnDatabase, recipient: uuid.UUID) -> uuid.UUID:
    """A session of a recipient, with one idea."""
    session = uuid.uuid4()
    async with own.begin() as connection:
        await connection.execute(
            insert(dialogue_sessions).values(
                session_id=session, recipient_id=recipient, state={}, expires_at=text("now() + interval '1 day'")
            )
        )
        words = dict.fromkeys(
            ("topic_id", "track_title", "title", "description", "reasoning", "primary_gap", "model_name"), "x"
        )
        row = {"id": uuid.uuid4(), "session_id": session, "recipient_id": recipient, **words}
        await connection.execute(insert(hypotheses).values(**row))
    return session
