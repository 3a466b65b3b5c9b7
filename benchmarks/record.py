"""How fast interactions become rows: JSON text through parsing and Recorder.apply, against a raw COPY of the same rows.

Starts embedded servers of its own (durable, as in production) unless a database is named:
    uv run python benchmarks/record.py
    uv run python benchmarks/record.py --database postgresql://... --redis redis://...
The database must be an empty, migrated one of its own: the tables of pushed facts are emptied.
"""

import argparse
import asyncio
import random
import resource
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from giftwise.cache.answers import Answers
from giftwise.cache.redis import CacheStore
from giftwise.db import embedded
from giftwise.db.migrate import migrate
from giftwise.db.own import OwnDatabase, connect
from giftwise.interactions.messages import parse
from giftwise.interactions.record import Recorder

KINDS = ("view", "like", "save", "share", "purchase")
COLUMNS = ("user_id", "business_id", "interaction_type", "weight", "timestamp")


@dataclass(frozen=True)
class Row:
    """One run: how many a second, and the seconds of this process's own CPU for each thousand."""

    name: str
    seconds: float
    cpu: float
    count: int


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", help="our own database, empty and migrated")
    parser.add_argument("--redis", help="any Redis")
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--users", type=int, default=5_000)
    parser.add_argument("--businesses", type=int, default=2_000)
    parser.add_argument("--batches", type=int, nargs="+", default=[100, 500, 1_000])
    options = parser.parse_args()
    asyncio.run(measure(options))


async def measure(options: argparse.Namespace) -> None:
    """Every run on the same lines."""
    if options.database and options.redis:
        await compare(options, options.database, options.redis)
        return
    with tempfile.TemporaryDirectory(prefix="record") as folder, await embedded.start(Path(folder)) as servers:
        url = servers.database_url("postgres")
        await migrate(url)
        await compare(options, url, servers.redis_url)


async def compare(options: argparse.Namespace, url: str, redis_url: str) -> None:
    """COPY first, then batches of each size, without and with event ids; then once more over rows that exist."""
    lines = list(make_lines(options.count, options.users, options.businesses))
    own, store = OwnDatabase(url), CacheStore(redis_url, 1_000)
    answers = Answers(store)
    recorder = Recorder(own, answers)
    rows = [await copy_rows(url, lines)]
    for size in options.batches:
        await empty(url)
        rows.append(await apply_all(recorder, lines, size, f"apply, {size} a batch"))
    await empty(url)
    size = options.batches[-1]
    rows.append(await apply_all(recorder, lines, size, f"apply, {size} a batch, event ids", events=True))
    rows.append(await apply_all(recorder, lines, size, f"apply, {size} a batch, all rows exist"))
    await answers.close()
    await store.close()
    await own.close()
    reference = rows[0].count / rows[0].seconds
    print(f"{'':34} {'a second':>10} {'of COPY':>8} {'our CPU, s per 1,000':>21}")
    for row in rows:
        rate = row.count / row.seconds
        print(f"{row.name:34} {rate:10,.0f} {rate / reference:8.2f} {row.cpu / row.count * 1000:21.4f}")


def make_lines(count: int, users: int, businesses: int) -> Iterable[bytes]:
    """Interactions as JSON lines, each of its own (user, business, type)."""
    dice = random.Random(1)
    keys: dict[tuple[int, int, str], None] = {}
    while len(keys) < count:
        keys[dice.randrange(users), dice.randrange(businesses), dice.choice(KINDS)] = None
    for number, (user, business, kind) in enumerate(keys):
        body = {"user_id": user, "business_id": business, "interaction_type": kind, "weight": 1.0}
        yield msgspec.json.encode({**body, "timestamp": datetime.fromtimestamp(1.7e9 + number, UTC).isoformat()})


async def copy_rows(url: str, lines: list[bytes]) -> Row:
    """The floor: the same rows by one COPY into the same table with the same indexes, nothing checked."""
    await empty(url)
    bodies = [msgspec.json.decode(line) for line in lines]
    records = [
        (str(body["user_id"]), str(body["business_id"]), body["interaction_type"], body["weight"], moment(body))
        for body in bodies
    ]
    connection = await connect(url, statement_ms=0)
    started, cpu = time.perf_counter(), own_cpu()
    await connection.copy_records_to_table("user_interactions", records=records, columns=COLUMNS)
    row = Row("one raw COPY", time.perf_counter() - started, own_cpu() - cpu, len(lines))
    await connection.close()
    return row


def moment(body: dict[str, str]) -> datetime:
    """When it was."""
    return datetime.fromisoformat(body["timestamp"])


async def apply_all(recorder: Recorder, lines: list[bytes], size: int, name: str, *, events: bool = False) -> Row:
    """Text to rows: decode, check, write, commit, forget."""
    started, cpu = time.perf_counter(), own_cpu()
    for start in range(0, len(lines), size):
        messages = [
            parse("interaction", msgspec.json.decode(line), f"e{place}" if events else None)
            for place, line in enumerate(lines[start : start + size], start)
        ]
        await recorder.apply(messages)
    return Row(name, time.perf_counter() - started, own_cpu() - cpu, len(lines))


async def empty(url: str) -> None:
    """No facts, and nothing left over from those that were."""
    connection = await connect(url, statement_ms=0)
    await connection.execute("TRUNCATE user_interactions, applied_events")
    await connection.execute("CHECKPOINT")
    await connection.close()


def own_cpu() -> float:
    """Seconds of CPU that this process has used."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
