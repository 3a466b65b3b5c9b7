"""Events that could not be applied: kept with the reason, listed, and applied again once the cause is mended."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import RowMapping, Table, func, select, update

from giftwise.catalog.pushed import BusinessMessage
from giftwise.db.own import OwnDatabase, raw
from giftwise.db.tables import businesses, parked_events, users
from giftwise.errors import InvalidRequest
from giftwise.interactions.inbox import Rejected, read, take
from giftwise.interactions.record import Recorder
from giftwise.interactions.transport import Delivery
from giftwise.people.pushed import UserMessage

REPLAY_BATCH: Final = 200

# One that waits already is not parked a second time when the queue delivers it again.
_PARK: Final = """
INSERT INTO parked_events (source, event_id, body, error)
SELECT $1, event_id, body, error
FROM unnest($2::text[], $3::text[], $4::text[]) WITH ORDINALITY AS new (event_id, body, error, place)
WHERE NOT EXISTS (
    SELECT FROM parked_events AS old
    WHERE old.source = $1 AND old.event_id = new.event_id AND old.replayed_at IS NULL
)
ORDER BY place
"""


@dataclass(frozen=True, slots=True)
class Parked:
    """One event that waits: its body as it came, why it could not be applied, how often that was tried."""

    id: int
    source: str
    event_id: str | None
    body: str
    error: str
    attempts: int
    parked_at: datetime


@dataclass(frozen=True, slots=True)
class Replayed:
    """What became of a replay: applied now or found applied already, those that failed again, those left out."""

    applied: int
    failed: int
    outdated: int
    """Syncs of users and businesses that were synced again since: their rows say what the host said last."""


class ParkingPlace:
    """The parked events of our own database. Every call raises OwnDatabaseUnavailable where it is gone."""

    def __init__(self, own: OwnDatabase) -> None:
        self._own = own

    async def park(self, source: str, rejected: Sequence[Rejected]) -> None:
        """Keep deliveries with their reasons, in one transaction."""
        if not rejected:
            return
        ids = [None if one.event_id is None else _text(one.event_id.encode(errors="replace")) for one in rejected]
        bodies = [_text(one.delivery.body) for one in rejected]
        errors = [_text(one.error.encode(errors="replace")) for one in rejected]
        async with self._own.begin() as connection:
            await (await raw(connection)).execute(_PARK, source, ids, bodies, errors)

    async def listing(self, limit: int | None = None, ids: Sequence[int] | None = None, after: int = 0) -> list[Parked]:
        """Those that wait, oldest first: all, or of these ids; only ids above `after`."""
        names = [parked_events.c[name] for name in Parked.__dataclass_fields__]
        query = select(*names).where(parked_events.c.replayed_at.is_(None), parked_events.c.id > after)
        if ids is not None:
            query = query.where(parked_events.c.id.in_(ids))
        async with self._own.read() as connection:
            rows = await connection.execute(query.order_by(parked_events.c.id).limit(limit))
            return [_parked(row) for row in rows.mappings()]

    async def count(self) -> int:
        """How many wait."""
        query = select(func.count()).select_from(parked_events).where(parked_events.c.replayed_at.is_(None))
        async with self._own.read() as connection:
            return int((await connection.execute(query)).scalar_one())

    async def replay(self, recorder: Recorder, ids: Sequence[int] | None = None) -> Replayed:
        """Apply those that wait (all, or of these ids) once more, oldest first; what fails again waits on."""
        applied, failed, left_out, last = 0, 0, 0, 0
        while batch := await self.listing(REPLAY_BATCH, ids, last):
            last = batch[-1].id
            outdated = await self._outdated(batch)
            taken = await take(recorder, [_delivery(parked) for parked in batch if parked.id not in outdated])
            again = {int(one.delivery.tag): one.error for one in taken.rejected}
            await self._settle([parked.id for parked in batch if parked.id not in again], again)
            applied += taken.applied + taken.repeated
            failed += len(again)
            left_out += len(outdated)
        return Replayed(applied, failed, left_out)

    async def _outdated(self, batch: Sequence[Parked]) -> set[int]:
        """Ids of those whose user or business was synced after they were parked."""
        wanted: dict[Table, dict[int, str]] = {users: {}, businesses: {}}
        for parked in batch:
            with suppress(InvalidRequest):
                message = read(_delivery(parked))
                if isinstance(message, UserMessage | BusinessMessage):
                    wanted[users if isinstance(message, UserMessage) else businesses][parked.id] = message.id
        parked_at = {parked.id: parked.parked_at for parked in batch}
        outdated: set[int] = set()
        async with self._own.read() as connection:
            for table, targets in wanted.items():
                query = select(table.c.id, table.c.updated_at).where(table.c.id.in_(set(targets.values())))
                synced_at = {row.id: row.updated_at for row in await connection.execute(query)}
                outdated |= {
                    one for one, id_ in targets.items() if id_ in synced_at and synced_at[id_] > parked_at[one]
                }
        return outdated

    async def _settle(self, done: Sequence[int], again: dict[int, str]) -> None:
        async with self._own.begin() as connection:
            if done:
                change = update(parked_events).where(parked_events.c.id.in_(done))
                await connection.execute(change.values(replayed_at=func.now()))
            for parked_id, error in again.items():
                change = update(parked_events).where(parked_events.c.id == parked_id)
                await connection.execute(change.values(error=error, attempts=parked_events.c.attempts + 1))


def _delivery(parked: Parked) -> Delivery:
    """As it came. It counts as sent when it was parked: what the same user has done since is newer."""
    return Delivery(parked.body.encode(), parked.event_id, parked.parked_at.astimezone(UTC), parked.id)


def _parked(row: RowMapping) -> Parked:
    return Parked(**row)


def _text(body: bytes) -> str:
    """A body as PostgreSQL can keep it; what is no UTF-8 is shown escaped, and was no message anyway."""
    return body.decode(errors="backslashreplace").replace("\0", "\\u0000")
