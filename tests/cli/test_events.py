"""`giftwise events`: what is parked, why, and what a replay made of it."""

from pathlib import Path

import pytest

from giftwise.db.own import OwnDatabase
from giftwise.interactions.inbox import Rejected
from giftwise.interactions.parked import ParkingPlace
from giftwise.interactions.transport import Delivery
from tests.cli.test_commands import run

GOOD = b'{"type": "user", "data": {"id": 5, "username": "anna"}, "event_id": "good"}'
BAD = b'{"type": "order", "data": {}, "event_id": "bad"}'


@pytest.fixture
async def parking(own: OwnDatabase) -> ParkingPlace:
    """Two parked events: one whose cause is mended, one that is poison for ever."""
    place = ParkingPlace(own)
    for event_id, body in (("good", GOOD), ("bad", BAD)):
        await place.park("redis:tests", [Rejected(Delivery(body, None, None, ""), event_id, "[a reason]")])
    return place


async def test_parked_events_are_listed_and_replayed(
    parking: ParkingPlace, own_url: str, redis_db: str, tmp_path: Path
) -> None:
    """The list names ids and reasons; a replay applies what it can and says what is left, by its exit code too."""
    urls = {"RECOMMENDATIONS_DATABASE_URL": own_url, "RECOMMENDATIONS_REDIS_URL": redis_db}
    code, output = await run("events", "parked", folder=tmp_path, **urls)
    assert code == 0, output
    for words in ("good", "bad", "[a reason]", "redis:tests", "2 parked"):
        assert words in output, output
    code, output = await run("events", "replay", "--all", folder=tmp_path, **urls)
    assert code == 1, output
    assert "1 applied, 1 still parked" in output
    (left,) = await parking.listing()
    assert (left.event_id, left.attempts) == ("bad", 2)
    assert "/type" in left.error
