"""The recorder's promises, against a real PostgreSQL and Redis: what is told once counts once, in its order."""

import asyncio
import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from giftwise.cache.answers import Answers
from giftwise.cache.redis import CacheStore
from giftwise.catalog.pushed import BusinessMessage, DeleteBusiness
from giftwise.db.own import OwnDatabase, connect
from giftwise.errors import OwnDatabaseUnavailable
from giftwise.interactions.messages import Message
from giftwise.interactions.pushed import InteractionMessage
from giftwise.interactions.record import Outcome, Recorder
from giftwise.people.pushed import DeleteUser, Location, UserMessage
from tests.support.proxy import Proxy

APPLIED, REPEATED, ABSENT = Outcome.APPLIED, Outcome.REPEATED, Outcome.ABSENT
NOON = datetime(2025, 6, 1, 12, tzinfo=UTC)


@pytest.fixture
async def answers(redis_db: str) -> AsyncIterator[Answers]:
    """An answer cache over an empty Redis."""
    store = CacheStore(redis_db)
    cache = Answers(store)
    yield cache
    await cache.close()
    await store.close()


@pytest.fixture
def recorder(own: OwnDatabase, answers: Answers) -> Recorder:
    """A recorder over an empty database."""
    return Recorder(own, answers)


async def rows(own: OwnDatabase, query: str) -> list[tuple[Any, ...]]:
    """Rows of our own database."""
    connection = await connect(own.url)
    try:
        return [tuple(row) for row in await connection.fetch(query)]
    finally:
        await connection.close()


async def deeds(own: OwnDatabase) -> list[tuple[Any, ...]]:
    """Every interaction without its time, in the order of its key."""
    return await rows(
        own, "SELECT user_id, business_id, interaction_type, weight FROM user_interactions ORDER BY 1, 2, 3"
    )


async def kept(answers: Answers, user: str) -> bool:
    """Whether this user has a kept list."""
    return (await answers.find("businesses", user, "d")).value is not None


async def keep(answers: Answers, *users: str) -> None:
    """Keep a list for each of these users."""
    for user in users:
        epoch = (await answers.find("businesses", user, "d")).epoch
        await answers.keep("businesses", user, "d", b"list", epoch=epoch, ttl=60)


async def test_a_sync_replaces_what_was_known(recorder: Recorder, own: OwnDatabase) -> None:
    """The row is as the last message says, fields that it left out included; created_at stays."""
    first = UserMessage("1", "anna", "a@b.c", ("tea", "лес"), Location(55.5, -37.25))
    assert await recorder.apply([first, BusinessMessage("7", "Roastery", tags=("wifi",), rating=4.5)]) == [APPLIED] * 2
    born = await rows(own, "SELECT created_at FROM users")
    assert await rows(own, "SELECT username, email, interests, location FROM users") == [
        ("anna", "a@b.c", '["tea", "лес"]', '{"lat": 55.5, "lon": -37.25}')
    ]
    assert await recorder.apply([UserMessage("1", "anna"), BusinessMessage("7", "Roastery 2")]) == [APPLIED] * 2
    assert await rows(own, "SELECT id, username, email, interests, location FROM users") == [
        ("1", "anna", None, "[]", None)
    ]
    assert await rows(own, "SELECT created_at FROM users") == born
    assert await rows(own, "SELECT name, tags, rating FROM businesses") == [("Roastery 2", "[]", None)]


async def test_a_sync_that_changes_nothing_is_no_news(recorder: Recorder, own: OwnDatabase) -> None:
    """A nightly sync of everything leaves updated_at, which processes take for news; a change moves it."""
    shop = BusinessMessage("7", "Roastery", "d", ("tea",), ("wifi",), Location(1, 2), 0.5, 4.5, 10)
    await recorder.apply([shop])
    before = await rows(own, "SELECT updated_at FROM businesses")
    await recorder.apply([shop])
    assert await rows(own, "SELECT updated_at FROM businesses") == before
    await recorder.apply([BusinessMessage("7", "Roastery")])
    assert await rows(own, "SELECT updated_at FROM businesses") > before


async def test_a_repeat_sets_weight_and_time(recorder: Recorder, own: OwnDatabase) -> None:
    """One row a (user, business, type); other types and users are rows of their own."""
    view = InteractionMessage("1", "7", "view", 1.0)
    others = [InteractionMessage("1", "7", "like"), InteractionMessage("11", "7", "view")]
    await recorder.apply([view, *others])
    before = await rows(
        own, "SELECT timestamp FROM user_interactions WHERE user_id = '1' AND interaction_type = 'view'"
    )
    await recorder.apply([InteractionMessage("1", "7", "view", 2.5)])
    after = await rows(own, "SELECT timestamp FROM user_interactions WHERE user_id = '1' AND interaction_type = 'view'")
    assert await deeds(own) == [("1", "7", "like", 1.0), ("1", "7", "view", 2.5), ("11", "7", "view", 1.0)]
    assert after > before


async def test_an_older_repeat_that_comes_late_changes_nothing(recorder: Recorder, own: OwnDatabase) -> None:
    """Of two with times the newer one holds, whichever comes last, in one batch or in two."""
    old, new = (
        InteractionMessage("1", "7", "view", 1, NOON),
        InteractionMessage("1", "7", "view", 2, NOON + timedelta(1)),
    )
    await recorder.apply([new])
    await recorder.apply([old])
    assert await rows(own, "SELECT weight, timestamp FROM user_interactions") == [(2.0, new.at)]
    await recorder.apply([DeleteUser("1")])
    await recorder.apply([new, old])
    assert await rows(own, "SELECT weight, timestamp FROM user_interactions") == [(2.0, new.at)]
    await recorder.apply([InteractionMessage("1", "7", "view", 3, new.at)])
    assert (await deeds(own))[0][3] == 3.0, "of two of one moment the last holds"
    await recorder.apply([InteractionMessage("1", "7", "view", 4)])
    assert (await deeds(own))[0][3] == 4.0


async def test_a_time_from_the_future_counts_as_now(recorder: Recorder, own: OwnDatabase) -> None:
    """Otherwise no later repeat could ever set the row again."""
    await recorder.apply([InteractionMessage("1", "7", "view", 1, datetime(2999, 1, 1, tzinfo=UTC))])
    await recorder.apply([InteractionMessage("1", "7", "view", 2)])
    assert await deeds(own) == [("1", "7", "view", 2.0)]
    assert await rows(own, "SELECT timestamp <= now() FROM user_interactions") == [(True,)]


async def test_interactions_of_one_batch_are_newest_first_in_their_order(recorder: Recorder, own: OwnDatabase) -> None:
    """What was told last stands first in the history, also of a thousand told at once; a repeat moves up."""
    await recorder.apply([*(InteractionMessage("1", str(number), "view") for number in range(1_000))])
    told = [InteractionMessage("1", business, kind) for business, kind in (("3", "like"), ("5", "view"), ("3", "like"))]
    await recorder.apply(told)
    newest = "SELECT business_id, interaction_type FROM user_interactions ORDER BY timestamp DESC LIMIT 4"
    assert await rows(own, newest) == [("3", "like"), ("5", "view"), ("999", "view"), ("998", "view")]


async def test_an_event_is_applied_once(recorder: Recorder, own: OwnDatabase, answers: Answers) -> None:
    """A second delivery, in the same batch or later, changes nothing, but its user is forgotten once more."""
    first = InteractionMessage("1", "7", "view", 1, event_id="e1")
    again = InteractionMessage("1", "7", "view", 9, event_id="e1")
    assert await recorder.apply([first, again]) == [APPLIED, REPEATED]
    await keep(answers, "1")
    assert await recorder.apply([again, InteractionMessage("2", "7", "view", event_id="e2")]) == [REPEATED, APPLIED]
    assert await deeds(own) == [("1", "7", "view", 1.0), ("2", "7", "view", 1.0)]
    assert not await kept(answers, "1"), "who applied it may have died before forgetting"


async def test_an_event_and_its_facts_are_one_transaction(recorder: Recorder, own: OwnDatabase) -> None:
    """Where the facts cannot be written, the event is not taken for applied."""
    broken = BusinessMessage("7", None, event_id="e1")  # type: ignore[arg-type] # what the table refuses
    with pytest.raises(Exception, match="null value"):
        await recorder.apply([broken])
    assert await recorder.apply([BusinessMessage("7", "Roastery", event_id="e1")]) == [APPLIED]


async def test_deleting_takes_what_was_done_along(recorder: Recorder, own: OwnDatabase) -> None:
    """User 1 goes with the row and the deeds, user 11 stays; a business that comes back has no past."""
    await recorder.apply([UserMessage("1"), UserMessage("11"), BusinessMessage("7", "A"), BusinessMessage("8", "B")])
    await recorder.apply([InteractionMessage(user, shop, "view") for user in ("1", "11") for shop in ("7", "8")])
    assert await recorder.apply([DeleteUser("1")]) == [APPLIED]
    assert await deeds(own) == [("11", "7", "view", 1.0), ("11", "8", "view", 1.0)]
    assert await rows(own, "SELECT id FROM users") == [("11",)]
    assert await recorder.apply([DeleteBusiness("7")]) == [APPLIED]
    await recorder.apply([BusinessMessage("7", "A again")])
    assert await deeds(own) == [("11", "8", "view", 1.0)]


async def test_deleting_nothing_is_told(recorder: Recorder, own: OwnDatabase) -> None:
    """Absent is what neither the tables nor the batch before it had; deeds of someone never synced are something."""
    await recorder.apply([InteractionMessage("2", "9", "view")])
    told: list[Message] = [
        DeleteUser("1"), UserMessage("1"), DeleteUser("1"), DeleteUser("1"), DeleteUser("2"), DeleteUser("2"),
        DeleteBusiness("9"), BusinessMessage("9", "C"), InteractionMessage("3", "9", "view"), DeleteBusiness("9"),
    ]  # fmt: skip
    assert await recorder.apply(told) == [
        ABSENT, APPLIED, APPLIED, ABSENT, APPLIED, ABSENT,
        ABSENT, APPLIED, APPLIED, APPLIED,
    ]  # fmt: skip
    assert await deeds(own) == []
    assert await rows(own, "SELECT 1 FROM users UNION ALL SELECT 1 FROM businesses") == []


async def test_a_batch_holds_out_as_if_told_one_after_the_other(recorder: Recorder, own: OwnDatabase) -> None:
    """Random messages, deletions among them: in one batch they leave the same rows as one by one, and outcomes too."""
    dice = random.Random(4)
    for trial in range(8):
        told = [_anything(dice, number, trial) for number in range(40)]
        single = [(await recorder.apply([message]))[0] for message in told]
        expected = await _emptied(own)
        assert await recorder.apply(told) == single, told
        assert await _emptied(own) == expected, told


async def _emptied(own: OwnDatabase) -> list[list[tuple[Any, ...]]]:
    """What was in the tables, which are empty then."""
    found = [
        await rows(own, "DELETE FROM users RETURNING id, username"),
        await rows(own, "DELETE FROM businesses RETURNING id, name"),
        await rows(own, "DELETE FROM user_interactions RETURNING user_id, business_id, interaction_type, weight"),
        await rows(own, "DELETE FROM applied_events RETURNING event_id"),
    ]
    return [sorted(part) for part in found]


def _anything(dice: random.Random, number: int, trial: int) -> Message:
    user, shop = str(dice.randrange(4)), str(dice.randrange(3))
    event = f"{trial}-{dice.randrange(30)}" if dice.random() < 0.5 else None
    match dice.randrange(8):
        case 0:
            return UserMessage(user, f"name {number}", event_id=event)
        case 1:
            return BusinessMessage(shop, f"name {number}", event_id=event)
        case 2:
            return DeleteUser(user, event)
        case 3:
            return DeleteBusiness(shop, event)
    at = NOON + timedelta(hours=dice.randrange(100)) if dice.random() < 0.3 else None
    return InteractionMessage(user, shop, dice.choice(("view", "like")), float(number), at, event)


async def test_lists_are_forgotten_after_the_commit(recorder: Recorder, own: OwnDatabase, answers: Answers) -> None:
    """Each user concerned and nobody else; those too whose deeds went with a business."""
    await recorder.apply([InteractionMessage("6", "7", "view")])
    await keep(answers, "1", "11", "2", "3", "6")
    await recorder.apply([InteractionMessage("1", "7", "view"), UserMessage("2"), DeleteUser("3"), DeleteBusiness("7")])
    assert [await kept(answers, user) for user in ("1", "11", "2", "3", "6")] == [False, True, False, False, False]


async def test_a_list_from_before_the_commit_cannot_be_kept_after_it(recorder: Recorder, answers: Answers) -> None:
    """Somebody computes a list while the interaction is recorded: theirs is not kept."""
    found = await answers.find("businesses", "1", "d")
    await recorder.apply([InteractionMessage("1", "7", "view")])
    await answers.keep("businesses", "1", "d", b"stale", epoch=found.epoch, ttl=60)
    assert not await kept(answers, "1")


async def test_batches_at_once_neither_deadlock_nor_lose_anything(own: OwnDatabase, answers: Answers) -> None:
    """Eight writers with the same users, businesses and events in any order: every event exactly once."""
    dice, recorder = random.Random(8), Recorder(own, answers)
    told: list[Message] = [
        InteractionMessage(str(number % 7), str(number % 11), "view", number, event_id=str(number))
        for number in range(300)
    ]

    async def writer() -> list[tuple[str | None, Outcome]]:
        mine = dice.sample(told, len(told))
        found: list[tuple[str | None, Outcome]] = []
        for start in range(0, len(mine), 50):
            batch = [*mine[start : start + 50], DeleteUser("99"), DeleteBusiness("99"), UserMessage(str(start % 3))]
            found += zip((message.event_id for message in batch), await recorder.apply(batch), strict=True)
        return found

    ends = [end for ends in await asyncio.gather(*(writer() for _ in range(5))) for end in ends]
    for number in range(300):
        assert sorted(end for event, end in ends if event == str(number)) == [APPLIED] + [REPEATED] * 4


async def test_a_batch_that_the_server_stopped_is_tried_again(recorder: Recorder, own: OwnDatabase) -> None:
    """Where two batches wait for each other, the server stops one: it is applied all the same, and once."""
    connection = await connect(own.url)
    await connection.execute("""
        CREATE SEQUENCE tries;
        CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF nextval('tries') < 3 THEN RAISE 'stopped' USING ERRCODE = 'deadlock_detected'; END IF;
            RETURN NULL;
        END $$;
        CREATE TRIGGER stop AFTER INSERT ON user_interactions FOR EACH STATEMENT EXECUTE FUNCTION stop();
    """)
    await connection.close()
    assert await recorder.apply([InteractionMessage("1", "7", "view", event_id="e1")]) == [APPLIED]
    assert await deeds(own) == [("1", "7", "view", 1.0)]


async def test_without_our_database_nothing_is_acknowledged(own_url: str, answers: Answers) -> None:
    """Gone before or within the transaction: OwnDatabaseUnavailable; told again when it is back, it is applied."""
    async with Proxy(own_url) as door:
        own = OwnDatabase(door.url)
        recorder = Recorder(own, answers)
        message = InteractionMessage("1", "7", "view", event_id="e1")
        await recorder.apply([UserMessage("1")])
        await door.shut()
        with pytest.raises(OwnDatabaseUnavailable):
            await recorder.apply([message])
        await door.open()
        assert await recorder.apply([message]) == [APPLIED]
        await own.close()
