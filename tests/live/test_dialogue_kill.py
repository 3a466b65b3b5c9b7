"""A server that is killed while givers are at it: whatever it acknowledged is in the history, once."""

import asyncio
import os
import random
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import httpx

from giftwise.jobs.worker import run_once
from giftwise.seeding.world import Scale, seed
from tests.conftest import MakeDatabase
from tests.support.ports import free_port
from tests.support.site import PASSWORD, USER, make_settings

TINY = Scale("tiny", public=400, private=100, likes=3_000, clicks=4_000, users=300)
STEPS = 1_000
GIVERS = 8
KILLS = 3
ACTIONS = ("view", "select_gift", "like", "dislike", "look_around", "select_track", "suggest_topics")


class Server:
    """`giftwise serve`, killed (-9) and started again at will."""

    def __init__(self, environment: dict[str, str], folder: Path) -> None:
        self.port = free_port()
        self._environment = environment
        self._folder = folder
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Answers when it is ready."""
        with (self._folder / "serve.log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "giftwise", "serve", "--port", str(self.port),
                env={**os.environ, **self._environment}, cwd=self._folder, stdout=log, stderr=log,
            )  # fmt: skip
        async with asyncio.timeout(60), self.client() as client:
            while True:
                with suppress(httpx.TransportError):
                    if (await client.get("/health/ready")).status_code == 200:
                        return
                await asyncio.sleep(0.05)

    async def kill(self) -> None:
        """As the kernel does when memory runs out."""
        assert self._process is not None
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()

    @asynccontextmanager
    async def client(self) -> AsyncIterator[httpx.AsyncClient]:
        """A caller."""
        url = f"http://127.0.0.1:{self.port}"
        async with httpx.AsyncClient(base_url=url, auth=(USER, PASSWORD), timeout=20) as client:
            yield client


async def test_a_server_killed_among_a_thousand_steps_loses_none_that_it_acknowledged(
    make_database: MakeDatabase, migrated_template: str, redis_url: str, tmp_path: Path
) -> None:
    """Eight givers at once, three kills: each acknowledged step is in the history exactly once, and in the session."""
    main_url = await make_database("dialogue_kill")
    await seed(main_url, TINY)
    own_url = await make_database("dialogue_kill_own", migrated_template)
    settings = make_settings(main_url, own_url, redis_url.replace("db=0", "db=11"), tmp_path / "data")
    assert {run.status for run in await run_once(settings, jobs=("popular_items", "item_texts"))} == {"succeeded"}
    server = Server(
        {
            "MAIN_DATABASE_URL": main_url,
            "RECOMMENDATIONS_DATABASE_URL": own_url,
            "RECOMMENDATIONS_REDIS_URL": redis_url.replace("db=0", "db=11"),
            "BASIC_AUTH_USERNAME": USER,
            "BASIC_AUTH_PASSWORD": PASSWORD,
            "DATA_DIR": str(tmp_path / "data"),
        },
        tmp_path,
    )
    await server.start()
    try:
        async with server.client() as client:
            sessions = [await _begin(client, number) for number in range(GIVERS)]
            acknowledged: list[set[int]] = [set() for _ in sessions]
            numbers = iter(range(STEPS))
            done = asyncio.create_task(_kill_at_random(server, acknowledged))
            await asyncio.gather(
                *(_give(client, session, kept, numbers) for session, kept in zip(sessions, acknowledged, strict=True))
            )
            await done
            lost = [
                step
                for session, kept in zip(sessions, acknowledged, strict=True)
                for step in await _missing(client, session, kept)
            ]
    finally:
        await server.kill()
    assert sum(map(len, acknowledged)) > STEPS / 2
    assert lost == []


async def _begin(client: httpx.AsyncClient, number: int) -> Any:
    quiz = {"recipient_age": 30, "interests": ["кофе", "книги"], "session_mode": "quick_fix"}
    answer = await client.post("/recommendations/init", params={"user_id": number}, json=quiz)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def _give(client: httpx.AsyncClient, session: Any, kept: set[int], numbers: Any) -> None:
    """Steps of one giver, one after another; what finds nobody is not sent again."""
    ideas = [idea for track in session["tracks"] for idea in track["hypotheses"]]
    gifts = [gift["id"] for idea in ideas for gift in idea["preview_products"]]
    dice = random.Random(session["session_id"])
    for number in numbers:
        action = dice.choice(ACTIONS)
        value = session["tracks"][0]["topic_id"] if action == "select_track" else dice.choice(gifts)
        metadata = {"number": number, "target_type": "product"}
        body = {"session_id": session["session_id"], "action": action, "value": value, "metadata": metadata}
        try:
            answer = await client.post("/recommendations/interact", json=body)
        except httpx.TransportError:
            await asyncio.sleep(0.2)
            continue
        assert answer.status_code == 200, answer.text
        kept.add(number)


async def _kill_at_random(server: Server, acknowledged: list[set[int]]) -> None:
    """Kill the server somewhere in each quarter of the way but the last."""
    kills = 0
    while True:
        if sum(map(len, acknowledged)) >= STEPS * (kills + 1) / (KILLS + 1) * 0.8:
            await server.kill()
            await server.start()
            kills += 1
            if kills == KILLS:
                return
        await asyncio.sleep(0.01)


async def _missing(client: httpx.AsyncClient, session: Any, kept: set[int]) -> list[object]:
    """What was acknowledged and is not in the history exactly once; and gifts that the shortlist does not have."""
    answer = await client.get(f"/recipients/{session['recipient']['id']}/history", params={"limit": 1000})
    deeds = answer.json()
    seen = Counter(deed["metadata_json"]["number"] for deed in deeds)
    after = (await client.get(f"/recommendations/{session['session_id']}")).json()
    chosen = {
        deed["target_id"]
        for deed in deeds
        if deed["action_type"] == "select_gift" and deed["metadata_json"]["number"] in kept
    }
    lost: list[object] = [number for number in kept if seen[number] != 1]
    return lost + sorted(chosen - {str(one) for one in after["shortlisted_products"]})
