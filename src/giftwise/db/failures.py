"""What asyncpg's many errors mean for us: worth a second try, one statement's trouble, or nobody there."""

from typing import Any, Final

import asyncpg
from asyncpg import exceptions as pg

# The connection is lost, but the server may be well: another connection is worth one try, as reads repeat safely.
# Between the server's farewell and the end of the stream asyncpg says InternalClientError or InterfaceError.
LOST: Final = (
    pg.ConnectionDoesNotExistError,
    pg.AdminShutdownError,
    pg.CrashShutdownError,
    pg.InternalClientError,
    pg.InterfaceError,
    ConnectionResetError,
    BrokenPipeError,
)
# One statement's trouble, which says nothing of the server: too slow, or a replica's conflict with its primary.
PASSING: Final = (pg.QueryCanceledError, pg.TransactionRollbackError)
# Nobody can be asked now.
DOWN: Final = (
    pg.PostgresConnectionError,
    pg.InvalidAuthorizationSpecificationError,
    pg.InvalidCatalogNameError,
    pg.InsufficientResourcesError,
    pg.OperatorInterventionError,
    pg.PostgresSystemError,
    pg.InternalServerError,
    pg.InterfaceError,
    pg.InternalClientError,
    OSError,
    TimeoutError,
)


async def connect(*args: Any, **options: Any) -> asyncpg.Connection:
    """A connection. What cannot be read as a URL is not quoted: a stray slash makes a port of the password."""
    try:
        return await asyncpg.connect(*args, **options)
    except ValueError:
        raise ConnectionError("MAIN_DATABASE_URL is not the URL of a PostgreSQL database") from None


def plain(error: Exception) -> str:
    """What went wrong, in words that can hold no part of a URL."""
    match error:
        case pg.QueryCanceledError():
            return "the statement timeout passed"
        case pg.PostgresError():
            return str(error).partition("\n")[0]
        case TimeoutError():
            return "no answer in time"
        case OSError():
            return error.strerror or str(error)
        case _:
            return type(error).__name__
