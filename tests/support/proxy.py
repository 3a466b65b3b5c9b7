"""A door in front of a server that a test can shut, freeze and open again, as networks do."""

import asyncio
import tempfile
from pathlib import Path
from typing import Self
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

SOCKET_NAME = ".s.PGSQL.5432"


class Proxy:
    """Forwards a unix socket to the server's own. Shut: connections break and new ones are refused. Frozen: silence."""

    def __init__(self, server_url: str) -> None:
        """`server_url` names a PostgreSQL (`?host=/folder`) or a Redis (`unix:///path`); `url` is the way through."""
        parts = urlsplit(server_url)
        self._folder = tempfile.TemporaryDirectory(prefix="door")
        self._socket = Path(self._folder.name) / SOCKET_NAME
        if parts.scheme == "unix":
            self._target = Path(parts.path)
            self.url = urlunsplit(parts._replace(path=str(self._socket)))
        else:
            query = parse_qs(parts.query)
            self._target = Path(query["host"][0]) / SOCKET_NAME
            query["host"] = [self._folder.name]
            self.url = urlunsplit(parts._replace(query=urlencode(query, doseq=True, safe="/")))
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._flowing = asyncio.Event()
        self._flowing.set()
        self.connections = 0

    async def open(self) -> None:
        """Let callers in."""
        self._server = await asyncio.start_unix_server(self._serve, self._socket)

    async def shut(self) -> None:
        """Break what is open and let nobody in, as a stopped server does."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self._socket.unlink(missing_ok=True)
        for writer in self._writers:
            writer.transport.abort()
        self._flowing.set()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def freeze(self) -> None:
        """Accept, but pass nothing on."""
        self._flowing.clear()

    def thaw(self) -> None:
        """Pass on again, what was held back first."""
        self._flowing.set()

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.shut()
        self._folder.cleanup()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._writers.add(writer)
        try:
            theirs, ours = await asyncio.open_unix_connection(self._target)
            self._writers.add(ours)
            await asyncio.gather(self._pass_on(reader, ours), self._pass_on(theirs, writer))
        except OSError:
            pass
        finally:
            self._tasks.discard(task)

    async def _pass_on(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        try:
            while data := await source.read(65536):
                await self._flowing.wait()
                target.write(data)
                await target.drain()
        finally:
            target.close()
            self._writers.discard(target)
