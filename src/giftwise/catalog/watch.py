"""What an API process serves from: the published generations in, one frozen snapshot at a time out."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from giftwise.catalog.arrivals import Arrivals, Arrived
from giftwise.catalog.model import Model
from giftwise.catalog.overlay import blank, overlaid
from giftwise.catalog.store import ModelStore, State
from giftwise.errors import BrokenModel, GiftwiseError, ModelNotReady
from giftwise.log import logger

log = logger(__name__)

# A generation that could not be loaded is tried again after this long: its bytes may have been on their way.
RETRY_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A model and what of it is available now. A request takes it once and keeps it to its end.

    `version` is "generation.stock", such as "12.3", and "12.3+name" with what came since: equal versions give equal
    answers.
    """

    model: Model
    available: NDArray[np.bool_]  # [n]
    version: str


class ModelWatcher:
    """Polls the state of a catalog and swaps whole snapshots; whatever fails, the last good one serves on."""

    def __init__(self, store: ModelStore, poll_seconds: float, arrivals: Arrivals | None = None) -> None:
        """With `arrivals` new and changed items join at each look; without, with the next generation."""
        self._store = store
        self._poll_seconds = poll_seconds
        self._arrivals = arrivals
        self._snapshot: Snapshot | None = None
        self._learned: Snapshot | None = None  # without what came since
        self._arrived: Arrived | None = None
        self._state: State | None = None
        self._refused: tuple[int, float] | None = None  # a broken generation, and when to try it again
        self._complaint: str | None = None
        self._listeners: list[Callable[[Snapshot], None]] = []
        self._task: asyncio.Task[None] | None = None

    def current(self) -> Snapshot:
        """The snapshot to answer from; ModelNotReady before the first."""
        if self._snapshot is None:
            raise ModelNotReady("no generation has been published yet, or none could be loaded")
        return self._snapshot

    def on_change(self, listener: Callable[[Snapshot], None]) -> None:
        """Call this with every new snapshot, after it serves."""
        self._listeners.append(listener)

    async def start(self) -> None:
        """Look once, so that a process is ready when it accepts requests, then keep looking in the background."""
        await self._look_safely()
        self._task = asyncio.create_task(self._watch(), name=f"watch-{self._store.catalog}")

    async def stop(self) -> None:
        """Stop looking; the last snapshot stays."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def look(self) -> bool:
        """One look: whether the snapshot was replaced. Raises what loading raises and keeps the old snapshot."""
        before = self._learned
        is_newer = await self._look_at_state()
        if self._arrivals is not None:
            is_newer = await self._look_at_arrivals(self._arrivals, is_newer)
        elif is_newer and self._learned is not None:
            self._swap(self._learned)
        if self._learned is not None and (before is None or before.model is not self._learned.model):
            await self._store.sweep()  # hosts without a worker have nobody else to clear their disk
        return is_newer

    async def _look_at_state(self) -> bool:
        """Whether another generation or stock serves than before."""
        state = await self._store.state()
        if state == self._state or state.generation == 0 or self._is_refused(state.generation):
            return False
        model = self._learned.model if self._learned is not None else None
        if model is None or model.generation != state.generation:
            try:
                model = await self._store.load(state.generation)
            except BrokenModel:
                self._refused = (state.generation, time.monotonic() + RETRY_SECONDS)
                raise
        gone = model.positions(await self._store.unavailable(model.id_kind))
        available = np.ones(len(model), dtype=np.bool_)
        available[gone[gone >= 0]] = False
        self._state, self._refused = state, None
        self._learned = Snapshot(model, available, f"{state.generation}.{state.stock_version}")
        return True

    async def _look_at_arrivals(self, arrivals: Arrivals, is_newer: bool) -> bool:
        """Put what came since on top; a catalog that was never learned is what came, on top of nothing."""
        learned = self._learned
        try:
            if learned is None:
                nothing = await arrivals.nothing()
                if nothing is None:
                    return False
                learned = Snapshot(blank(self._store.catalog, nothing), np.empty(0, np.bool_), "0.0")
            arrived = await arrivals.look(float(learned.model.facts.get("read_at", 0.0)))
        except GiftwiseError:
            if is_newer and learned is not None:
                self._arrived = None
                self._swap(learned)
            raise
        if self._snapshot is not None and not is_newer and arrived is self._arrived:
            return False
        self._arrived = arrived
        self._swap(await asyncio.to_thread(_together, learned, arrived))
        return True

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(self._poll_seconds)
            await self._look_safely()

    async def _look_safely(self) -> None:
        try:
            await self._look_or_remember()
        except Exception as error:  # whatever it is, answers go on from the last snapshot
            self._complain(error)
        else:
            self._recovered()

    async def _look_or_remember(self) -> None:
        try:
            await self.look()
        except GiftwiseError:
            if self._snapshot is None and (model := await self._store.load_remembered()) is not None:
                # Started without the database: the last generation of this host is better than none.
                self._swap(Snapshot(model, np.array(model["in_stock"]), f"{model.generation}.0"))
            raise

    def _swap(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        for listener in self._listeners:
            listener(snapshot)

    def _is_refused(self, generation: int) -> bool:
        return self._refused is not None and self._refused[0] == generation and time.monotonic() < self._refused[1]

    def _complain(self, error: Exception) -> None:
        """Once per kind of trouble, not once per look: a dead database must not fill the disk with its log."""
        complaint = f"{type(error).__name__}: {error}"
        if complaint != self._complaint:
            unexpected = error if not isinstance(error, GiftwiseError) else None
            log.warning("model_kept", catalog=self._store.catalog, reason=complaint, exc_info=unexpected)
        self._complaint = complaint

    def _recovered(self) -> None:
        if self._complaint is not None and self._refused is None:
            log.info("model_watched_again", catalog=self._store.catalog)
            self._complaint = None


def _together(learned: Snapshot, arrived: Arrived | None) -> Snapshot:
    """A snapshot with what came since: that is available as it says itself, the rest as before.

    Its indexes are made here, in a thread of their own, so that the first request does not wait for them.
    """
    if arrived is None:
        _index(learned.model)
        return learned
    model, places = overlaid(learned.model, arrived.items)
    available = np.ones(len(model), dtype=np.bool_)
    available[: len(learned.available)] = learned.available
    available[places] = arrived.items.in_stock
    _index(model)
    return Snapshot(model, available, f"{learned.version}+{arrived.name}")


def _index(model: Model) -> None:
    if "topics" in model:
        _ = model.topics, model.words
