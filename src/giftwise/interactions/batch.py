"""Messages in their order in, the least that must be written so that all of them hold out."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from giftwise.catalog.pushed import BusinessMessage, DeleteBusiness
from giftwise.interactions.messages import Message
from giftwise.interactions.pushed import InteractionMessage
from giftwise.people.pushed import DeleteUser, UserMessage


@dataclass(slots=True)
class Batch:
    """What is left of messages when what later ones undo is taken away: first delete, then write, each key once.

    `undone` are the places of deletions whose target stood in this batch before them: they had something to delete,
    whatever the tables hold. The other deletions' places are in `deletions`, by their target.
    """

    users: dict[str, UserMessage] = field(default_factory=dict)
    businesses: dict[str, BusinessMessage] = field(default_factory=dict)
    interactions: dict[tuple[str, str, str], InteractionMessage] = field(default_factory=dict)
    deleted_users: dict[str, list[int]] = field(default_factory=dict)
    deleted_businesses: dict[str, list[int]] = field(default_factory=dict)
    undone: set[int] = field(default_factory=set)

    def add(self, place: int, message: Message) -> None:
        """One message more; `place` is its own in the caller's list."""
        match message:
            case InteractionMessage():
                self._interaction(message)
            case UserMessage():
                self.users[message.id] = message
            case BusinessMessage():
                self.businesses[message.id] = message
            case DeleteUser():
                known = self.users.pop(message.id, None) is not None
                self._delete(place, message.id, 0, self.deleted_users, known=known)
            case DeleteBusiness():
                known = self.businesses.pop(message.id, None) is not None
                self._delete(place, message.id, 1, self.deleted_businesses, known=known)

    def _interaction(self, message: InteractionMessage) -> None:
        """The newest counts, and among equals the last; without a time it is of now."""
        before = self.interactions.get(message.key)
        if before is not None:
            if message.at is not None and (before.at is None or before.at > message.at):
                return
            del self.interactions[message.key]  # so that it stands where the last one stood
        self.interactions[message.key] = message

    def _delete(self, place: int, target: str, part: int, deleted: dict[str, list[int]], *, known: bool) -> None:
        keys = [key for key in self.interactions if key[part] == target]
        for key in keys:
            del self.interactions[key]
        if known or keys:
            self.undone.add(place)
        deleted.setdefault(target, []).append(place)


def fold(messages: Iterable[tuple[int, Message]]) -> Batch:
    """A batch of messages with their places."""
    batch = Batch()
    for place, message in messages:
        batch.add(place, message)
    return batch
