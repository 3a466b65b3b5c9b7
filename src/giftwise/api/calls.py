"""What every route needs of its request: the engine, and the time since it began."""

import time
from typing import Annotated

from fastapi import Depends, Request

from giftwise.api.access import allow
from giftwise.api.engine import Engine
from giftwise.errors import CatalogShared


def engine_of(request: Request) -> Engine:
    """This process's engine."""
    engine: Engine = request.app.state.engine
    return engine


def milliseconds_since_start(request: Request) -> float:
    """Milliseconds since the first byte of this request was handled."""
    started: float = request.scope["giftwise.started"]
    return (time.perf_counter() - started) * 1000


def pushed(request: Request) -> None:
    """Refuse what would be in vain: where a host's database is shared, nobody reads what is pushed."""
    if request.app.state.settings.businesses_database_url is not None:
        raise CatalogShared("BUSINESSES_DATABASE_URL is set: businesses, users and interactions are read from there")


Ours = Annotated[Engine, Depends(engine_of)]
Guarded = Depends(allow)
Pushed = Depends(pushed)
