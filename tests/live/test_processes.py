"""Two API processes and a worker, as they are in production: what happens in the host is seen in all of them."""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import httpx
import pytest

from giftwise.jobs.worker import run_once
from giftwise.seeding.host import create_reader
from giftwise.seeding.world import Scale, seed
from tests.conftest import MakeDatabase
from tests.support.ports import free_port
from tests.support.site import PASSWORD, USER, make_settings

TINY = Scale("tiny", public=400, private=600, likes=6_000, clicks=8_000, users=600)
ROLE = "shop_reader"


@dataclass(frozen=True)
class Town:
    """Everything running: a client of each API process, the host's owner, and where the processes log to."""

    clients: tuple[httpx.AsyncClient, ...]
    owner_url: str
    conn: asyncpg.Connection
    logs: Path

    async def personalized(self, client: httpx.AsyncClient, user: int, **body: object) -> dict[str, object]:
        """One page from one process."""
        answer = await client.post("/personalized", json={"user_id": user, **body})
        assert answer.status_code == 200, answer.text
        found: dict[str, object] = answer.json()
        return found


async def until(check: Callable[[], Awaitable[bool]], seconds: float) -> float:
    """Seconds until a check holds; it must within the limit."""
    started = time.monotonic()
    while not await check():
        assert time.monotonic() - started < seconds, f"not within {seconds} s"
        await asyncio.sleep(0.05)
    return time.monotonic() - started


@pytest.fixture(scope="module")
async def town(
    make_database: MakeDatabase, migrated_template: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Town]:
    """A learned host behind a role that may only SELECT, two API processes, one worker."""
    owner_url = await make_database("town")
    own_url = await make_database("town_own", migrated_template)
    folder = tmp_path_factory.mktemp("town")
    await seed(owner_url, TINY)
    conn = await asyncpg.connect(owner_url)
    await create_reader(conn, ROLE, None)
    main_url = owner_url.replace("//postgres:@", f"//{ROLE}:@")
    settings = make_settings(main_url, own_url, redis_url.replace("db=0", "db=6"), folder / "data")
    assert {run.status for run in await run_once(settings)} == {"succeeded"}
    ports = [free_port(), free_port()]
    environment = {
        **os.environ,
        "MAIN_DATABASE_URL": main_url,
        "RECOMMENDATIONS_DATABASE_URL": own_url,
        "RECOMMENDATIONS_REDIS_URL": redis_url.replace("db=0", "db=6"),
        "BASIC_AUTH_USERNAME": USER,
        "BASIC_AUTH_PASSWORD": PASSWORD,
        "DATA_DIR": str(folder / "data"),
        "STOCK_SWEEP_SECONDS": "1",
    }
    commands = [["worker"], *(["serve", "--port", str(port)] for port in ports)]
    processes = []
    for command in commands:
        with (folder / f"{'-'.join(command)}.log").open("wb") as log:
            processes.append(
                await asyncio.create_subprocess_exec(
                    sys.executable, "-m", "giftwise", *command, env=environment, cwd=folder, stdout=log, stderr=log
                )
            )
    clients = tuple(httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", auth=(USER, PASSWORD)) for port in ports)
    for client in clients:

        async def ready(client: httpx.AsyncClient = client) -> bool:
            try:
                return bool((await client.get("/health")).json()["status"] == "healthy")
            except httpx.TransportError:
                return False

        await until(ready, 60)
    yield Town(clients, owner_url, conn, folder)
    for process in processes:
        process.terminate()
    for process in processes:
        await asyncio.wait_for(process.wait(), 60)
    for client in clients:
        await client.aclose()
    await conn.close()


async def busy_user(town: Town, place: int) -> int:
    """The place-th busiest user."""
    found: int = await town.conn.fetchval(
        "SELECT user_id FROM handpicked_likes GROUP BY 1 ORDER BY count(*) DESC, 1 OFFSET $1 LIMIT 1", place
    )
    return found


async def cached_everywhere(town: Town, user: int) -> list[int]:
    """The user's list, which both processes answer from the cache and trust without a look at the host."""
    items: list[int] = []

    async def hits() -> bool:
        nonlocal items
        answers = [await town.personalized(client, user) for client in town.clients]
        items = list(answers[0]["items"])  # type: ignore[call-overload] # JSON
        return all(answer["cache_hit"] for answer in answers)

    await until(hits, 20)
    return items


async def test_a_like_in_the_host_is_gone_from_cached_lists_within_3_seconds(town: Town) -> None:
    """No call is made: the worker's tail sees the like, and both processes forget the list."""
    for place in range(3):
        user = await busy_user(town, place)
        top = (await cached_everywhere(town, user))[0]
        await town.conn.execute(
            "INSERT INTO handpicked_likes (user_id, handpicked_present_id) VALUES ($1, $2)", user, top
        )

        async def gone(user: int = user, top: int = top) -> bool:
            answers = [await town.personalized(client, user) for client in town.clients]
            return all(top not in answer["items"] for answer in answers)  # type: ignore[operator] # JSON

        await until(gone, 15)


async def test_a_late_committed_like_is_seen_too(town: Town) -> None:
    """A like whose transaction ends after later likes were seen is not skipped."""
    user, other = await busy_user(town, 10), await busy_user(town, 11)
    top = (await cached_everywhere(town, user))[0]
    slow = await asyncpg.connect(town.owner_url)
    transaction = slow.transaction()
    await transaction.start()
    await slow.execute("INSERT INTO handpicked_likes (user_id, handpicked_present_id) VALUES ($1, $2)", user, top)
    await town.conn.execute("INSERT INTO handpicked_likes (user_id, handpicked_present_id) VALUES ($1, $2)", other, top)
    await asyncio.sleep(5)
    await transaction.commit()
    await slow.close()

    async def gone() -> bool:
        answers = [await town.personalized(client, user) for client in town.clients]
        return all(top not in answer["items"] for answer in answers)  # type: ignore[operator] # JSON

    await until(gone, 15)


@pytest.mark.parametrize(
    ("change", "back"),
    [
        ("status = 'out_of_stock'", "status = 'in_stock'"),
        ("user_id = 1", "user_id = NULL"),
    ],
)
async def test_a_sold_out_or_private_item_leaves_every_list_and_comes_back(town: Town, change: str, back: str) -> None:
    """Long before the next refresh, from cached lists too, with totals that follow."""
    body = {"user_params": {}, "pagination": {"limit": 1}}

    async def ask(client: httpx.AsyncClient) -> tuple[int, int]:
        answer = (await client.post("/popular", json=body)).json()
        return answer["items"][0], answer["pagination"]["total_count"]

    top, total = await ask(town.clients[0])

    async def are(wanted: Callable[[int], bool], count: int) -> bool:
        answers = [await ask(client) for client in town.clients]
        return all(wanted(first) and found == count for first, found in answers)

    await town.conn.execute(f"UPDATE handpicked_presents SET {change} WHERE id = $1", top)
    await until(lambda: are(lambda first: first != top, total - 1), 30)
    await town.conn.execute(f"UPDATE handpicked_presents SET {back} WHERE id = $1", top)
    await until(lambda: are(lambda first: first == top, total), 30)


async def test_a_refresh_asked_by_the_admin_endpoint_reaches_both_processes(town: Town) -> None:
    """202 with a job id, progress to read, one run for two calls, and both processes serve the new generation."""
    first, second = town.clients
    before = (await first.get("/health")).json()["generation"]
    asked = (await first.post("/admin/refresh-popular-items")).json()
    again = (await second.post("/admin/refresh-popular-items")).json()
    assert again["job_id"] == asked["job_id"]

    async def done() -> bool:
        run = (await second.get(f"/admin/jobs/{asked['job_id']}")).json()
        assert run["status"] in ("queued", "running", "succeeded"), run
        return bool(run["status"] == "succeeded" and run["percent"] == 100)

    await until(done, 60)

    async def both_serve_it() -> bool:
        generations = [(await client.get("/health")).json()["generation"] for client in town.clients]
        return bool(min(generations) > before)

    await until(both_serve_it, 30)


async def test_logs_stay_small_and_tell_no_secret(town: Town) -> None:
    """A thousand requests add next to nothing to the logs, and no password stands in them."""
    before = sum(file.stat().st_size for file in town.logs.glob("*.log"))
    for _ in range(20):
        await asyncio.gather(*(town.personalized(town.clients[0], user) for user in range(1, 51)))
    after = sum(file.stat().st_size for file in town.logs.glob("*.log"))
    assert after - before < 10_000
    assert all(PASSWORD not in file.read_text() for file in town.logs.glob("*.log"))


async def test_the_role_that_reads_the_host_may_do_nothing_else(town: Town) -> None:
    """All of the above ran as a role with SELECT alone, and the host's tables are as the tests left them."""
    rows = await town.conn.fetch(
        "SELECT privilege_type FROM information_schema.role_table_grants WHERE grantee = $1", ROLE
    )
    assert {row["privilege_type"] for row in rows} == {"SELECT"}
    tables = await town.conn.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
    assert [row["tablename"] for row in tables] == [
        "handpicked_likes", "handpicked_present_clicks", "handpicked_presents", "handpicked_purchases", "users",
    ]  # fmt: skip
