"""What hosts may do with recipients: ids and facts in; recipients, their history, or what was erased, out."""

import uuid
from collections.abc import Mapping
from typing import Any, TypeVar

from giftwise.db.own import OwnDatabase
from giftwise.dialogue.store import SessionStore, parse_id
from giftwise.errors import NotFound
from giftwise.people import recipients
from giftwise.people.recipients import Deed, Erased, Recipient, Said

Known = TypeVar("Known")


class RecipientDesk:
    """Reads and writes recipients, one transaction each. Unknown ids are NotFound."""

    def __init__(self, own: OwnDatabase, store: SessionStore) -> None:
        self._own = own
        self._store = store

    async def create(self, user_id: str, facts: Mapping[str, Any]) -> Recipient:
        """A new recipient of a user."""
        async with self._own.begin() as connection:
            return await recipients.create_recipient(connection, user_id, facts)

    async def read(self, recipient_id: str) -> Recipient:
        """One recipient."""
        async with self._own.read() as connection:
            return _found(await recipients.read_recipient(connection, _id(recipient_id)), recipient_id)

    async def update(self, recipient_id: str, facts: Mapping[str, Any]) -> Recipient:
        """Say more: what is named replaces what was known (None clears), the rest stays."""
        async with self._own.begin() as connection:
            return _found(await recipients.merge_facts(connection, _id(recipient_id), facts), recipient_id)

    async def of_user(
        self, user_id: str, search: str | None, *, limit: int, offset: int
    ) -> tuple[list[Recipient], int]:
        """A user's recipients, last changed first, and how many there are; nobody has none."""
        async with self._own.read() as connection:
            return await recipients.list_recipients(connection, user_id, search, limit=limit, offset=offset)

    async def history(self, recipient_id: str, limit: int) -> list[Deed]:
        """Everything that was done for a recipient, newest first."""
        known = _id(recipient_id)
        async with self._own.read() as connection:
            _found(await recipients.read_recipient(connection, known), recipient_id)
            return await recipients.read_deeds(connection, known, limit)

    async def said(self, recipient_id: str, limit: int) -> list[Said]:
        """What was said of a recipient, each time, newest first."""
        known = _id(recipient_id)
        async with self._own.read() as connection:
            _found(await recipients.read_recipient(connection, known), recipient_id)
            return await recipients.read_said(connection, known, limit)

    async def erase(self, recipient_id: str) -> tuple[Erased, bool]:
        """Erase a recipient with all that was derived; what went, and whether the copies in Redis went as well.

        Where Redis is away its copies are served to nobody any more, and the clean-up job drops them.
        """
        async with self._own.begin() as connection:
            erased = _found(await recipients.erase_recipients(connection, [_id(recipient_id)]), recipient_id)
        return erased, await self._store.forget(erased.sessions)


def _id(text: str) -> uuid.UUID:
    known = parse_id(text)
    if known is None:
        raise NotFound(f"there is no recipient {text}")
    return known


def _found(value: Known | None, recipient_id: str) -> Known:
    if value is None:
        raise NotFound(f"there is no recipient {recipient_id}")
    return value
