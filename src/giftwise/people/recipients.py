"""People that gifts are for: what a giver says of them in; rows, their history and a picture of their taste out."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final

from sqlalchemy import Select, delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from giftwise.db.tables import (
    dialogue_sessions,
    hypotheses,
    interactions,
    recipient_facts,
    recipients,
    users,
)
from giftwise.people.demographics import age_on

# The facts that have a column; all others are kept together in `facts`.
COLUMNS: Final = ("name", "relation", "gender", "age", "birth_date", "interests")
LIKES: Final = ("like", "shortlist", "select_gift", "purchase")
TASTE: Final = (*LIKES, "dislike")


@dataclass(frozen=True, slots=True)
class Recipient:
    """One person, as last said."""

    id: uuid.UUID
    user_id: str
    name: str | None
    relation: str | None
    gender: str | None
    age: int | None  # in years: by the birth date where it is known, else as it was said
    birth_date: date | None
    interests: list[str]
    facts: dict[str, Any]
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing that was done in a dialogue."""

    id: uuid.UUID
    recipient_id: uuid.UUID | None
    session_id: uuid.UUID | None
    action_type: str
    target_type: str
    target_id: str | None
    value: str | None
    metadata_json: dict[str, Any]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Said:
    """What was said of a recipient at one time."""

    session_id: uuid.UUID | None
    facts: dict[str, Any]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Picture:
    """What is known of a recipient's taste: ids of items, as text, the newest first."""

    liked: tuple[str, ...] = ()
    disliked: tuple[str, ...] = ()
    owned: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Erased:
    """How many rows of each kind went with a recipient, and which sessions they had."""

    rows: dict[str, int]
    sessions: tuple[str, ...]


async def create_recipient(
    connection: AsyncConnection,
    user_id: str,
    facts: Mapping[str, Any],
    *,
    recipient_id: uuid.UUID | None = None,
    session_id: uuid.UUID | None = None,
) -> Recipient:
    """A new recipient of a user, who gets a row too where nobody has named them before."""
    await connection.execute(upsert(users).values(id=user_id).on_conflict_do_nothing())
    known = {name: value for name, value in facts.items() if value is not None}
    row = insert(recipients).values(id=recipient_id or uuid.uuid4(), user_id=user_id, **_columns(known))
    made = (await connection.execute(row.returning(recipients))).one()
    await _note(connection, made.id, session_id, known)
    return _recipient(made)


async def merge_facts(
    connection: AsyncConnection,
    recipient_id: uuid.UUID,
    facts: Mapping[str, Any],
    *,
    session_id: uuid.UUID | None = None,
) -> Recipient | None:
    """Say more of a recipient: what is named replaces what was known (None clears), the rest stays. None: no such."""
    before = await connection.execute(select(recipients).where(recipients.c.id == recipient_id).with_for_update())
    row = before.one_or_none()
    if row is None:
        return None
    values = _columns(facts)
    values["facts"] = {name: value for name, value in {**row.facts, **values["facts"]}.items() if value is not None}
    change = update(recipients).where(recipients.c.id == recipient_id)
    change = change.values(**values, updated_at=func.clock_timestamp())
    made = (await connection.execute(change.returning(recipients))).one()
    await _note(connection, recipient_id, session_id, facts)
    return _recipient(made)


async def read_recipient(connection: AsyncConnection, recipient_id: uuid.UUID) -> Recipient | None:
    """One recipient; None for an unknown id."""
    row = (await connection.execute(select(recipients).where(recipients.c.id == recipient_id))).one_or_none()
    return None if row is None else _recipient(row)


async def list_recipients(
    connection: AsyncConnection, user_id: str, search: str | None, *, limit: int, offset: int
) -> tuple[list[Recipient], int]:
    """A user's recipients whose name or relation holds some words, last changed first; and how many there are."""
    found = select(recipients).where(recipients.c.user_id == user_id)
    for word in (search or "").split():
        found = found.where(
            recipients.c.name.icontains(word, autoescape=True) | recipients.c.relation.icontains(word, autoescape=True)
        )
    total = (await connection.execute(select(func.count()).select_from(found.subquery()))).scalar_one()
    page = found.order_by(recipients.c.updated_at.desc(), recipients.c.id).limit(limit).offset(offset)
    return [_recipient(row) for row in await connection.execute(page)], total


async def read_deeds(connection: AsyncConnection, recipient_id: uuid.UUID, limit: int) -> list[Deed]:
    """What was done for a recipient in all sessions, newest first."""
    found: Select[Any] = select(interactions).where(interactions.c.recipient_id == recipient_id)
    rows = await connection.execute(found.order_by(interactions.c.created_at.desc(), interactions.c.id).limit(limit))
    return [Deed(**row._mapping) for row in rows]


async def read_said(connection: AsyncConnection, recipient_id: uuid.UUID, limit: int) -> list[Said]:
    """What was said of a recipient, each time, newest first."""
    said = recipient_facts.c
    found = select(said.session_id, said.facts, said.created_at)
    found = found.where(said.recipient_id == recipient_id).order_by(said.id.desc())
    return [Said(**row._mapping) for row in await connection.execute(found.limit(limit))]


async def read_picture(connection: AsyncConnection, recipient_id: uuid.UUID, limit: int) -> Picture:
    """A recipient's taste by what was last done with each product; what they got once they have for good."""
    what = interactions.c
    found = select(what.target_id, what.action_type).where(
        what.recipient_id == recipient_id, what.target_type == "product", what.action_type.in_(TASTE)
    )
    rows = (await connection.execute(found.order_by(what.created_at.desc()).limit(limit))).all()
    last: dict[str, str] = {}
    for item, action in rows:
        last.setdefault(item, action)
    bought = (
        select(what.target_id)
        .where(what.recipient_id == recipient_id, what.target_type == "product", what.action_type == "purchase")
        .distinct()
    )
    return Picture(
        liked=tuple(item for item, action in last.items() if action in LIKES),
        disliked=tuple(item for item, action in last.items() if action == "dislike"),
        owned=tuple((await connection.execute(bought)).scalars()),
    )


async def erase_recipients(connection: AsyncConnection, ids: Sequence[uuid.UUID]) -> Erased | None:
    """Erase recipients with all that was derived from them; None where there was none of them.

    Sessions first, then the recipients' rows, as whoever changes a session locks them: nobody waits in a circle. Once
    the recipients are locked nothing more can be written of them, so what came in between is seen by the second look.
    """
    theirs = dialogue_sessions.c.recipient_id.in_(ids)
    ended = delete(dialogue_sessions).where(theirs).returning(dialogue_sessions.c.session_id)
    gone = list((await connection.execute(ended)).scalars())
    locked = await connection.execute(select(recipients.c.id).where(recipients.c.id.in_(ids)).with_for_update())
    if not locked.all():
        return None
    gone += (await connection.execute(ended)).scalars()
    sessions = tuple(str(one) for one in gone)
    rows = {"sessions": len(sessions)}
    for name, table in (("interactions", interactions), ("hypotheses", hypotheses), ("facts", recipient_facts)):
        rows[name] = (await connection.execute(delete(table).where(table.c.recipient_id.in_(ids)))).rowcount
    rows["recipients"] = (await connection.execute(delete(recipients).where(recipients.c.id.in_(ids)))).rowcount
    return Erased(rows, sessions)


def _columns(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The row's values of some facts: those with a column apart, all others together."""
    values = {name: facts[name] for name in COLUMNS if name in facts}
    if "interests" in values:
        values["interests"] = values["interests"] or []
    return {**values, "facts": {name: value for name, value in facts.items() if name not in COLUMNS}}


async def _note(
    connection: AsyncConnection, recipient_id: uuid.UUID, session_id: uuid.UUID | None, facts: Mapping[str, Any]
) -> None:
    said = {name: value.isoformat() if isinstance(value, date) else value for name, value in facts.items()}
    await connection.execute(
        insert(recipient_facts).values(recipient_id=recipient_id, session_id=session_id, facts=said)
    )


def _recipient(row: Any) -> Recipient:
    values = dict(row._mapping)
    if values["birth_date"] is not None:
        values["age"] = age_on(values["birth_date"], datetime.now(UTC).date())
    return Recipient(**values)
