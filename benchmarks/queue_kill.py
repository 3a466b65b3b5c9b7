"""100,000 interactions through a real queue into a real PostgreSQL, the worker killed (-9) ten times; an oracle judges.

Everything is started here and stopped again: PostgreSQL (as durable as in production), Redis, RabbitMQ where it is
installed, and `giftwise worker`. Run it from the project's folder:
    uv run python -m benchmarks.queue_kill --transport redis --events 100000 --kills 10
With `--kills 0` all events are sent first and no trigger notes each write, so that the rate is the consumer's own.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import asyncpg
from redis.asyncio import Redis

from giftwise.db import embedded
from giftwise.db.migrate import migrate
from giftwise.seeding.host import create_host_schema
from tests.support.killing import Killing
from tests.support.oracle import AUDIT, AUDIT_TABLE, Oracle, make_oracle
from tests.support.rabbit import open_rabbit, publish, rabbitmq_script

USERS = 5_000


def main() -> None:
    """Run once and print what was seen; exit code 1 where the oracle disagrees."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--transport", choices=("redis", "rabbitmq"), default="redis")
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--batch", type=int, default=500, help="EVENTS_BATCH of the worker")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--limit", type=float, default=600.0, help="seconds after which the oracle judges anyway")
    options = parser.parse_args()
    if options.transport == "rabbitmq" and rabbitmq_script() is None:
        raise SystemExit("RabbitMQ is not installed: apt-get install rabbitmq-server")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="queue-kill-")))
        rabbit = stack.enter_context(open_rabbit(folder / "rabbit")) if options.transport == "rabbitmq" else None
        wrong = asyncio.run(_run(folder, rabbit, options))
    sys.exit(1 if wrong else 0)


async def _run(folder: Path, rabbit_url: str | None, options: argparse.Namespace) -> list[str]:
    oracle = make_oracle(options.events, users=USERS, seed=options.seed)
    with await embedded.start(folder / "servers") as servers:
        await _prepare(servers, AUDIT if options.kills else AUDIT_TABLE)
        killing = Killing(
            {
                "MAIN_DATABASE_URL": servers.main_url,
                "RECOMMENDATIONS_DATABASE_URL": servers.own_url,
                "RECOMMENDATIONS_REDIS_URL": servers.redis_url,
                "RABBITMQ_URL": rabbit_url or "",
                "EVENTS_BATCH": str(options.batch),
                "DATA_DIR": str(folder / "data"),
            },
            servers.own_url,
            folder,
        )
        sending = asyncio.create_task(_send(servers.redis_url, rabbit_url, oracle))
        if not options.kills:
            await sending
        try:
            await killing.run(options.events, options.kills, seed=options.seed, limit=options.limit)
        except TimeoutError:
            print(f"not all is done after {options.limit:.0f} s")
        await sending
        wrong = await oracle.differences(servers.own_url)
    print(f"{options.transport}: {options.events:,} events ({len(oracle.bodies):,} messages, the others repeats)")
    print(f"killed {len(killing.killed_at)} times, when so many were done: {killing.killed_at}")
    print(f"applied {len(oracle.applied):,}, parked {len(oracle.parked):,}")
    rate = (options.events - killing.first) / (killing.seconds or options.limit)
    print(f"from the first to the last: {killing.seconds:.1f} s, {rate:,.0f} events/s, restarts included")
    if not options.kills:
        print(f"the worker took {killing.cpu_seconds:.1f} s of one core, its start included")
    print("\n".join(wrong) if wrong else "the oracle agrees: each applied exactly once and in order, the rest parked")
    return wrong


async def _prepare(servers: embedded.EmbeddedServers, audit: str) -> None:
    await migrate(servers.own_url)
    own, host = await asyncpg.connect(servers.own_url), await asyncpg.connect(servers.host_owner_url)
    await own.execute(audit)
    await create_host_schema(host)
    await own.close()
    await host.close()


async def _send(redis_url: str, rabbit_url: str | None, oracle: Oracle) -> None:
    began = time.monotonic()
    if rabbit_url is not None:
        await publish(rabbit_url, "giftwise.events", oracle.bodies)
    else:
        async with Redis.from_url(redis_url) as client:
            for start in range(0, len(oracle.bodies), 500):
                async with client.pipeline(transaction=False) as pipe:
                    for body in oracle.bodies[start : start + 500]:
                        pipe.xadd("giftwise:events", {"message": body})
                    await pipe.execute()
    print(f"sent in {time.monotonic() - began:.1f} s")


if __name__ == "__main__":
    main()
