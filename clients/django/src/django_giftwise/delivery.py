"""Where changes go: from a commit to the thread of this process, and from there to the engine or to a task queue."""

from collections.abc import Callable

from django_giftwise import background
from django_giftwise.changes import Change
from django_giftwise.transport import get_engine

_diverted: list[Callable[[Change], None]] = []


def deliver(change: Change) -> None:
    """Take a change after its commit; returns at once.

    Tasks are published by the thread too: a broker that is away costs seconds, which no save should wait for.
    """
    if _diverted:
        _diverted[-1](change)
    elif get_engine().config.enabled:
        background.background.put(change)


def divert(to: Callable[[Change], None]) -> Callable[[], None]:
    """Hand every change to this function instead, until the answered one is called; for tests."""
    _diverted.append(to)
    return lambda: _diverted.remove(to)
