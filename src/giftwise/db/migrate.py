"""The schema of our own database: a URL in, the revisions that it lacked applied (or printed as SQL) out."""

import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from giftwise.db import queue_schema
from giftwise.db.own import CONNECT_ERRORS, connect, raw, unavailable
from giftwise.db.tables import metadata

# Held while migrating, so that several processes starting at once migrate once. Any number that nobody else takes.
MIGRATION_LOCK: Final = 0x67696674_6D696772  # "giftmigr"


async def migrate(url: str) -> list[str]:
    """Apply what is missing; returns the revisions applied, oldest first (empty: nothing was).

    One transaction for all revisions, under an advisory lock: of several processes that start at once, one migrates
    and the others wait and find nothing to do. A queue made by an older PgQueuer is brought up to date as well.
    OwnDatabaseUnavailable where the server cannot be reached.
    """
    async with _connection(url) as connection:
        # The lock belongs to the session, so it survives the commits below and falls with the connection.
        await connection.execute(text(f"SELECT pg_advisory_lock({MIGRATION_LOCK})"))
        await connection.commit()
        before = await connection.run_sync(_revision)
        await connection.run_sync(_upgrade)
        await connection.commit()
        await queue_schema.converge((await connection.get_raw_connection()).driver_connection)
        after = await connection.run_sync(_revision)
    return _between(before, after)


async def current_revision(url: str) -> str | None:
    """The newest revision applied, None for a database never migrated."""
    async with _connection(url) as connection:
        return await connection.run_sync(_revision)


async def is_current(url: str) -> bool:
    """Whether nothing is left to apply, in our tables or the queue's."""
    async with _connection(url) as connection:
        if await connection.run_sync(_revision) != head():
            return False
        return await queue_schema.is_converged(await raw(connection))


async def differences(url: str) -> list[object]:
    """What Alembic would still change to make the database match tables.py; empty when they agree."""
    async with _connection(url) as connection:
        return await connection.run_sync(_differences)


def head() -> str:
    """The newest revision that this version of giftwise knows."""
    return str(ScriptDirectory.from_config(_config()).get_current_head())


def migration_sql() -> str:
    """All revisions as one SQL script for an empty database, for those who apply it with psql."""
    out = io.StringIO()
    command.upgrade(_config(out), "head", sql=True)
    return out.getvalue()


@asynccontextmanager
async def _connection(url: str) -> AsyncIterator[AsyncConnection]:
    engine = create_async_engine(
        "postgresql+asyncpg://",
        async_creator=lambda: connect(url, name="giftwise-migrate", statement_ms=0),
        poolclass=NullPool,
    )
    try:
        connection = await engine.connect()
    except CONNECT_ERRORS as error:
        raise unavailable(error) from error
    try:
        yield connection
    finally:
        await connection.close()


def _config(out: io.StringIO | None = None) -> Config:
    config = Config(output_buffer=out) if out is not None else Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    return config


def _upgrade(connection: Connection) -> None:
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(
        connection,
        opts={
            "include_name": lambda name, kind, _: not (kind == "table" and queue_schema.is_ours(name)),
            "compare_server_default": True,
        },
    )
    return list(compare_metadata(context, metadata))


def _between(before: str | None, after: str | None) -> list[str]:
    """Revisions after `before` up to `after`, oldest first."""
    if after is None or before == after:
        return []
    steps = ScriptDirectory.from_config(_config()).walk_revisions(before or "base", after)
    return [step.revision for step in steps if step.revision != before][::-1]
