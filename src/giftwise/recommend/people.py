"""Who a user is, for the ladder: Redis, else what was PUT and what the host's own row says, merged."""

import msgspec

from giftwise.cache.profiles import ProfileCache
from giftwise.db.main import MainDatabase
from giftwise.db.own import OwnDatabase
from giftwise.errors import MainDatabaseUnavailable, MappingError, OwnDatabaseUnavailable
from giftwise.people.stated import merged, stated_demographics
from giftwise.people.users import Demographics, read_demographics

_decoder: msgspec.msgpack.Decoder[Demographics | None] = msgspec.msgpack.Decoder(Demographics | None)


class People:
    """Demographics of users, from wherever they are known."""

    def __init__(self, main: MainDatabase, own: OwnDatabase, cache: ProfileCache, state_ttl: int) -> None:
        self.main = main
        self.own = own
        self.cache = cache
        self.state_ttl = state_ttl

    async def demographics(self, user: str, cached: bytes | None = None) -> Demographics | None:
        """The user's demographics; None where nobody knows the user. `cached` is what Redis gave already.

        A database that cannot be reached is left out: the answer is then what the other one knows, and is not kept.
        """
        if cached:
            return _decoder.decode(cached)
        known, complete = await self._read(user)
        if complete:
            await self.cache.keep_demographics(user, msgspec.msgpack.encode(known))
        return known

    async def remember(self, user: str) -> Demographics | None:
        """Read a user anew after a change and keep the result where every process finds it, for `state_ttl`."""
        known, _ = await self._read(user)
        await self.cache.state_demographics(user, msgspec.msgpack.encode(known), self.state_ttl)
        return known

    async def _read(self, user: str) -> tuple[Demographics | None, bool]:
        """What both databases say, and whether both were reached."""
        complete = True
        stated = host = None
        try:
            async with self.own.read() as connection:
                stated = await stated_demographics(connection, user)
        except OwnDatabaseUnavailable:
            complete = False
        try:
            host = await read_demographics(self.main, user)
        except (MainDatabaseUnavailable, MappingError):
            complete = False
        return merged(stated, host), complete
