"""A whole running engine for tests: a learned host in, an HTTP client over its real API out."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from giftwise.api.app import create_app
from giftwise.api.engine import Engine
from giftwise.settings import Settings

USER, PASSWORD = "host", "correct horse"


def make_settings(main_url: str | None, own_url: str, redis_url: str, data_dir: Path, **others: Any) -> Settings:
    """Settings that name real servers and read no environment file."""
    return Settings(
        _env_file=None,
        main_database_url=main_url,
        recommendations_database_url=own_url,
        recommendations_redis_url=redis_url,
        basic_auth_username=USER,
        basic_auth_password=PASSWORD,
        data_dir=data_dir,
        **others,
    )


class Site:
    """One API process: its engine, and a client that knows the password."""

    def __init__(self, engine: Engine, client: httpx.AsyncClient) -> None:
        self.engine = engine
        self.client = client

    async def post(self, path: str, body: Any = None, status: int = 200) -> Any:
        """The JSON answer of a POST; the status must be as expected."""
        answer = await self.client.post(path, json=body)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def get(self, path: str, status: int = 200) -> Any:
        """The JSON answer of a GET; the status must be as expected."""
        answer = await self.client.get(path)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def put(self, path: str, body: Any, status: int = 200) -> Any:
        """The JSON answer of a PUT; the status must be as expected."""
        answer = await self.client.put(path, json=body)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def personalized(self, user: int | str, **body: Any) -> Any:
        """One page of a user's list."""
        return await self.post("/personalized", {"user_id": user, **body})

    async def popular(self, params: dict[str, Any] | None = None, **body: Any) -> Any:
        """One page of what is popular."""
        return await self.post("/popular", {"user_params": params or {}, **body})


@asynccontextmanager
async def open_site(settings: Settings) -> AsyncIterator[Site]:
    """Start the API of these settings in this process and answer a client for it."""
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://site", auth=(USER, PASSWORD)) as client:
            yield Site(app.state.engine, client)
