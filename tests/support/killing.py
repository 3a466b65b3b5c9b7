"""A worker that is killed at random while it consumes: settings and a queue's events in, how it went out."""

import asyncio
import os
import random
import signal
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import psutil

# The applied and the parked: what the consumer is done with.
DONE = "SELECT (SELECT count(*) FROM applied_events) + (SELECT count(*) FROM parked_events)"

LOOK_SECONDS = 0.02
RARE_LOOK_SECONDS = 0.25  # where nobody is to be killed: counting takes from the rate that is measured


@dataclass
class Killing:
    """Runs `giftwise worker` with an environment, killing it (-9) as soon as so many events are done."""

    environment: dict[str, str]
    own_url: str
    folder: Path
    killed_at: list[int] = field(default_factory=list)
    seconds: float = 0.0  # from the first event done to the last
    first: int = 0  # how many were done when they were first seen
    cpu_seconds: float = 0.0  # of the last worker, its start included

    async def run(self, total: int, kills: int, *, seed: int = 1, limit: float = 300.0) -> None:
        """Until `total` different events are done. TimeoutError after `limit` seconds."""
        dice = random.Random(seed)
        connection = await asyncpg.connect(self.own_url)
        process = await self._start()
        began, mark = 0.0, self._next_mark(dice, 0, total, kills)
        try:
            async with asyncio.timeout(limit):
                while (done := await connection.fetchval(DONE)) < total:
                    if done and not began:
                        began, self.first = time.monotonic(), done
                    if done >= mark and len(self.killed_at) < kills:
                        await asyncio.sleep(dice.uniform(0, 0.1))  # anywhere between two commits
                        process.kill()
                        await process.wait()
                        self.killed_at.append(done)
                        mark = self._next_mark(dice, done, total, kills - len(self.killed_at))
                        process = await self._start()
                    await asyncio.sleep(LOOK_SECONDS if kills else RARE_LOOK_SECONDS)
                self.seconds = time.monotonic() - began
                used = psutil.Process(process.pid).cpu_times()
                self.cpu_seconds = used.user + used.system
        finally:
            await connection.close()
            process.send_signal(signal.SIGTERM)
            await asyncio.wait_for(process.wait(), 30)

    @staticmethod
    def _next_mark(dice: random.Random, done: int, total: int, kills: int) -> float:
        """How many are to be done at the next kill, so that all of them fit in."""
        return done + (total - done) * dice.uniform(0.3, 1.0) / (kills + 1)

    async def _start(self) -> asyncio.subprocess.Process:
        with (self.folder / "worker.log").open("ab") as log:
            return await asyncio.create_subprocess_exec(
                sys.executable, "-m", "giftwise", "worker",
                env={**os.environ, **self.environment}, cwd=self.folder, stdout=log, stderr=log,
            )  # fmt: skip
