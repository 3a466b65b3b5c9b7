"""Whether this process can serve: `/health` for hosts, `/health/live` and `/health/ready` for orchestrators."""

import asyncio
from collections.abc import Awaitable
from typing import Final, Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from giftwise import __version__
from giftwise.api.calls import Ours
from giftwise.api.engine import Engine
from giftwise.errors import GiftwiseError, ModelNotReady

router = APIRouter(tags=["health"])

CHECK_SECONDS: Final = 1.0
Part = Literal["up", "down"]
Optional = Literal["up", "down", "off"]
Status = Literal["healthy", "degraded", "unhealthy"]


class Services(BaseModel):
    """Each part by itself."""

    main_database: Optional = Field(description="off: this server has no presents")
    recommendations_database: Part
    redis: Part
    businesses_database: Part | None = Field(None, description="only where businesses are read from another one")


class Health(BaseModel):
    """The whole by its parts: degraded while lists can still be answered, unhealthy when none can."""

    status: Status
    services: Services
    version: str
    generation: int | None = None
    """Which model serves; absent while the first one is being learned."""


class Live(BaseModel):
    """The process answers."""

    status: Literal["alive"] = "alive"


@router.get(
    "/health",
    summary="Whether lists can be answered, and by which parts",
    response_model_exclude_none=True,
    responses={503: {"model": Health}},
)
async def health(engine: Ours, response: Response) -> Health:
    """Needs no password. 200 while anything useful can be served, 503 where nothing can."""
    found = await _look(engine)
    response.status_code = 503 if found.status == "unhealthy" else 200
    return found


@router.get("/health/live", summary="The process answers")
async def live() -> Live:
    """No I/O: restart the process only when this fails."""
    return Live()


@router.get(
    "/health/ready", summary="Send requests here", response_model_exclude_none=True, responses={503: {"model": Health}}
)
async def ready(engine: Ours, response: Response) -> Health:
    """Send requests here while this is 200: true whenever some list can be answered, be it from fallbacks."""
    return await health(engine, response)


async def _look(engine: Engine) -> Health:
    main, own, redis, shared = await asyncio.gather(
        _main(engine), _is_up(engine.own.ping()), _is_up(_redis(engine)), _shared(engine)
    )
    try:
        generation = engine.leading.current().model.generation
    except ModelNotReady:
        generation = None
    whole: Status = "healthy" if "down" not in (main, shared) and own and redis else "degraded"
    return Health(
        status="unhealthy" if generation is None else whole,
        services=Services(
            main_database=main, recommendations_database=_word(own), redis=_word(redis), businesses_database=shared
        ),
        version=__version__,
        generation=generation,
    )


async def _main(engine: Engine) -> Optional:
    return "off" if engine.pulled is None else _word(await _is_up(engine.pulled.main.ping()))


async def _shared(engine: Engine) -> Part | None:
    if engine.settings.businesses_database_url is None:
        return None
    return _word(await _is_up(engine.businesses.main.ping()))


async def _redis(engine: Engine) -> None:
    if not await engine.cache.ping():
        raise ConnectionError


async def _is_up(check: Awaitable[object]) -> bool:
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            await check
    except (GiftwiseError, OSError, TimeoutError):
        return False
    return True


def _word(up: bool) -> Part:
    return "up" if up else "down"
