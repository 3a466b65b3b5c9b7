"""The worker's live loops: the host's newest interactions and stock in, forgotten answers and stock changes out.

A loop never ends by a failure: a database that is away is logged once and asked again at the next turn.
"""

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from giftwise.catalog.presents import read_available
from giftwise.catalog.store import ModelStore
from giftwise.catalog.watch import ModelWatcher
from giftwise.db.main import MainDatabase
from giftwise.db.own import OwnDatabase
from giftwise.db.tables import tail_watermarks
from giftwise.errors import GiftwiseError, ModelNotReady
from giftwise.interactions.tail import Tail, open_tails
from giftwise.log import logger

SAVE_SECONDS: Final = 5.0  # between two writes of where the tail stands; a new worker tells so much once more

log = logger(__name__)


class Loop(ABC):
    """Something done again and again, every `seconds`."""

    name: str

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._trouble: str | None = None

    @abstractmethod
    async def turn(self) -> None:
        """Do it once."""

    async def run(self) -> None:
        """Turn until cancelled."""
        while True:
            await self.turn_safely()
            await asyncio.sleep(self.seconds)

    async def turn_safely(self) -> bool:
        """One turn, its failure logged where it is new; whether it went well."""
        try:
            await self.turn()
        except ModelNotReady:
            return False  # the first model is being learned: no trouble at all
        except Exception as error:  # the loop must outlive whatever happens in a turn
            trouble = f"{type(error).__name__}: {error}"
            if trouble != self._trouble:
                log.warning(
                    "loop_failed", loop=self.name, reason=trouble, exc_info=not isinstance(error, GiftwiseError)
                )
            self._trouble = trouble
            return False
        if self._trouble is not None:
            log.info("loop_recovered", loop=self.name)
            self._trouble = None
        return True


class InteractionTail(Loop):
    """Forgets the answers of users who did something at the host, within `seconds` of its commit.

    `forget` takes user ids and tells whether the cache has done it; `beat` tells the cache that everything up to now
    was seen, and is left out after any failure, so that API processes trust no list that may be out of date.
    """

    name = "interactions"

    def __init__(
        self,
        main: MainDatabase,
        own: OwnDatabase,
        forget: Callable[[list[str]], Awaitable[bool]],
        beat: Callable[[], Awaitable[None]],
        seconds: float,
    ) -> None:
        super().__init__(seconds)
        self._main = main
        self._own = own
        self._forget = forget
        self._beat = beat
        self._tails: list[Tail] | None = None
        self._unforgotten: dict[str, None] = {}
        self._saved: dict[str, dict[str, Any]] = {}
        self._save_at = 0.0

    async def turn(self) -> None:
        """Look at every source once and forget whom it names."""
        if self._tails is None:
            self._saved = await self._read_positions()
            self._tails = open_tails(await self._main.schema(), self._saved)
        for tail in self._tails:
            for touch in await tail.new_events(self._main):
                self._unforgotten[touch.user_id] = None
        # A user leaves the list only when forgotten, so that a failure in between is made good at the next turn.
        users = list(self._unforgotten)
        if users and not await self._forget(users):
            return
        for user in users:
            del self._unforgotten[user]
        await self._beat()
        await self._save_positions(self._tails)

    async def _read_positions(self) -> dict[str, dict[str, Any]]:
        async with self._own.read() as connection:
            rows = await connection.execute(select(tail_watermarks.c.source, tail_watermarks.c.position))
            return {row.source: row.position for row in rows}

    async def _save_positions(self, tails: list[Tail]) -> None:
        now = time.monotonic()
        positions = {tail.name: tail.position for tail in tails if tail.position is not None}
        if now < self._save_at or positions == self._saved:
            return
        rows = [{"source": source, "position": position} for source, position in positions.items()]
        change = insert(tail_watermarks).values(rows)
        change = change.on_conflict_do_update(
            index_elements=["source"], set_={"position": change.excluded.position, "updated_at": func.now()}
        )
        async with self._own.begin() as connection:
            await connection.execute(change)
        self._saved, self._save_at = positions, now + SAVE_SECONDS


class StockSweep(Loop):
    """Takes items that are sold out, deleted or made private out of all answers, and brings them back."""

    name = "stock"

    def __init__(self, main: MainDatabase, own: OwnDatabase, store: ModelStore, seconds: float) -> None:
        super().__init__(seconds)
        self._main = main
        self._own = own
        self._store = store
        self._watcher = ModelWatcher(store, seconds)

    async def turn(self) -> None:
        """Compare the host's stock with what is served, and write what differs."""
        await self._watcher.look()
        served = self._watcher.current()
        now = await read_available(self._main, served.model["ids"])
        if (now == served.available).all():
            return
        kind, ids = served.model.id_kind, served.model["ids"]
        gone, back = kind.answer(ids[served.available & ~now]), kind.answer(ids[now & ~served.available])
        async with self._own.begin() as connection:
            await self._store.set_unavailable(connection, gone, back)
        log.info("stock_changed", catalog=self._store.catalog, gone=len(gone), back=len(back))
