"""The application: settings in, an ASGI app with every route out."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from giftwise import __version__
from giftwise.api import (
    admin,
    bulk,
    health,
    interactions,
    metrics,
    pages,
    presents,
    problems,
    profiles,
    recipients,
    recommend,
    recommendations,
    stats,
    sync,
    try_page,
)
from giftwise.api.edge import Edge
from giftwise.api.engine import build
from giftwise.log import configure
from giftwise.settings import Settings, get_settings

DESCRIPTION: Final = """A recommendation engine for gift platforms.

Every call but `/health*` takes HTTP Basic. Every error is a problem document (RFC 9457) with a stable `code`
and the `request_id` that our log carries too. Fields that are not described here are ignored, except by `/admin`.
"""


def create_app(settings: Settings | None = None) -> FastAPI:
    """The app of one process; its connections open at start-up and close at shut-down."""
    settings = settings or get_settings()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        engine = build(settings)
        app.state.engine = engine
        await engine.start()
        try:
            yield
        finally:
            await engine.close()

    app = FastAPI(
        title="giftwise",
        version=__version__,
        description=DESCRIPTION,
        lifespan=lifespan,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        separate_input_output_schemas=False,
        docs_url=None,  # api/pages.py has them, behind the password and without another server's scripts
        redoc_url=None,
        openapi_url=None,
    )
    app.state.settings = settings
    problems.install(app)
    surfaces = (presents, profiles, recommend, sync, interactions, bulk, recommendations, recipients, try_page)
    for surface in (*surfaces, admin, stats, health, metrics, pages):
        app.include_router(surface.router)
    app.mount(pages.ASSETS, pages.assets())
    app.mount(try_page.ASSETS, try_page.assets())
    if settings.origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.origins,
            allow_methods=["*"],
            allow_headers=["authorization", "content-type", "x-request-id"],
            expose_headers=["x-request-id", "retry-after"],
            allow_credentials=True,
        )
    app.add_middleware(Edge)
    return app


def create_served_app() -> FastAPI:
    """What the server's workers import: logs set up from the environment, then the app."""
    settings = get_settings()
    configure(settings.log_level, debug=settings.debug)
    return create_app(settings)
