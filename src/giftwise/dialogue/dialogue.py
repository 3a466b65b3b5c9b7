"""The guided host's use cases: a quiz in, a session out; a step of the giver in, the changed session out."""

import asyncio
import hashlib
import random
import uuid
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any, Final, Literal, get_args
from weakref import WeakValueDictionary

from giftwise.db.own import OwnDatabase
from giftwise.dialogue.actions import DEEP, Action, Actions
from giftwise.dialogue.quiz import Quiz, Relationship
from giftwise.dialogue.session import Gift, Session, SessionRecipient, Shelf
from giftwise.dialogue.state import State
from giftwise.dialogue.store import Change, SessionStore, parse_id
from giftwise.dialogue.tracks import Tracks
from giftwise.errors import NotFound, SessionBusy
from giftwise.log import logger
from giftwise.people.recipients import (
    Picture,
    Recipient,
    create_recipient,
    merge_facts,
    read_picture,
    read_recipient,
)

TRIES: Final = 12  # of one change, where other processes change the same session at the same moment
PAUSE_SECONDS: Final = 0.02
TASTE_ROWS: Final = 200  # newest reactions to products that make a recipient's picture

ReactionWord = Literal["like", "dislike", "shortlist"]

# The quiz's words for what recipients' rows call otherwise.
NAMES: Final = {
    "recipient_age": "age",
    "recipient_gender": "gender",
    "recipient_name": "name",
    "recipient_birth_date": "birth_date",
    "relationship": "relation",
}

log = logger(__name__)


class Dialogue:
    """Guides givers from a quiz to gifts."""

    def __init__(self, own: OwnDatabase, store: SessionStore, tracks: Tracks, shelf: Shelf) -> None:
        self._own = own
        self._store = store
        self._tracks = tracks
        self._actions = Actions(tracks, shelf)
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def init(self, quiz: Quiz, user_id: str | None, recipient_id: str | None = None) -> Session:
        """A new session. Of a user, its recipient is created, or, where named, told what is new. NotFound."""
        known, picture = await self._known(user_id, recipient_id)
        session_id = uuid.uuid4()
        state = _begin(session_id, quiz, user_id, known, picture)
        shown = await self._tracks.find(state, state.quiz.interests, state.quiz.interests_description)
        facts = facts_of(quiz)
        async with self._own.begin() as connection:
            if known is not None:
                if await merge_facts(connection, known.id, facts, session_id=session_id) is None:
                    raise _no_recipient(str(known.id))
            elif user_id is not None:
                person = await create_recipient(connection, user_id, facts, session_id=session_id)
                state.session.recipient.id = str(person.id)
            await self._store.create(connection, Change(state, shown=shown))
        await self._store.publish(state)
        return state.session

    async def session(self, session_id: str) -> Session:
        """A session as it is now. NotFound."""
        return (await self._store.load(session_id)).session

    async def interact(self, session_id: str, action: Action) -> Session:
        """The session after a step of the giver, which is recorded. NotFound, InvalidRequest, SessionBusy."""
        return (await self._change(session_id, lambda state: self._actions.apply(state, action))).session

    async def products(self, hypothesis_id: str) -> list[Gift]:
        """About 15 products of an idea, within the session's budget unless they say otherwise. NotFound."""
        state = await self._store.load(await self._store.session_of(hypothesis_id))
        found = state.idea(hypothesis_id)
        if found is None:
            raise NotFound(f"there is no hypothesis {hypothesis_id}")
        topic_id, idea = found
        return await self._tracks.deep(state, topic_id, idea, DEEP)

    async def react(self, hypothesis_id: str, reaction: ReactionWord) -> None:
        """Note what the giver thinks of an idea, as the action of that name does. NotFound, SessionBusy."""
        session_id = await self._store.session_of(hypothesis_id)
        await self.interact(session_id, Action(f"{reaction}_hypothesis", hypothesis_id))

    async def _change(self, session_id: str, make: Callable[[State], Coroutine[Any, Any, Change]]) -> State:
        """Change a session; anew where it was changed meanwhile. Steps of this process wait for one another here."""
        turn = self._turns.setdefault(session_id.lower(), asyncio.Lock())
        async with turn:
            for attempt in range(TRIES):
                change = await make(await self._store.load(session_id))
                if await self._store.save(change):
                    return change.state
                log.debug("session_changed_meanwhile", attempt=attempt)
                await asyncio.sleep(random.uniform(0, PAUSE_SECONDS * (attempt + 1)))
        raise SessionBusy("the session was changed by others at the same moment, time and again; nothing was recorded")

    async def _known(self, user_id: str | None, recipient_id: str | None) -> tuple[Recipient | None, Picture]:
        if recipient_id is None:
            return None, Picture()
        person = parse_id(recipient_id)
        if person is None:
            raise _no_recipient(recipient_id)
        async with self._own.read() as connection:
            known = await read_recipient(connection, person)
            if known is None or user_id not in (None, known.user_id):
                raise _no_recipient(recipient_id)
            return known, await read_picture(connection, person, TASTE_ROWS)


def facts_of(quiz: Quiz) -> dict[str, Any]:
    """What a quiz says of a recipient, by the names of recipients' rows; what it leaves out is left out."""
    said = quiz.model_dump(exclude_unset=True)
    facts = {NAMES.get(name, name): value for name, value in said.items() if value is not None}
    if not facts.get("interests", True):
        del facts["interests"]  # an empty list says nothing
    return facts


def _begin(session_id: uuid.UUID, quiz: Quiz, user_id: str | None, known: Recipient | None, picture: Picture) -> State:
    """The state before anything is shown. The same quiz has the same seed."""
    if known is not None:
        quiz, user_id = _completed(quiz, known), known.user_id
    digest = hashlib.blake2b(quiz.model_dump_json().encode(), digest_size=6).digest()
    recipient = SessionRecipient(id=str(known.id) if known else None, name=quiz.recipient_name)
    return State(
        user_id=user_id,
        seed=int.from_bytes(digest),
        quiz=quiz,
        session=Session(
            session_id=str(session_id), recipient=recipient, language=quiz.language, created_at=datetime.now(UTC)
        ),
        liked=list(picture.liked),
        disliked=list(picture.disliked),
        owned=list(picture.owned),
    )


def _completed(quiz: Quiz, known: Recipient) -> Quiz:
    """The quiz with what is known of the recipient already where it is silent."""
    before: dict[str, Any] = {
        "recipient_gender": known.gender,
        "recipient_name": known.name,
        "recipient_birth_date": known.birth_date,
        "relationship": known.relation if known.relation in get_args(Relationship) else None,
        "interests": known.interests or None,
    }
    said = quiz.model_fields_set
    return quiz.model_copy(
        update={name: value for name, value in before.items() if value is not None and name not in said}
    )


def _no_recipient(recipient_id: str) -> NotFound:
    return NotFound(f"there is no recipient {recipient_id}")
