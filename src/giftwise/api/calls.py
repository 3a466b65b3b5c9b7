"""What every route needs of its request: the engine, and the time since it began."""

import time
from typing import Annotated

from fastapi import Depends, Request

from giftwise.api.access import allow
from giftwise.api.engine import Engine


def engine_of(request: Request) -> Engine:
    """This process's engine."""
    engine: Engine = request.app.state.engine
    return engine


def milliseconds_since_start(request: Request) -> float:
    """Milliseconds since the first byte of this request was handled."""
    started: float = request.scope["giftwise.started"]
    return (time.perf_counter() - started) * 1000


Ours = Annotated[Engine, Depends(engine_of)]
Guarded = Depends(allow)
