"""100,000 interactions by POST /interactions into a real PostgreSQL, the server killed (-9) ten times, and an oracle.

Everything is started here and stopped again: PostgreSQL (as durable as in production), Redis and `giftwise serve`.
Run it from the project's folder:
    uv run python -m benchmarks.bulk_kill --events 100000 --kills 10
With `--kills 0` the rate is that of one client that sends call after call.
"""

import argparse
import asyncio
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import asyncpg

from giftwise.db import embedded
from giftwise.db.migrate import migrate
from tests.support.feeding import Feeding
from tests.support.oracle import AUDIT, make_oracle


def main() -> None:
    """Run once and print what was seen; exit code 1 where the oracle disagrees."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--lines", type=int, default=2_000, help="of one call")
    parser.add_argument("--seed", type=int, default=1)
    with tempfile.TemporaryDirectory(prefix="bulk-kill-") as folder:
        sys.exit(1 if asyncio.run(_run(Path(folder), parser.parse_args())) else 0)


async def _run(folder: Path, options: argparse.Namespace) -> list[str]:
    oracle = make_oracle(options.events, users=5_000, seed=options.seed)
    with await embedded.start(folder / "servers") as servers:
        await migrate(servers.own_url)
        connection = await asyncpg.connect(servers.own_url)
        await connection.execute(AUDIT)
        await connection.close()
        feeding = Feeding(
            {
                "MAIN_DATABASE_URL": "",
                "RECOMMENDATIONS_DATABASE_URL": servers.own_url,
                "RECOMMENDATIONS_REDIS_URL": servers.redis_url,
                "DATA_DIR": str(folder / "data"),
            },
            folder,
        )
        await feeding.send(oracle.bodies, a_call=options.lines, kills=options.kills, seed=options.seed)
        wrong = await replace(oracle, parked=set()).differences(servers.own_url)
    if feeding.refused != oracle.parked:
        wrong.append(f"{len(feeding.refused)} lines were refused, not {len(oracle.parked)}")
    print(f"{options.events:,} events ({len(oracle.bodies):,} lines, the others repeats), {options.lines:,} a call")
    print(f"killed {feeding.kills} times; {feeding.again} calls found nobody or were cut off, and were sent again")
    print(f"answered as recorded {feeding.recorded:,}, as wrong {len(feeding.refused):,}")
    print(f"{feeding.seconds:.1f} s, {len(oracle.bodies) / feeding.seconds:,.0f} lines/s, restarts included")
    print("\n".join(wrong) if wrong else "the oracle agrees: each applied exactly once and in order")
    return wrong


if __name__ == "__main__":
    main()
