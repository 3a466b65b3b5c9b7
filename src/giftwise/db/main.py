"""The host's database: SQL in, rows or frames out, never a write and never a long wait."""

import asyncio
import io
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from collections.abc import Mapping as Dict
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, Final, TypeVar

import asyncpg
from asyncpg import exceptions as pg

from giftwise.db.failures import DOWN, LOST, PASSING, connect, plain
from giftwise.db.mapping import Mapping
from giftwise.db.schema import HostSchema, resolve_schema
from giftwise.db.totals import Totals, count_totals
from giftwise.errors import MainDatabaseUnavailable, MappingError
from giftwise.log import logger

if TYPE_CHECKING:
    import polars

ACQUIRE_SECONDS: Final = 1.0  # a request waits so long for a free connection, a new one included
PROBE_SECONDS: Final = 1.0  # between two tries to reach a database that was down
CLIENT_GRACE_SECONDS: Final = 0.5  # past its statement timeout a silent server is taken for dead
BULK_SECONDS: Final = 600  # one bulk read may take so long
BULK_CONNECT_SECONDS: Final = 5.0
SCHEMA_SECONDS: Final = 300  # so soon a table or column that the host adds is noticed
TOTALS_SECONDS: Final = 300  # counting a million likes costs the host half a second
CLOSE_SECONDS: Final = 2.0

_DRIVER: Final = re.compile(r"^(postgres(?:ql)?)\+\w+://")

log = logger(__name__)
Result = TypeVar("Result")


class MainDatabase:
    """A lazy, read-only pool for requests, and a connection of its own for each bulk read.

    No server is needed to create it. When the server fails, one failure is felt; then calls raise
    MainDatabaseUnavailable at once, and a probe in the background looks once a second whether it is back.
    """

    def __init__(
        self,
        url: str,
        mapping: Mapping,
        *,
        pool_size: int = 8,
        statement_timeout_ms: int = 2000,
        application_name: str = "giftwise",
    ) -> None:
        self.mapping = mapping
        self._url = _DRIVER.sub(r"\1://", url)
        self._pool_size = pool_size
        self._timeout_ms = statement_timeout_ms
        self._application_name = application_name
        self._pool: asyncpg.Pool | None = None
        self._fault: str | None = None
        self._probe: asyncio.Task[None] | None = None
        self._schema: HostSchema | None = None
        self._schema_at = 0.0
        self._resolving = asyncio.Lock()
        self._totals: Totals | None = None
        self._totals_at = 0.0
        self._counting = asyncio.Lock()

    @property
    def fault(self) -> str | None:
        """Why the database is taken for dead now; None while it is well (or was never asked)."""
        return self._fault

    async def schema(self) -> HostSchema:
        """What of the mapping this host has; resolved at first use and again every SCHEMA_SECONDS.

        Raises MappingError where the mapping does not fit, MainDatabaseUnavailable where it cannot be asked.
        """
        if self._schema is not None and (
            time.monotonic() - self._schema_at < SCHEMA_SECONDS or self._resolving.locked()
        ):
            return self._schema
        before = self._schema
        async with self._resolving:
            if self._schema is before:
                try:
                    await self._resolve()
                except MainDatabaseUnavailable:
                    if self._schema is None:
                        raise
        assert self._schema is not None
        return self._schema

    async def fetch(self, sql: str, *args: object) -> list[Any]:
        """Rows of one statement, within the statement timeout of requests.

        Raises MainDatabaseUnavailable when the database cannot be reached or is too slow, MappingError when the
        host's schema has changed under the mapping.
        """
        limit = self._timeout_ms / 1000 + CLIENT_GRACE_SECONDS
        rows: list[Any] = await self._run(lambda connection: connection.fetch(sql, *args, timeout=limit))
        return rows

    async def read_rows(self, sql: str, *args: object) -> list[Any]:
        """Rows of one statement that may take long, over a connection of its own."""
        async with self._bulk() as connection:
            rows: list[Any] = await connection.fetch(sql, *args)
            return rows

    async def read_frame(self, sql: str, *args: object, columns: Dict[str, Any]) -> "polars.DataFrame":
        """Millions of rows as a polars frame with these columns and dtypes, by COPY as CSV.

        The CSV is in memory once while it is read (about 45 bytes for a row of three integers).
        """
        import polars

        parts: list[bytes] = []

        async def keep(data: bytes) -> None:
            parts.append(data)

        async with self._bulk() as connection:
            await connection.copy_from_query(sql, *args, output=keep, format="csv")
        if not parts:
            return polars.DataFrame(schema=dict(columns))
        csv = b"".join(parts)
        parts.clear()
        return await asyncio.to_thread(lambda: polars.read_csv(io.BytesIO(csv), has_header=False, schema=dict(columns)))

    async def ping(self) -> float:
        """Seconds that the smallest question takes; MainDatabaseUnavailable where there is no answer."""
        started = time.perf_counter()
        await self.fetch("SELECT 1")
        return time.perf_counter() - started

    async def totals(self) -> Totals:
        """What the host holds, at most TOTALS_SECONDS old; counted over a bulk connection, once for all who ask."""
        async with self._counting:
            if self._totals is None or time.monotonic() - self._totals_at > TOTALS_SECONDS:
                self._totals = await count_totals(self.read_rows, await self.schema())
                self._totals_at = time.monotonic()
            return self._totals

    async def close(self) -> None:
        """Give all connections back to the server."""
        if self._probe is not None:
            self._probe.cancel()
            with suppress(asyncio.CancelledError):
                await self._probe
        if self._pool is not None:
            pool, self._pool = self._pool, None
            try:
                await asyncio.wait_for(pool.close(), CLOSE_SECONDS)
            except (pg.PostgresError, *DOWN):
                pool.terminate()

    async def _resolve(self) -> None:
        try:
            schema: HostSchema = await self._run(lambda connection: resolve_schema(connection, self.mapping))
        except MappingError:
            self._schema = None
            raise
        if self._schema is None or self._schema.notes != schema.notes:
            for note in schema.notes:
                log.warning("the host lacks an optional part of the mapping", part=note)
        self._schema, self._schema_at = schema, time.monotonic()

    async def _run(self, work: Callable[[asyncpg.Connection], Awaitable[Result]]) -> Result:
        """Do work on a pooled connection, every failure as one of ours."""
        if self._fault is not None:
            raise MainDatabaseUnavailable(self._fault)
        try:
            try:
                return await self._attempt(work)
            except ValueError:
                raise  # an argument that does not fit its parameter is the caller's mistake, though asyncpg's error
            except LOST:
                return await self._attempt(work)
        except ValueError:
            raise
        except PASSING as error:
            raise MainDatabaseUnavailable(plain(error)) from None
        except DOWN as error:
            self._trip(error)
            raise MainDatabaseUnavailable(plain(error)) from None
        except pg.PostgresError as error:
            raise self._unfit(error) from error

    async def _attempt(self, work: Callable[[asyncpg.Connection], Awaitable[Result]]) -> Result:
        if self._pool is None:
            self._pool = asyncpg.create_pool(
                self._url,
                min_size=0,
                max_size=self._pool_size,
                connect=connect,
                reset=_keep_as_is,
                timeout=ACQUIRE_SECONDS,
                server_settings=self._server_settings(self._timeout_ms),
            )
            await self._pool
        connection = await self._pool.acquire(timeout=ACQUIRE_SECONDS)
        try:
            return await work(connection)
        except (TimeoutError, *LOST):
            # Released as it is, it would wait for the silent server once more, or be given to the second try.
            connection.terminate()
            raise
        finally:
            await self._pool.release(connection, timeout=ACQUIRE_SECONDS)

    @asynccontextmanager
    async def _bulk(self) -> AsyncIterator[asyncpg.Connection]:
        connection = None
        try:
            connection = await connect(
                self._url,
                timeout=BULK_CONNECT_SECONDS,
                statement_cache_size=0,
                server_settings=self._server_settings(BULK_SECONDS * 1000),
            )
            yield connection
        except (*PASSING, *DOWN) as error:
            raise MainDatabaseUnavailable(plain(error)) from None
        except pg.PostgresError as error:
            raise self._unfit(error) from error
        finally:
            if connection is not None:
                with suppress(pg.PostgresError, *DOWN):
                    await connection.close(timeout=CLOSE_SECONDS)

    def _server_settings(self, timeout_ms: int) -> dict[str, str]:
        return {
            "application_name": self._application_name,
            "default_transaction_read_only": "on",
            "statement_timeout": str(timeout_ms),
            "timezone": "UTC",
        }

    def _unfit(self, error: pg.PostgresError) -> MappingError:
        """The statement does not fit the host, whose schema may have changed: the next caller resolves it anew."""
        self._schema = None
        return MappingError(plain(error))

    def _trip(self, error: Exception) -> None:
        """Take the database for dead until the probe has reached it."""
        self._fault = plain(error)
        if self._probe is None or self._probe.done():
            log.warning("the main database is down", reason=self._fault)
            self._probe = asyncio.create_task(self._probe_until_back())

    async def _probe_until_back(self) -> None:
        while self._fault is not None:
            await asyncio.sleep(PROBE_SECONDS)
            with suppress(pg.PostgresError, *DOWN):
                await self._attempt(lambda connection: connection.fetch("SELECT 1", timeout=ACQUIRE_SECONDS))
                self._fault = None
                log.info("the main database is back")


async def _keep_as_is(_: asyncpg.Connection) -> None:
    """No reset on release: our statements leave no state behind, and a reset costs each request a round trip."""
