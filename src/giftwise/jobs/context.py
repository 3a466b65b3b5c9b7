"""What a job is given: the databases, the store, the settings, a way to tell progress, and one way to write."""

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from giftwise.cache.profiles import ProfileCache
from giftwise.catalog.sources import PRESENTS
from giftwise.catalog.store import ModelStore
from giftwise.db.main import MainDatabase
from giftwise.db.own import OwnDatabase
from giftwise.jobs import runs
from giftwise.jobs.host import HostReader
from giftwise.jobs.progress import Progress
from giftwise.settings import Settings

FORGET_BATCH: Final = 500  # users whose keys one call to Redis deletes


@dataclass(frozen=True, slots=True)
class Context:
    """One run's surroundings, in one catalog. `started` is unix seconds: the "now" of everything that it computes.

    `main` is where the catalog is read.
    """

    run_id: str
    catalog: str
    main: MainDatabase
    host: HostReader
    own: OwnDatabase
    store: ModelStore
    settings: Settings
    progress: Progress
    profiles: ProfileCache | None  # None where there is no Redis
    started: int = field(default_factory=lambda: int(time.time()))

    @property
    def fills_tables(self) -> bool:
        """Whether results go into the contract's tables too, which are of presents alone; others have their model."""
        return self.catalog == PRESENTS

    async def forget_profiles(self, users: Sequence[str]) -> None:
        """Drop what Redis keeps of these users' profiles; without Redis they end by their age."""
        for start in range(0, len(users), FORGET_BATCH):
            if self.profiles is not None:
                await self.profiles.forget(users[start : start + FORGET_BATCH])

    @asynccontextmanager
    async def commit(self) -> AsyncIterator[AsyncConnection]:
        """The one transaction in which a run writes its results: all of them become visible together, or none.

        It has no statement timeout, and is refused (RunLost) when this run was taken for dead meanwhile and another
        may have begun.
        """
        async with self.own.begin(statement_ms=0) as connection:
            yield connection
            await runs.fence(connection, self.run_id)
