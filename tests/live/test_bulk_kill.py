"""A host that sends in bulk while the server is killed under it: what it tells is applied exactly once, in order."""

from dataclasses import replace
from pathlib import Path

import asyncpg

from tests.conftest import MakeDatabase
from tests.support.feeding import Feeding
from tests.support.oracle import AUDIT, make_oracle


async def test_a_server_killed_within_bulk_calls_loses_and_doubles_nothing(
    make_database: MakeDatabase, migrated_template: str, redis_url: str, tmp_path: Path
) -> None:
    """Two thousand events, two kills, each unanswered call sent again; bad lines answered, good ones applied once."""
    own_url = await make_database("bulk_kill", migrated_template)
    connection = await asyncpg.connect(own_url)
    await connection.execute(AUDIT)
    await connection.close()
    oracle = make_oracle(2_000, users=300)
    feeding = Feeding(
        {
            "MAIN_DATABASE_URL": "",
            "RECOMMENDATIONS_DATABASE_URL": own_url,
            "RECOMMENDATIONS_REDIS_URL": redis_url.replace("db=0", "db=10"),
            "DATA_DIR": str(tmp_path / "data"),
        },
        tmp_path,
    )
    await feeding.send(oracle.bodies, a_call=300, kills=2)
    assert feeding.kills == 2
    assert feeding.again >= 1
    assert feeding.refused == oracle.parked
    assert feeding.recorded == len(oracle.bodies) - len(oracle.parked)
    assert await replace(oracle, parked=set()).differences(own_url) == []
