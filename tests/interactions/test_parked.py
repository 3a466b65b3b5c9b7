"""What cannot be applied: parked with its reason, never in the way, and applied by a replay once that is mended."""

import json

import pytest

from giftwise.db.own import OwnDatabase
from giftwise.interactions.inbox import take
from giftwise.interactions.parked import ParkingPlace
from giftwise.interactions.record import Recorder
from tests.interactions.conftest import BATCH, Queue, interaction
from tests.interactions.consuming import change, drain, rows, weights


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"not json at all \xff\x00", "not a message"),
        (b'"a string"', "not a message"),
        (b"[" * 100_000, "not a message"),
        (b'{"type": "order", "data": {}, "event_id": "bad"}', "/type"),
        (b'{"type": "interaction", "data": {"user_id": 1}, "event_id": "bad"}', "/business_id"),
        (json.dumps(interaction(1, 2, "bad", interaction_type="smelled")).encode(), "/interaction_type"),
        (json.dumps(interaction("a\0b", 2, "bad")).encode(), "/user_id"),
        (json.dumps(interaction(1, 2, "nul\0")).encode(), "event_id"),
    ],
)
async def test_a_poison_message_is_parked_with_its_reason(
    stream: Queue, own: OwnDatabase, recorder: Recorder, body: bytes, reason: str
) -> None:
    """Whatever it is, those around it are applied, it is kept with its reason, and it is not delivered again."""
    await stream.send(interaction(1, 7, "before"), body, interaction(1, 8, "after"))
    await drain(stream, own, recorder)
    assert set(await weights(own)) == {("1", "7"), ("1", "8")}
    (parked,) = await ParkingPlace(own).listing()
    assert reason in parked.error
    assert parked.source == f"redis:{stream.name}"
    assert parked.body == body.decode(errors="backslashreplace").replace("\0", "\\u0000")


async def test_a_poison_message_that_comes_again_is_parked_once(
    queue: Queue, own: OwnDatabase, recorder: Recorder
) -> None:
    """A consumer that died before its acknowledgement parks nothing twice."""
    await queue.send({"type": "order", "data": {}, "event_id": "bad"}, {"type": "order", "data": {}})
    transport = queue.open_transport()
    await transport.open()
    taken = await take(recorder, await transport.read(BATCH, 10))
    await ParkingPlace(own).park(transport.source, taken.rejected)
    await transport.close()
    await drain(queue, own, recorder)
    assert len(await ParkingPlace(own).listing()) == 2


async def test_what_the_database_refuses_is_parked_alone_and_applied_by_a_replay(
    queue: Queue, own: OwnDatabase, recorder: Recorder
) -> None:
    """One value that breaks a constraint does not take its batch with it; mended, a replay applies it, once."""
    await change(own, "ALTER TABLE user_interactions ADD CONSTRAINT light CHECK (weight < 50) NOT VALID")
    await queue.send(
        *(interaction(1, number, f"e{number}", weight=50 if number == 9 else 1) for number in range(BATCH))
    )
    await drain(queue, own, recorder)
    assert len(await weights(own)) == BATCH - 1
    parking = ParkingPlace(own)
    (parked,) = await parking.listing()
    assert (parked.event_id, parked.attempts) == ("e9", 1)
    assert "light" in parked.error
    replayed = await parking.replay(recorder)
    assert (replayed.applied, replayed.failed) == (0, 1)
    assert [(one.attempts, one.event_id) for one in await parking.listing()] == [(2, "e9")]
    await change(own, "ALTER TABLE user_interactions DROP CONSTRAINT light")
    replayed = await parking.replay(recorder, [parked.id])
    assert (replayed.applied, replayed.failed) == (1, 0)
    assert (await weights(own))["1", "9"] == 50
    assert await parking.count() == 0
    assert (await parking.replay(recorder)).applied == 0


async def test_a_replay_never_undoes_what_the_user_did_since(
    stream: Queue, own: OwnDatabase, recorder: Recorder
) -> None:
    """A parked interaction counts as of when it was parked: a newer one of the same key stays."""
    await change(own, "ALTER TABLE user_interactions ADD CONSTRAINT light CHECK (weight < 50) NOT VALID")
    await stream.send(interaction(1, 7, "old", weight=60))
    await drain(stream, own, recorder)
    await stream.send(interaction(1, 7, "new", weight=2))
    await drain(stream, own, recorder)
    await change(own, "ALTER TABLE user_interactions DROP CONSTRAINT light")
    assert (await ParkingPlace(own).replay(recorder)).applied == 1
    assert await weights(own) == {("1", "7"): 2.0}


async def test_a_replayed_sync_never_undoes_a_newer_one(stream: Queue, own: OwnDatabase, recorder: Recorder) -> None:
    """A user that was synced again since is left as they are; one that was not is synced by the replay."""
    await change(own, "ALTER TABLE users ADD CONSTRAINT adults CHECK (username <> 'old') NOT VALID")
    for user in (1, 2):
        await stream.send({"type": "user", "data": {"id": user, "username": "old"}, "event_id": f"old {user}"})
    await drain(stream, own, recorder)
    await stream.send({"type": "user", "data": {"id": 1, "username": "new"}, "event_id": "new"})
    await drain(stream, own, recorder)
    await change(own, "ALTER TABLE users DROP CONSTRAINT adults")
    replayed = await ParkingPlace(own).replay(recorder)
    assert (replayed.applied, replayed.outdated, replayed.failed) == (1, 1, 0)
    assert await rows(own, "SELECT id, username FROM users ORDER BY id") == [("1", "new"), ("2", "old")]
    assert await ParkingPlace(own).count() == 0
