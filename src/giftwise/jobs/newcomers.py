"""The worker's eye on arrivals: how many items came since a generation in, a wish to learn anew out."""

import time
from collections.abc import Awaitable, Callable
from typing import Final

from giftwise.catalog.arrivals import MOST, Arrivals
from giftwise.catalog.store import ModelStore
from giftwise.catalog.watch import ModelWatcher
from giftwise.errors import ModelNotReady
from giftwise.jobs.tail import Loop

MANY: Final = MOST // 5  # arrivals that are worth a generation of their own: API processes carry them until then
AGAIN_SECONDS: Final = 150.0  # a generation just read still counts its last two minutes as arrivals


class ArrivalWatch(Loop):
    """Asks for a new generation when much came at once, and for the first one when anything came.

    The schedule alone would leave a catalog that is filled at noon without neighbours until one.
    """

    name = "arrivals"

    def __init__(
        self, arrivals: Arrivals, store: ModelStore, learn: Callable[[], Awaitable[None]], seconds: float
    ) -> None:
        super().__init__(seconds)
        self._arrivals = arrivals
        self._learn = learn
        self._watcher = ModelWatcher(store, seconds)
        self._asked_at = float("-inf")

    async def turn(self) -> None:
        """Count once, and ask where it is due."""
        await self._watcher.look()
        try:
            read_at, few = float(self._watcher.current().model.facts.get("read_at", 0.0)), MANY
        except ModelNotReady:
            read_at, few = 0.0, 1
        if await self._arrivals.count(read_at) >= few and time.monotonic() - self._asked_at >= AGAIN_SECONDS:
            await self._learn()
            self._asked_at = time.monotonic()
