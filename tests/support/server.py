"""The real server as a process of its own, for tests that kill it or look at it with a browser."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import httpx

from giftwise.settings import Settings
from tests.support.ports import free_port
from tests.support.site import PASSWORD, USER


class Server:
    """`giftwise serve` with the settings of a learned host; killed (-9) and started again at will."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._folder = folder
        self._process: asyncio.subprocess.Process | None = None
        self._environment = {
            "MAIN_DATABASE_URL": str(settings.db_url),
            "RECOMMENDATIONS_DATABASE_URL": str(settings.recommendations_db_url),
            "RECOMMENDATIONS_REDIS_URL": str(settings.redis_connection_url),
            "BASIC_AUTH_USERNAME": USER,
            "BASIC_AUTH_PASSWORD": PASSWORD,
            "DATA_DIR": str(settings.data_dir),
        }

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
        """A caller who knows the password."""
        async with httpx.AsyncClient(base_url=self.url, auth=(USER, PASSWORD), timeout=20) as client:
            yield client


@asynccontextmanager
async def open_server(settings: Settings, folder: Path) -> AsyncIterator[Server]:
    """A server from now on, ended with the block."""
    server = Server(settings, folder)
    await server.start()
    try:
        yield server
    finally:
        await server.kill()
