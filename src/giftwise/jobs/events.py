"""The worker's part in queued events: settings in, one consumer for each configured queue out."""

from giftwise.cache.answers import Answers
from giftwise.db.own import OwnDatabase
from giftwise.interactions.consumer import Consumer
from giftwise.interactions.record import Recorder
from giftwise.interactions.transport import Transport
from giftwise.settings import Settings


def open_consumers(settings: Settings, own: OwnDatabase, answers: Answers) -> tuple[Consumer, ...]:
    """Nothing is connected before a consumer runs."""
    recorder = Recorder(own, answers)
    return tuple(
        Consumer(transport, own, recorder, batch=settings.events_batch) for transport in open_transports(settings)
    )


def open_transports(settings: Settings) -> list[Transport]:
    """The Redis stream unless its name is empty, and RabbitMQ where it has a URL."""
    transports: list[Transport] = []
    if settings.redis_connection_url is not None and settings.events_stream:
        from giftwise.interactions.streams import RedisStream

        transports.append(RedisStream(settings.redis_connection_url, settings.events_stream))
    if settings.rabbitmq_connection_url is not None:
        from giftwise.interactions.rabbit import RabbitQueue  # most hosts have no RabbitMQ to talk to

        transports.append(RabbitQueue(settings.rabbitmq_connection_url, settings.events_queue, settings.events_batch))
    return transports
