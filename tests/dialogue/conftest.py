"""A dialogue over a made-up shop: real database and Redis, ideas and products known by hand."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
import redis.asyncio
from sqlalchemy import text

from giftwise.cache.redis import CacheStore
from giftwise.cache.sessions import SessionCache
from giftwise.db.own import OwnDatabase
from giftwise.dialogue.actions import Action
from giftwise.dialogue.dialogue import Dialogue
from giftwise.dialogue.quiz import Quiz
from giftwise.dialogue.recipients import RecipientDesk
from giftwise.dialogue.session import Session
from giftwise.dialogue.store import SessionStore
from giftwise.dialogue.tracks import Tracks
from tests.support.gifts import Ideas, Shop

PATIENT_MS = 5_000  # a busy machine is no reason to go on without Redis here


@dataclass(frozen=True)
class Table:
    """One process's dialogue, and what it is over."""

    dialogue: Dialogue
    recipients: RecipientDesk
    store: SessionStore
    shop: Shop
    own: OwnDatabase
    redis: "redis.asyncio.Redis"

    async def begin(
        self, *interests: str, user: str | None = "7", recipient: str | None = None, **quiz: Any
    ) -> Session:
        """A session about someone of 30 who likes these things."""
        said = {"recipient_age": 30, "interests": list(interests), "language": "en", **quiz}
        return await self.dialogue.init(Quiz.model_validate(said), user, recipient)

    async def do(self, session: Session, action: str, value: object = None, **metadata: Any) -> Session:
        """One step."""
        said = None if value is None else str(value)
        return await self.dialogue.interact(session.session_id, Action(action, said, metadata))

    async def rows(self, query: str) -> list[Any]:
        """Rows of our database."""
        async with self.own.read() as connection:
            return [tuple(row) for row in await connection.execute(text(query))]


def set_table(own: OwnDatabase, cache: CacheStore, shop: Shop) -> Table:
    """A process's dialogue."""
    store = SessionStore(own, SessionCache(cache))
    tracks = Tracks(Ideas(), shop)
    return Table(Dialogue(own, store, tracks, shop), RecipientDesk(own, store), store, shop, own, cache.client)


@pytest.fixture
async def table(own: OwnDatabase, redis_db: str) -> AsyncIterator[Table]:
    """One process."""
    cache = CacheStore(redis_db, PATIENT_MS)
    yield set_table(own, cache, Shop())
    await cache.close()


@pytest.fixture
async def other(table: Table, redis_db: str) -> AsyncIterator[Table]:
    """Another process over the same database and Redis."""
    cache, own = CacheStore(redis_db, PATIENT_MS), OwnDatabase(table.own.url)
    yield set_table(own, cache, table.shop)
    await cache.close()
    await own.close()
