"""Sessions last: two changes at once both count, and Redis may be emptied, late or gone at any moment."""

import asyncio
import uuid

import pytest
from sqlalchemy import text

from giftwise.cache.redis import CacheStore
from giftwise.db.own import OwnDatabase
from giftwise.dialogue.actions import Action
from giftwise.dialogue.state import State
from giftwise.dialogue.store import Change, Step
from giftwise.errors import NotFound, OwnDatabaseUnavailable
from tests.dialogue.conftest import PATIENT_MS, Table, set_table
from tests.support.gifts import Shop
from tests.support.proxy import Proxy


async def test_a_session_is_in_redis_under_the_contracts_name_for_30_days(table: Table) -> None:
    """The copy is the session as it was answered, and lasts as long as the row."""
    session = await table.begin("coffee")
    session = await table.do(session, "like", 3, target_type="product")
    key = f"rec_session:{session.session_id}"
    copy = State.model_validate_json(await table.redis.get(key) or b"")
    assert copy.session == session
    month = 30 * 86_400
    assert month - 60 < await table.redis.ttl(key) <= month
    ((seconds,),) = await table.rows("SELECT extract(epoch FROM expires_at - now())::int FROM dialogue_sessions")
    assert month - 60 < seconds <= month


async def test_redis_may_be_flushed_between_any_two_calls(table: Table) -> None:
    """The session goes on as if nothing had happened, and so does its copy."""
    session = await table.begin("coffee", "lego")
    steps: list[tuple[str, object]] = [
        ("select_track", session.tracks[0].topic_id), ("suggest_topics", None), ("shortlist", 2), ("like", 3),
        ("dislike", 4), ("view", 5), ("purchase", 6), ("hello", None),
    ]  # fmt: skip
    for number, (action, value) in enumerate(steps, 1):
        await table.redis.flushdb()
        session = await table.do(session, action, value, target_type="product")
        await table.redis.flushdb()
        assert await table.dialogue.session(session.session_id) == session
        assert (await table.store.load(session.session_id)).version == number + 1
    assert await table.redis.exists(f"rec_session:{session.session_id}")


async def test_changes_at_once_by_two_processes_all_count(table: Table, other: Table) -> None:
    """Thirty likes at the same moment: all of them are in the session, in the history and in the version."""
    session = await table.begin("coffee")
    calls = [(table, other)[number % 2].do(session, "shortlist", number) for number in range(1, 31)]
    await asyncio.gather(*calls)
    after = await table.dialogue.session(session.session_id)
    assert sorted(int(one) for one in after.shortlisted_products) == list(range(1, 31))
    assert await table.rows("SELECT count(*) FROM interactions") == [(30,)]
    assert (await other.store.load(session.session_id)).version == 31


async def test_a_change_of_an_older_version_is_refused_whole(table: Table) -> None:
    """Nothing of it is written: no state, no interaction."""
    session = await table.begin("coffee")
    late = await table.store.load(session.session_id)
    await table.do(session, "shortlist", 1)
    late.session.selected_topic_id = "late"
    assert not await table.store.save(Change(late, Step("select_track", "navigation")))
    assert (await table.dialogue.session(session.session_id)).selected_topic_id is None
    assert await table.rows("SELECT action_type FROM interactions") == [("shortlist",)]


async def test_a_late_copy_in_redis_is_never_shown(table: Table) -> None:
    """What Redis had before a change, it may have again after a crash: the row's version tells."""
    session = await table.begin("coffee")
    key = f"rec_session:{session.session_id}"
    before = await table.redis.get(key) or b""
    await table.do(session, "shortlist", 1)
    await table.redis.set(key, before)
    assert (await table.dialogue.session(session.session_id)).shortlisted_products == [1]
    await table.redis.set(key, b"not a session at all")
    assert (await table.dialogue.session(session.session_id)).shortlisted_products == [1]


async def test_without_redis_everything_works_and_without_the_database_sessions_are_shown(
    own_url: str, redis_db: str
) -> None:
    """Redis away: all steps count. The database away: copies are shown, and no step is acknowledged."""
    async with Proxy(own_url) as own_door, Proxy(redis_db) as redis_door:
        own, cache = OwnDatabase(own_door.url), CacheStore(redis_door.url, PATIENT_MS)
        table = set_table(own, cache, Shop())
        session = await table.begin("coffee")
        await redis_door.shut()
        session = await table.do(session, "shortlist", 1)
        assert session.shortlisted_products == [1]
        await redis_door.open()
        await asyncio.sleep(1.1)  # until the cache looks again
        session = await table.do(session, "shortlist", 2)
        await own_door.shut()
        assert await table.dialogue.session(session.session_id) == session
        with pytest.raises(OwnDatabaseUnavailable):
            await table.do(session, "shortlist", 3)
        await own_door.open()
        assert (await table.dialogue.session(session.session_id)).shortlisted_products == [1, 2]
        await cache.close()
        await own.close()


async def test_sessions_that_are_not_there_are_not_found(table: Table) -> None:
    """Never made, of no possible id, ended, or erased: all the same."""
    ended, erased = await table.begin("coffee"), await table.begin("coffee")
    async with table.own.begin() as connection:
        sql = "UPDATE dialogue_sessions SET expires_at = now() WHERE session_id::text = :id"
        await connection.execute(text(sql), {"id": ended.session_id})
    await table.recipients.erase(str(erased.recipient.id))
    assert not await table.redis.exists(f"rec_session:{erased.session_id}")
    for session_id in (str(uuid.uuid4()), "nonsense", "", ended.session_id, erased.session_id):
        with pytest.raises(NotFound):
            await table.dialogue.session(session_id)
        with pytest.raises(NotFound):
            await table.dialogue.interact(session_id, Action("hello"))


async def test_erasing_while_steps_are_made_leaves_nothing(table: Table, other: Table) -> None:
    """Whatever was in between is erased too, and nobody fails but by 'not found'."""
    session = await table.begin("coffee")
    steps = [other.do(session, "shortlist", number) for number in range(1, 21)]

    async def erase() -> None:
        await asyncio.sleep(0.01)
        await table.recipients.erase(str(session.recipient.id))

    results = await asyncio.gather(*steps, erase(), return_exceptions=True)
    assert {type(one) for one in results if isinstance(one, BaseException)} <= {NotFound}
    for name in ("recipients", "recipient_facts", "dialogue_sessions", "interactions", "hypotheses"):
        assert await table.rows(f"SELECT count(*) FROM {name}") == [(0,)], name
