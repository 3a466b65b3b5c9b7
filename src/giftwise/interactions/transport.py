"""What the consumer needs of a queue: messages in batches, in order, given back as done only after commit."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


class TransportLost(ConnectionError):
    """The queue cannot be reached now; nothing is lost, it is tried again."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message as a queue brought it.

    `key` names the message in its queue, the same at every delivery of it, None where the queue gives it no name;
    `sent_at` is when the queue or its publisher says that it was sent, None where neither does; `tag` is what the queue
    wants back.
    """

    body: bytes
    key: str | None
    sent_at: datetime | None
    tag: str | int


@dataclass(frozen=True, slots=True)
class Lag:
    """How far behind the consumer is: messages not yet done, and the age of the oldest in seconds."""

    waiting: int
    oldest_seconds: float


class Transport(Protocol):
    """One queue. Every call but `close` raises TransportLost where the queue cannot be reached."""

    source: str
    """The queue's name in logs, metrics and parked events."""

    async def open(self) -> None:
        """Begin to consume as the only consumer: what a dead one had taken comes first, in its order."""

    async def read(self, most: int, seconds: float) -> Sequence[Delivery]:
        """Up to `most` messages, oldest first; waits up to so many seconds for the first one."""

    async def done(self, deliveries: Sequence[Delivery]) -> None:
        """These, which were read together, need not be delivered again."""

    async def lag(self) -> Lag:
        """How far behind the consumer is, also while nobody consumes."""

    async def close(self) -> None:
        """Stop consuming; what is not done will be delivered to the next consumer."""
