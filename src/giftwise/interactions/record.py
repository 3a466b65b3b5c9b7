"""The one door for what hosts tell: checked messages in, durable rows and forgotten answers out, whatever the way."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Final

import asyncpg

from giftwise.cache.answers import Answers
from giftwise.catalog.pushed import CATALOG, delete_businesses, write_businesses
from giftwise.db.own import OwnDatabase, raw
from giftwise.interactions.batch import Batch, fold
from giftwise.interactions.messages import Message
from giftwise.interactions.pushed import InteractionMessage, write_interactions
from giftwise.log import logger
from giftwise.people.pushed import DeleteUser, UserMessage, delete_users, write_users

WRITE_MS: Final = 30_000  # how long a statement may take; a busy business takes a while to be deleted
TRIES: Final = 5  # where two batches wait for each other in a circle, the server stops one, which begins anew

# Sorted, as everything that is written here, so that circles are rare.
CLAIM: Final = """
INSERT INTO applied_events (event_id) SELECT id FROM unnest($1::text[]) AS t(id) ORDER BY id
ON CONFLICT DO NOTHING RETURNING event_id
"""

log = logger(__name__)


class Outcome(StrEnum):
    """What became of one message."""

    APPLIED = "applied"
    REPEATED = "repeated"  # an event of this id was applied before
    ABSENT = "absent"  # there was nothing to delete


class Recorder:
    """Writes what hosts tell into our own database."""

    def __init__(self, own: OwnDatabase, answers: Answers) -> None:
        self._own = own
        self._answers = answers

    async def apply(self, messages: Sequence[Message]) -> list[Outcome]:
        """Write messages in one transaction, as if one after the other; what became of each, in their order.

        When this returns, all of it is durable and the answers kept for the users concerned are forgotten. When it
        raises (OwnDatabaseUnavailable), nothing is said: it may be applied, and is to be sent again.
        """
        if not messages:
            return []
        outcomes, touched = await self._write(messages)
        # Those of repeated messages too: who applied them may have died before it came to this.
        await self._answers.forget_users(CATALOG, sorted(touched | set(_users(messages))))
        return outcomes

    async def _write(self, messages: Sequence[Message]) -> tuple[list[Outcome], set[str]]:
        for _ in range(TRIES - 1):
            try:
                return await self._transaction(messages)
            except asyncpg.DeadlockDetectedError:
                log.debug("recording_again", messages=len(messages))
        return await self._transaction(messages)

    async def _transaction(self, messages: Sequence[Message]) -> tuple[list[Outcome], set[str]]:
        async with self._own.begin(statement_ms=WRITE_MS) as transaction:
            connection = await raw(transaction)
            fresh = await _claim(connection, messages)
            batch = fold((place, messages[place]) for place in fresh)
            outcomes = [Outcome.REPEATED] * len(messages)
            for place in fresh:
                outcomes[place] = Outcome.APPLIED
            touched = await _write_batch(connection, batch, outcomes)
        return outcomes, touched


async def _claim(connection: asyncpg.Connection, messages: Sequence[Message]) -> list[int]:
    """Places of the messages to apply: those without an event id, and the first of each that was never applied."""
    first: dict[str, int] = {}
    for place, message in enumerate(messages):
        if message.event_id is not None:
            first.setdefault(message.event_id, place)
    if not first:
        return list(range(len(messages)))
    claimed = {row[0] for row in await connection.fetch(CLAIM, list(first))}
    return [
        place
        for place, message in enumerate(messages)
        if message.event_id is None or (message.event_id in claimed and first[message.event_id] == place)
    ]


async def _write_batch(connection: asyncpg.Connection, batch: Batch, outcomes: list[Outcome]) -> set[str]:
    """Delete, then write. Returns the users whose deeds went with a business; notes what was not there to delete."""
    touched: set[str] = set()
    if batch.deleted_users:
        were = await delete_users(connection, batch.deleted_users)
        _note_absent(batch.deleted_users, were, batch.undone, outcomes)
    if batch.deleted_businesses:
        were, touched = await delete_businesses(connection, batch.deleted_businesses)
        _note_absent(batch.deleted_businesses, were, batch.undone, outcomes)
    if batch.users:
        await write_users(connection, batch.users.values())
    if batch.businesses:
        await write_businesses(connection, batch.businesses.values())
    if batch.interactions:
        await write_interactions(connection, batch.interactions.values())
    return touched


def _note_absent(
    deleted: Mapping[str, Iterable[int]], were: Collection[str], undone: Collection[int], outcomes: list[Outcome]
) -> None:
    for target, places in deleted.items():
        there = target in were
        for place in places:
            if not there and place not in undone:
                outcomes[place] = Outcome.ABSENT
            there = False  # a second deletion finds what came between, or nothing


def _users(messages: Iterable[Message]) -> Iterator[str]:
    for message in messages:
        match message:
            case InteractionMessage():
                yield message.user_id
            case UserMessage() | DeleteUser():
                yield message.id
