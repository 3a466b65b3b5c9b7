"""Where dialogues live: Redis in front, our database behind, and one change of a session after the other.

A session's row has a version. Whoever changes a session does so on the version that was read, or begins anew: of two
changes at once both count, one after the other. A copy in Redis is used only if it is of the row's version, so one
that is late, lost or from before a crash changes nothing; while the database is away the copy alone is shown.
"""

import json
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

import asyncpg
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncConnection

from giftwise.cache.sessions import KEPT_SECONDS, SessionCache
from giftwise.db.own import OwnDatabase, raw
from giftwise.dialogue.session import Draft
from giftwise.dialogue.state import State
from giftwise.errors import NotFound, OwnDatabaseUnavailable

# What the recipient got counts at once in all of their sessions, so it is read with the version each time.
LOOK: Final = """
SELECT version, ARRAY(
    SELECT DISTINCT target_id FROM interactions AS i
    WHERE i.recipient_id = s.recipient_id AND i.target_type = 'product' AND i.action_type = 'purchase'
      AND i.target_id IS NOT NULL)
FROM dialogue_sessions AS s WHERE session_id = $1 AND expires_at > now()
"""
LOAD: Final = "SELECT state::text FROM dialogue_sessions WHERE session_id = $1"
CREATE: Final = """
INSERT INTO dialogue_sessions (session_id, user_id, recipient_id, version, state, expires_at)
VALUES ($1, $2, $3, $4, $5::jsonb, now() + $6 * interval '1 second')
"""
CHANGE: Final = """
UPDATE dialogue_sessions SET version = $3, state = $4::jsonb, updated_at = now(),
    expires_at = now() + $5 * interval '1 second'
WHERE session_id = $1 AND version = $2
"""
DRAFTS: Final = """
INSERT INTO hypotheses (id, session_id, recipient_id, topic_id, track_title, title, description, reasoning,
    primary_gap, search_queries, model_name)
SELECT id, $1, $2, topic_id, track_title, title, description, reasoning, gap, queries::jsonb, model
FROM unnest($3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[],
    $11::text[]) AS t(id, topic_id, track_title, title, description, reasoning, gap, queries, model)
"""
RECORD: Final = """
INSERT INTO interactions (recipient_id, session_id, action_type, target_type, target_id, value, metadata_json)
VALUES ($1, $2, $3, $4, $5, $6, $7::jsonb)
"""
REACT: Final = "UPDATE hypotheses SET user_reaction = $2, updated_at = now() WHERE id = $1"
SESSION_OF: Final = "SELECT session_id FROM hypotheses WHERE id = $1"


@dataclass(frozen=True, slots=True)
class Step:
    """What the giver did, as it is recorded. `target_type` is hypothesis, product or navigation."""

    action_type: str
    target_type: str
    target_id: str | None = None
    value: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Shown:
    """An idea that a change shows for the first time."""

    id: str
    topic_id: str
    track_title: str
    draft: Draft


@dataclass(frozen=True, slots=True)
class Change:
    """A session as it is to be, and what else is written with it: all of it, or nothing."""

    state: State
    step: Step | None = None
    shown: Sequence[Shown] = ()
    reactions: Sequence[tuple[str, str | None]] = ()  # ideas' ids, and what is thought of each now


class SessionStore:
    """Reads and writes sessions."""

    def __init__(self, own: OwnDatabase, cache: SessionCache) -> None:
        self._own = own
        self._cache = cache

    async def load(self, session_id: str) -> State:
        """A session as it is now. NotFound, OwnDatabaseUnavailable (where Redis has no copy either)."""
        known = parse_id(session_id)
        if known is None:
            raise no_session(session_id)
        copy = _read(await self._cache.find(str(known)))
        try:
            async with self._own.read() as connection:
                return await self._fresh(await raw(connection), known, copy)
        except OwnDatabaseUnavailable:
            if copy is None:
                raise
            return copy

    async def session_of(self, hypothesis_id: str) -> str:
        """The id of the session in which an idea was shown. NotFound."""
        known = parse_id(hypothesis_id)
        if known is not None:
            async with self._own.read() as connection:
                found = await (await raw(connection)).fetchval(SESSION_OF, known)
            if found is not None:
                return str(found)
        raise NotFound(f"there is no hypothesis {hypothesis_id}")

    async def create(self, connection: AsyncConnection, change: Change) -> None:
        """Write a new session within the caller's transaction; `publish` it after the commit."""
        driver, state = await raw(connection), change.state
        session, person = uuid.UUID(state.session.session_id), parse_id(state.session.recipient.id or "")
        text = state.model_dump_json()
        await driver.execute(CREATE, session, state.user_id, person, state.version, text, KEPT_SECONDS)
        await _write_rest(driver, change)

    async def save(self, change: Change) -> bool:
        """Write a changed session, whose `version` is the one that was read; False where it has another by now."""
        before = change.state.version
        after = change.state.model_copy(update={"version": before + 1})
        text, session = after.model_dump_json(), uuid.UUID(after.session.session_id)
        try:
            async with self._own.begin() as connection:
                driver = await raw(connection)
                done = await driver.execute(CHANGE, session, before, before + 1, text, KEPT_SECONDS)
                if not done.endswith(" 1"):
                    return False
                await _write_rest(driver, change)
        except asyncpg.DeadlockDetectedError:  # with the erasing of its recipient
            return False
        await self._cache.keep(after.session.session_id, text.encode())
        return True

    async def publish(self, state: State) -> None:
        """Put a copy into Redis."""
        await self._cache.keep(state.session.session_id, state.model_dump_json().encode())

    async def forget(self, session_ids: Sequence[str]) -> bool:
        """Drop the copies of erased sessions; False where Redis is away."""
        return await self._cache.forget(session_ids)

    async def _fresh(self, driver: asyncpg.Connection, session_id: uuid.UUID, copy: State | None) -> State:
        row = await driver.fetchrow(LOOK, session_id)
        if row is None:
            raise no_session(str(session_id))
        version, owned = row
        if copy is None or copy.version != version:
            text = await driver.fetchval(LOAD, session_id)
            if text is None:  # erased between the two statements
                raise no_session(str(session_id))
            copy = State.model_validate_json(text)
            await self.publish(copy)
        copy.owned = list(dict.fromkeys([*copy.owned, *owned]))
        return copy


def parse_id(text: str) -> uuid.UUID | None:
    """The id of a session, hypothesis or recipient; None for what cannot be one."""
    with suppress(ValueError):
        return uuid.UUID(text)
    return None


def no_session(session_id: str) -> NotFound:
    """What callers see of a session that never was, has ended or is erased."""
    return NotFound(f"there is no session {session_id}")


def _read(copy: bytes | None) -> State | None:
    """A copy, unless another release wrote it in a way that this one cannot read."""
    if copy is None:
        return None
    with suppress(ValidationError):
        return State.model_validate_json(copy)
    return None


async def _write_rest(driver: asyncpg.Connection, change: Change) -> None:
    state, shown = change.state, change.shown
    session, person = uuid.UUID(state.session.session_id), parse_id(state.session.recipient.id or "")
    if shown:
        await driver.execute(
            DRAFTS,
            session,
            person,
            [uuid.UUID(one.id) for one in shown],
            [one.topic_id for one in shown],
            [one.track_title for one in shown],
            [one.draft.title for one in shown],
            [one.draft.description for one in shown],
            [one.draft.reasoning for one in shown],
            [one.draft.primary_gap for one in shown],
            [json.dumps(one.draft.search_queries, ensure_ascii=False) for one in shown],
            [one.draft.model_name for one in shown],
        )
    for hypothesis, reaction in change.reactions:
        await driver.execute(REACT, uuid.UUID(hypothesis), reaction)
    if change.step is not None:
        step = change.step
        metadata = json.dumps(step.metadata, ensure_ascii=False)
        await driver.execute(
            RECORD, person, session, step.action_type, step.target_type, step.target_id, step.value, metadata
        )
