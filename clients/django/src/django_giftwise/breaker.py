"""The circuit breaker: the fate of attempts in; whether the engine is worth asking at all out."""

import logging
import threading
from collections.abc import Callable
from typing import Final

log: Final = logging.getLogger("django_giftwise")


class Breaker:
    """Opens after `failures` failed attempts in a row and is closed from outside, by whoever finds the engine back.

    There is no half-open state in which a visitor's call is the experiment: `opened` is called once at each opening,
    to start looking in the background. Safe to use from several threads.
    """

    def __init__(self, name: str, failures: int, opened: Callable[["Breaker"], None]) -> None:
        self.name = name
        self.is_open = False
        self._limit = failures
        self._failed = 0
        self._opened = opened
        self._lock = threading.Lock()

    def succeed(self) -> None:
        """The engine answered."""
        with self._lock:
            self._failed = 0

    def fail(self, why: str, *, timed_out: bool) -> None:
        """It did not. A refusal costs milliseconds, so several are awaited; a timeout has cost a visitor seconds."""
        with self._lock:
            self._failed = self._limit if timed_out else self._failed + 1
            if self.is_open or self._failed < self._limit:
                return
            self.is_open = True
        log.warning("giftwise does not answer (%s): nothing is asked of it to %s until it is back", why, self.name)
        self._opened(self)

    def close(self) -> None:
        """The engine is back."""
        with self._lock:
            was_open, self.is_open, self._failed = self.is_open, False, 0
        if was_open:
            log.warning("giftwise answers again: asked to %s as before", self.name)
