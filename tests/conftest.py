"""Real servers for every test: one embedded PostgreSQL and Redis a run, a fresh database where a test asks."""

import itertools
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Protocol

import asyncpg
import pytest
import redis.asyncio

from giftwise.db import embedded
from giftwise.db.embedded import EmbeddedServers
from giftwise.db.own import OwnDatabase
from giftwise.log import configure
from tests.support.market import PushHost
from tests.support.rabbit import open_rabbit, rabbitmq_script

configure("warning")
_numbers = itertools.count(1)


class MakeDatabase(Protocol):
    """Creates a fresh database, from a template where one is named, and answers its URL."""

    async def __call__(self, prefix: str, template: str = "template1") -> str: ...


@pytest.fixture(scope="session")
async def servers(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[EmbeddedServers]:
    """PostgreSQL and Redis of this test run."""
    folder: Path = tmp_path_factory.mktemp("servers")
    with await embedded.start(folder) as running:
        # No test pulls the plug of the server itself, and a shared disk is slow to sync.
        connection = await asyncpg.connect(running.database_url("postgres"))
        for name in ("fsync", "full_page_writes", "synchronous_commit"):
            await connection.execute(f"ALTER SYSTEM SET {name} = off")
        await connection.execute("SELECT pg_reload_conf()")
        await connection.close()
        async with redis.asyncio.Redis.from_url(running.redis_url) as client:
            await client.config_set("appendonly", "no")
        yield running


@pytest.fixture(scope="session")
def postgres_url(servers: EmbeddedServers) -> str:
    """The maintenance database, as superuser."""
    return servers.database_url("postgres")


@pytest.fixture(scope="session")
def make_database(servers: EmbeddedServers, postgres_url: str) -> MakeDatabase:
    """Create a fresh database (optionally cloned from a template) and answer its URL."""

    async def make(prefix: str, template: str = "template1") -> str:
        name = f"{prefix}_{next(_numbers)}"
        connection = await asyncpg.connect(postgres_url)
        try:
            await connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        finally:
            await connection.close()
        return servers.database_url(name)

    return make


@pytest.fixture(scope="session")
async def migrated_template(make_database: MakeDatabase) -> str:
    """The name of a database with every migration applied, to clone from."""
    from giftwise.db.migrate import migrate

    url = await make_database("own_template")
    await migrate(url)
    return url.rpartition("?")[0].rpartition("/")[2]


@pytest.fixture
async def own_url(make_database: MakeDatabase, migrated_template: str, postgres_url: str) -> AsyncIterator[str]:
    """A fresh own database, migrated; gone afterwards, as a thousand of them are 8 GB."""
    url = await make_database("own", migrated_template)
    yield url
    connection = await asyncpg.connect(postgres_url)
    try:
        await connection.execute(f'DROP DATABASE "{url.rpartition("?")[0].rpartition("/")[2]}" WITH (FORCE)')
    finally:
        await connection.close()


@pytest.fixture
async def own(own_url: str) -> AsyncIterator[OwnDatabase]:
    """Our own database, fresh."""
    database = OwnDatabase(own_url)
    yield database
    await database.close()


@pytest.fixture
async def push_host(own_url: str) -> AsyncIterator[PushHost]:
    """A host that pushes, by its rows in our own database, fresh."""
    host = PushHost(own_url, await asyncpg.connect(own_url))
    yield host
    await host.close()


@pytest.fixture(scope="session")
def redis_url(servers: EmbeddedServers) -> str:
    """Redis of this test run."""
    return servers.redis_url


@pytest.fixture
async def redis_db(redis_url: str) -> str:
    """Redis, emptied."""
    async with redis.asyncio.Redis.from_url(redis_url) as client:
        await client.flushdb()
    return redis_url


@pytest.fixture(scope="session")
def rabbit_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """RabbitMQ of this test run, started at the first test that asks for it."""
    if rabbitmq_script() is None:
        pytest.skip("RabbitMQ is not installed here: apt-get install rabbitmq-server")
    with open_rabbit(tmp_path_factory.mktemp("rabbit")) as url:
        yield url
