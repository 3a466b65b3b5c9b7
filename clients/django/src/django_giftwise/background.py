"""The thread that tells the engine: changes in from requests, bulk calls out, again and again until they arrive."""

import atexit
import logging
import os
import random
import threading
import time
from collections import OrderedDict
from typing import Final

from django.db import Error as DatabaseError
from django.db import close_old_connections, connections

from django_giftwise.carriers import carry
from django_giftwise.changes import Change
from django_giftwise.errors import Refused, Unavailable
from django_giftwise.transport import get_engine

log: Final = logging.getLogger("django_giftwise")
FIRST_PAUSE_SECONDS: Final = 0.5  # after a failure; it doubles from there
LONGEST_PAUSE_SECONDS: Final = 5.0
IDLE_SECONDS: Final = 30.0  # without work after which the thread gives its database connection back
_NOT_ALLOWED: Final = (401, 403)  # a password is wrong or being changed: what waits is kept


class Background:
    """The changes that wait in this process, each object once, and the thread that sends them.

    While the engine is away they wait, `queue_size` of them; what comes on top is dropped, said once, and left to
    `giftwise_sync`. What waits is lost with the process.
    """

    def __init__(self) -> None:
        self.dropped = 0
        self._waiting: OrderedDict[tuple[str, str], Change] = OrderedDict()
        self._sending = 0  # objects of the batch on its way
        self._pause = 0.0
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def put(self, change: Change) -> None:
        """Take a change; returns at once."""
        limit = get_engine().config.queue_size
        with self._changed:
            if change.key not in self._waiting and len(self._waiting) + self._sending >= limit:
                self.dropped += 1
                if self.dropped == 1:
                    log.error("giftwise: %d changes wait already, more are dropped; run giftwise_sync later", limit)
                return
            self._waiting[change.key] = change
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="giftwise background", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def wait(self, seconds: float) -> bool:
        """Until everything is told; False where it is not within that time."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._waiting and not self._sending, seconds)

    @property
    def left(self) -> int:
        """How many objects are still to be told, those being sent included."""
        with self._changed:
            return len(self._waiting) + self._sending

    def _run(self) -> None:
        while True:
            with self._changed:
                if not self._changed.wait_for(lambda: self._waiting, IDLE_SECONDS):
                    connections.close_all()
                    continue
                size = get_engine().config.batch_size
                batch = [self._waiting.popitem(last=False)[1] for _ in range(min(size, len(self._waiting)))]
                self._sending = len(batch)
            told = False
            try:
                told = self._tell(batch)
            finally:
                with self._changed:
                    if not told:
                        self._put_back(batch)
                    self._sending = 0
                    self._changed.notify_all()
            if not told:
                time.sleep(self._pause * random.uniform(0.5, 1.5))  # noqa: S311 - jitter

    def _tell(self, batch: list[Change]) -> bool:
        """Whether the batch is done with: told, or never to be told."""
        try:
            close_old_connections()
            carry(batch)
            close_old_connections()
        except (Unavailable, DatabaseError) as error:
            return self._later(batch, error)
        except Refused as error:
            if error.status in _NOT_ALLOWED:
                return self._later(batch, error)
            log.error("giftwise refuses %d changes: %s", len(batch), error)
        except Exception:
            log.exception("giftwise: %d changes cannot be told; run giftwise_sync after a repair", len(batch))
        self._pause = 0.0
        return True

    def _later(self, batch: list[Change], error: Exception) -> bool:
        self._pause = min(max(self._pause * 2, FIRST_PAUSE_SECONDS), LONGEST_PAUSE_SECONDS)
        level = logging.ERROR if isinstance(error, Refused) else logging.INFO
        log.log(level, "giftwise: %d changes wait, as it cannot be told now: %s", len(batch), error)
        return False

    def _put_back(self, batch: list[Change]) -> None:
        """Before all others, except where a newer change of the same object came meanwhile."""
        for change in reversed(batch):
            if change.key not in self._waiting:
                self._waiting[change.key] = change
                self._waiting.move_to_end(change.key, last=False)


background = Background()


def _at_exit() -> None:
    """A command that saves and ends at once still tells what it saved, if the engine is there."""
    if not background.wait(0) and not background.wait(get_engine().config.shutdown_seconds):
        log.error("giftwise: %d changes are lost with this process; run giftwise_sync", background.left)


def _after_fork() -> None:
    """A forked worker starts with nothing waiting: its parent sends what the parent took."""
    global background  # noqa: PLW0603 - one a process, as its thread is
    background = Background()


atexit.register(_at_exit)
os.register_at_fork(after_in_child=_after_fork)
