"""A real worker killed (-9) while it consumes: each event applied once, in order; `make queue-kill` does far more."""

import asyncio
from pathlib import Path

import asyncpg
import pytest
from redis.asyncio import Redis

from tests.conftest import MakeDatabase
from tests.support.killing import Killing
from tests.support.oracle import AUDIT, make_oracle
from tests.support.rabbit import publish

EVENTS, KILLS = 2_000, 2


@pytest.mark.parametrize("transport", ["redis", "rabbitmq"])
async def test_a_killed_worker_loses_nothing_and_repeats_nothing(
    transport: str,
    make_database: MakeDatabase,
    migrated_template: str,
    redis_url: str,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    """Events are sent while it is killed twice; the tables hold what an oracle says, poison is parked once."""
    rabbit_url: str = request.getfixturevalue("rabbit_url") if transport == "rabbitmq" else ""
    own_url = await make_database("killed_own", migrated_template)
    connection = await asyncpg.connect(own_url)
    await connection.execute(AUDIT)
    await connection.close()
    oracle = make_oracle(EVENTS, users=300)
    name = f"killed-{transport}"
    killing = Killing(
        {
            "RECOMMENDATIONS_DATABASE_URL": own_url,
            "RECOMMENDATIONS_REDIS_URL": redis_url.replace("db=0", "db=7"),
            "RABBITMQ_URL": rabbit_url,
            "EVENTS_STREAM": name,
            "EVENTS_QUEUE": name,
            "EVENTS_BATCH": "50",
            "DATA_DIR": str(tmp_path / "data"),
        },
        own_url,
        tmp_path,
    )

    async def send() -> None:
        for start in range(0, len(oracle.bodies), 500):
            page = oracle.bodies[start : start + 500]
            if transport == "rabbitmq":
                await publish(rabbit_url, name, page)
            else:
                async with Redis.from_url(killing.environment["RECOMMENDATIONS_REDIS_URL"]) as client:
                    for body in page:
                        await client.xadd(name, {"message": body})

    sending = asyncio.create_task(send())
    await killing.run(EVENTS, KILLS, limit=100)
    await sending
    assert len(killing.killed_at) == KILLS
    assert await oracle.differences(own_url) == []
