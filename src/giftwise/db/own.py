"""Our own database: its URL in, transactions that are committed once, at the edge, out."""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Final

import asyncpg
from sqlalchemy import event, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from giftwise.errors import OwnDatabaseUnavailable

CONNECT_SECONDS: Final = 2.0  # how long a new connection may take, and how long a request waits for a pooled one
STATEMENT_MS: Final = 5_000  # how long one statement of a request may take; jobs ask for more
PING_MS: Final = 1_000

# The server is there but not for us now: starting, shutting down, full, out of disk or memory, too slow, locked out.
_SERVER_STATES: Final = (
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
)
# What else can happen while a connection is made or waited for.
CONNECT_ERRORS: Final = (OSError, TimeoutError, PoolTimeout, asyncpg.InterfaceError, *_SERVER_STATES)


def driver_url(url: str) -> str:
    """The URL as asyncpg takes it: SQLAlchemy's spelling `postgresql+asyncpg://` is accepted too."""
    scheme, separator, rest = url.partition("://")
    return f"{scheme.partition('+')[0]}{separator}{rest}"


async def connect(url: str, *, name: str = "giftwise", statement_ms: int = STATEMENT_MS) -> asyncpg.Connection:
    """One asyncpg connection of our own, outside of any pool: for locks, LISTEN and migrations.

    The URL is handed to asyncpg whole, so unix sockets (`?host=/dir`), several hosts and `sslmode` all work.
    """
    return await asyncpg.connect(
        driver_url(url),
        timeout=CONNECT_SECONDS,
        server_settings={
            "application_name": name,
            "statement_timeout": str(statement_ms),
            "idle_in_transaction_session_timeout": "600000",
            "jit": "off",  # our statements are small: compiling them costs more than running them
        },
    )


class OwnDatabase:
    """A lazy pool over our own database; nothing is connected before the first use.

    Every failure to reach the server is an OwnDatabaseUnavailable, whose text names the kind of failure and never
    the URL; mistakes in SQL stay what they are.
    """

    def __init__(self, url: str, *, pool_size: int = 5) -> None:
        self.url = url
        self._engine = create_async_engine(
            "postgresql+asyncpg://",
            async_creator=lambda: connect(url),
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=CONNECT_SECONDS,
            pool_use_lifo=True,  # the warmest connection first
            hide_parameters=True,
        )
        event.listen(self._engine.sync_engine, "checkout", _refuse_closed)

    @asynccontextmanager
    async def begin(self, *, statement_ms: int | None = None) -> AsyncIterator[AsyncConnection]:
        """One transaction: committed when the block ends, rolled back when it raises.

        `statement_ms` replaces the statement timeout within this transaction (0 = none), for bulk work.
        """
        async with self.read() as connection, connection.begin():
            if statement_ms is not None:
                await connection.execute(text(f"SET LOCAL statement_timeout = {int(statement_ms)}"))
            yield connection

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """One connection to read with; whatever it did is rolled back."""
        try:
            connection = await self._engine.connect()
        except (DBAPIError, *CONNECT_ERRORS) as error:
            raise unavailable(error) from error
        try:
            yield connection
        except (DBAPIError, asyncpg.PostgresError, asyncpg.InterfaceError, ConnectionError) as error:
            if _is_lost(connection, error):
                raise unavailable(error) from error
            raise
        finally:
            await connection.close()

    async def ping(self) -> None:
        """OwnDatabaseUnavailable unless the server answers within a second or two."""
        async with self.begin(statement_ms=PING_MS) as connection:
            await connection.execute(text("SELECT 1"))

    async def close(self) -> None:
        """Close every pooled connection; the object may be used again afterwards."""
        await self._engine.dispose()


async def raw(connection: AsyncConnection) -> asyncpg.Connection:
    """The asyncpg connection underneath, inside the same transaction."""
    driver: asyncpg.Connection = (await connection.get_raw_connection()).driver_connection
    if not driver.is_in_transaction():  # SQLAlchemy sends BEGIN with its first statement, not before
        await connection.execute(text("SELECT 1"))
    return driver


async def copy(
    connection: AsyncConnection, table: str, columns: Sequence[str], records: Iterable[Sequence[object]]
) -> int:
    """COPY rows into a table within the caller's transaction; returns how many.

    No parameters, so no limit of 32,767 of them; JSON columns take JSON text.
    """
    status = await (await raw(connection)).copy_records_to_table(table, columns=list(columns), records=records)
    return int(status.rpartition(" ")[2])


def _refuse_closed(dbapi: DBAPIConnection, _entry: ConnectionPoolEntry, _proxy: PoolProxiedConnection) -> None:
    """Drop a pooled connection that the server has closed; asyncpg knows without asking, so this costs nothing."""
    if dbapi.driver_connection.is_closed():
        raise DisconnectionError("the server closed this connection")


def _cause(error: BaseException) -> BaseException:
    """The driver's own error behind SQLAlchemy's wrapping."""
    orig = error.orig if isinstance(error, DBAPIError) else None
    return (orig.__cause__ or orig) if orig is not None else error


def _is_lost(connection: AsyncConnection, error: Exception) -> bool:
    """Whether the server went away or refused, rather than the statement being wrong."""
    return isinstance(_cause(error), (ConnectionError, *_SERVER_STATES)) or connection.invalidated


def unavailable(error: Exception) -> OwnDatabaseUnavailable:
    """The error that callers see, naming the kind of failure alone."""
    return OwnDatabaseUnavailable(f"{type(_cause(error)).__name__} while talking to the recommendations database")
