"""Dialogues as Redis keeps them in front of the database: bytes in, the same bytes out while they last."""

from collections.abc import AsyncIterator, Sequence
from typing import Final

from giftwise.cache import keys
from giftwise.cache.redis import CacheStore

KEPT_SECONDS: Final = 30 * 86_400  # as long as the rows behind them
SCAN: Final = 500  # keys that Redis looks at in one go


class SessionCache:
    """Copies of dialogues. Whoever reads one compares its version with the row's, so a copy may be late or lost."""

    def __init__(self, store: CacheStore) -> None:
        self.store = store

    async def find(self, session_id: str) -> bytes | None:
        """A copy, of whatever version."""
        found = await self.store.ask(lambda client: client.get(keys.session(session_id)))
        return found if isinstance(found, bytes) else None

    async def keep(self, session_id: str, value: bytes) -> None:
        """Keep a copy in place of the one before."""
        await self.store.ask(lambda client: client.set(keys.session(session_id), value, ex=KEPT_SECONDS))

    async def forget(self, session_ids: Sequence[str]) -> bool:
        """Drop copies; False where Redis is away: then the clean-up job finds and drops them."""
        names = [keys.session(one) for one in session_ids]
        return not names or await self.store.ask(lambda client: client.delete(*names)) is not None

    async def kept(self) -> AsyncIterator[list[str]]:
        """The ids of all sessions that have a copy, some at a time; fewer where Redis goes away."""
        cursor = 0
        while (found := await self._scan(cursor)) is not None:
            cursor, names = found
            yield [name.removeprefix(keys.session("")) for name in names]
            if cursor == 0:
                return

    async def _scan(self, cursor: int) -> tuple[int, list[str]] | None:
        found = await self.store.ask(lambda client: client.scan(cursor, keys.session("*"), SCAN))
        if found is None:
            return None
        after, names = found
        return after, [name.decode() if isinstance(name, bytes) else name for name in names]
