"""A RabbitMQ queue as a transport: its URL and name in, deliveries in the queue's order out."""

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC
from typing import Final

import aiormq
from aiormq.abc import AbstractChannel, AbstractConnection, DeliveredMessage

from giftwise.interactions.transport import Delivery, Lag, TransportLost

CONNECT_SECONDS: Final = 5.0
ANSWER_SECONDS: Final = 10.0
IN_FLIGHT: Final = 3  # batches that the broker may send ahead, so that it sends one while another is applied

_FAULTS: Final = (aiormq.AMQPError, aiormq.ChannelInvalidStateError, OSError, TimeoutError)


class RabbitQueue:
    """One durable queue, made where it is absent; an existing one is taken as it was declared.

    We consume exclusively: the broker lets a next consumer in only when it has put back, at their old places, the
    messages that the last one had not acknowledged. So their order outlives a killed worker.
    """

    def __init__(self, url: str, queue: str, most: int) -> None:
        self.source = f"rabbitmq:{queue}"
        self._url = url
        self._queue = queue
        self._most = most
        self._connection: AbstractConnection | None = None
        self._channel: AbstractChannel | None = None
        self._arrived: deque[Delivery] = deque()
        self._held: deque[float] = deque()  # of each message not acknowledged: unix seconds when it was sent or came
        self._news = asyncio.Event()
        self._connecting = asyncio.Lock()

    async def open(self) -> None:
        """Connect and consume; TransportLost too while another consumer is there."""
        self._arrived.clear()
        self._held.clear()
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                connection = await self._connect()
                await self._ensure_queue(connection)
                self._channel = channel = await connection.channel(publisher_confirms=False)
                channel.on_consumer_cancel_callbacks.add(self._cancelled)
                channel.closing.add_done_callback(self._wake)
                await channel.basic_qos(prefetch_count=self._most * IN_FLIGHT)
                await channel.basic_consume(self._queue, self._arrive, exclusive=True)
        except _FAULTS as error:
            raise _lost(error) from error

    async def read(self, most: int, seconds: float) -> Sequence[Delivery]:
        """What has arrived; the broker sends ahead by itself."""
        if not self._arrived:
            self._news.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._news.wait()
        if self._channel is None or self._channel.is_closed:
            raise TransportLost("the broker closed the channel")
        return [self._arrived.popleft() for _ in range(min(most, len(self._arrived)))]

    async def done(self, deliveries: Sequence[Delivery]) -> None:
        """Acknowledge all up to the last: they are read, and done, in the broker's order."""
        if self._channel is None:
            raise TransportLost("not connected")
        try:
            await self._channel.basic_ack(int(deliveries[-1].tag), multiple=True)
        except _FAULTS as error:
            raise _lost(error) from error
        for _ in deliveries:
            self._held.popleft()

    async def lag(self) -> Lag:
        """What the queue holds ready and what we hold. Only of the latter is the age known."""
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                connection = await self._connect()
                channel = await connection.channel(publisher_confirms=False)
                declared = await channel.queue_declare(self._queue, passive=True)
                await channel.close()
        except aiormq.ChannelNotFoundEntity:
            return Lag(0, 0.0)
        except _FAULTS as error:
            raise _lost(error) from error
        age = time.time() - self._held[0] if self._held else 0.0
        return Lag((declared.message_count or 0) + len(self._held), max(age, 0.0))

    async def close(self) -> None:
        """Close the connection; the broker puts back what was not acknowledged."""
        connection, self._connection, self._channel = self._connection, None, None
        if connection is not None:
            with suppress(*_FAULTS):  # it was gone already
                async with asyncio.timeout(CONNECT_SECONDS):
                    await connection.close()

    async def _connect(self) -> AbstractConnection:
        async with self._connecting:
            if self._connection is None or self._connection.is_closed:
                self._connection = None
                async with asyncio.timeout(CONNECT_SECONDS):
                    self._connection = await aiormq.connect(self._url)
            return self._connection

    async def _ensure_queue(self, connection: AbstractConnection) -> None:
        """A queue that the host declared (as a quorum queue, with a limit) is not declared again, which would fail."""
        try:
            channel = await connection.channel(publisher_confirms=False)
            await channel.queue_declare(self._queue, passive=True)
        except aiormq.ChannelNotFoundEntity:
            channel = await connection.channel(publisher_confirms=False)
            await channel.queue_declare(self._queue, durable=True)
        await channel.close()

    async def _arrive(self, message: DeliveredMessage) -> None:
        properties = message.header.properties
        sent_at = properties.timestamp
        if sent_at is not None and sent_at.tzinfo is None:
            sent_at = sent_at.replace(tzinfo=UTC)
        name = f"{self.source}:{properties.message_id}" if properties.message_id else None
        self._arrived.append(Delivery(message.body, name, sent_at, message.delivery_tag or 0))
        self._held.append(time.time() if sent_at is None else sent_at.timestamp())
        self._news.set()

    async def _cancelled(self, _: object) -> None:
        """The queue was deleted or moved: begin anew."""
        if self._channel is not None:
            await self._channel.close()

    def _wake(self, _: object) -> None:
        self._news.set()


def _lost(error: BaseException) -> TransportLost:
    """The kind of failure alone: the text could hold a part of the URL."""
    return TransportLost(type(error).__name__)
