"""A server that is killed at random while a host sends it bulk calls: events in, what the calls answered out."""

import asyncio
import json
import os
import random
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.support.ports import free_port
from tests.support.site import PASSWORD, USER


@dataclass
class Feeding:
    """Runs `giftwise serve` with an environment, and sends to it as a host does: again, until a call is answered."""

    environment: dict[str, str]
    folder: Path
    port: int = field(default_factory=free_port)
    refused: set[str] = field(default_factory=set)  # event ids of lines answered with an error
    recorded: int = 0
    kills: int = 0
    again: int = 0  # calls that were sent again
    seconds: float = 0.0  # from the first call to the last answer, restarts included
    _typical: float = 0.05  # seconds of a call

    async def send(self, bodies: Sequence[bytes], *, a_call: int, kills: int, seed: int = 1) -> None:
        """Send queued messages' data as lines of POST /interactions, in their order; kill the server that often."""
        dice = random.Random(seed)
        calls = [bodies[start : start + a_call] for start in range(0, len(bodies), a_call)]
        doomed = set(dice.sample(range(1, len(calls)), kills))
        process = await self._start()
        try:
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.port}", auth=(USER, PASSWORD)) as client:
                await self._until_up(client)
                began = time.monotonic()
                for number, call in enumerate(calls):
                    sending = asyncio.create_task(self._answered(client, call))
                    if number in doomed:
                        await asyncio.sleep(dice.uniform(0, self._typical))  # anywhere within the call
                        process.kill()
                        await process.wait()
                        self.kills += 1
                        process = await self._start()
                    await sending
                self.seconds = time.monotonic() - began
        finally:
            process.terminate()
            await asyncio.wait_for(process.wait(), 30)

    async def _answered(self, client: httpx.AsyncClient, call: Sequence[bytes]) -> None:
        messages = [json.loads(body) for body in call]
        events = [message["event_id"] for message in messages]
        lines = [json.dumps(message["data"] | {"event_id": message["event_id"]}) for message in messages]
        async with asyncio.timeout(120):
            while True:
                began = time.monotonic()
                try:
                    answer = await client.post("/interactions", content="\n".join(lines), timeout=60)
                except httpx.TransportError:
                    self.again += 1
                    await asyncio.sleep(0.1)
                    continue
                assert answer.status_code == 200, answer.text
                break
        self._typical = time.monotonic() - began
        for event, line in zip(events, answer.text.splitlines(), strict=True):
            if json.loads(line)["status"] == "recorded":
                self.recorded += 1
            else:
                self.refused.add(event)

    async def _start(self) -> asyncio.subprocess.Process:
        with (self.folder / "serve.log").open("ab") as log:
            return await asyncio.create_subprocess_exec(
                sys.executable, "-m", "giftwise", "serve", "--port", str(self.port),
                env={**os.environ, **self.environment, "BASIC_AUTH_USERNAME": USER, "BASIC_AUTH_PASSWORD": PASSWORD},
                cwd=self.folder, stdout=log, stderr=log,
            )  # fmt: skip

    @staticmethod
    async def _until_up(client: httpx.AsyncClient) -> None:
        async with asyncio.timeout(60):
            while True:
                try:
                    await client.get("/health/live")
                    return
                except httpx.TransportError:
                    await asyncio.sleep(0.1)
