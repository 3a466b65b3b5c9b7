"""How far a run has come: told by whoever works, in any thread, to whoever watches and to the log of runs."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Final

from giftwise.db.own import OwnDatabase
from giftwise.errors import OwnDatabaseUnavailable
from giftwise.jobs import runs

FLUSH_SECONDS: Final = 0.5  # between two writes to the log of runs

Listener = Callable[[str, str, float, int], None]
"""Called with the run's id, the step, the percent (0..100) and the rows written."""


class Progress:
    """How far a run has come; the latest that was told is written to the log now and then."""

    def __init__(self, own: OwnDatabase, run_id: str, listener: Listener | None = None) -> None:
        self._own = own
        self._run_id = run_id
        self._listener = listener
        self._told: tuple[str, float, int] = ("starting", 0.0, 0)
        self._written: tuple[str, float, int] | None = None
        self._span: tuple[str, float, float] = ("", 0.0, 100.0)

    def within(self, prefix: str, start: float, end: float) -> None:
        """From now on, what is told is a part of the run: steps begin with `prefix`, percents lie between these two."""
        self._span = (prefix, start, end)

    def __call__(self, step: str, percent: float, rows: int | None = None) -> None:
        """Tell the step that begins or goes on, the percent (0..100) of the whole, and rows written if known."""
        prefix, start, end = self._span
        whole = start + (end - start) * min(max(percent, 0.0), 100.0) / 100
        self._told = (prefix + step, whole, self._told[2] if rows is None else rows)
        if self._listener is not None:
            self._listener(self._run_id, *self._told)

    def part(self, step: str, start: float, end: float) -> Callable[[float], None]:
        """A callback for an algorithm that tells its own share (0..1) of a step between two percents."""
        self(step, start)
        return lambda share: self(step, start + (end - start) * share)

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[None]:
        """While the block runs, the log of runs follows."""
        task = asyncio.create_task(self._write())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _write(self) -> None:
        while True:
            if self._told != self._written:
                told = self._told
                with suppress(OwnDatabaseUnavailable):  # progress is not worth failing for
                    await runs.progress(self._own, self._run_id, *told)
                    self._written = told
            await asyncio.sleep(FLUSH_SECONDS)
