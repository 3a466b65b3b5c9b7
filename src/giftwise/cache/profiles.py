"""Small facts of one user kept in Redis: the profile as answered, and the demographics."""

from collections.abc import Iterable

from giftwise.cache import keys
from giftwise.cache.redis import CacheStore


class ProfileCache:
    """Profiles and demographics as bytes; what they mean is for the rooms that make them."""

    def __init__(self, store: CacheStore) -> None:
        self.store = store

    async def profile(self, user: str) -> bytes | None:
        """The profile as last answered."""
        found = await self.store.ask(lambda client: client.get(keys.profile(user)))
        return found if isinstance(found, bytes) else None

    async def keep_profile(self, user: str, value: bytes, ttl: int) -> None:
        """Keep a profile for `ttl` seconds."""
        if ttl > 0:
            await self.store.ask(lambda client: client.set(keys.profile(user), value, ex=ttl))

    async def keep_demographics(self, user: str, value: bytes) -> None:
        """Keep what was read, unless something newer was stated meanwhile."""
        await self.store.ask(
            lambda client: client.set(keys.demographics(user), value, ex=keys.DEMOGRAPHICS_TTL, nx=True)
        )

    async def state_demographics(self, user: str, value: bytes, ttl: int) -> None:
        """What a host just said of a user: it replaces what is kept."""
        await self.store.ask(lambda client: client.set(keys.demographics(user), value, ex=max(ttl, 1)))

    async def forget(self, users: Iterable[str]) -> None:
        """Forget profiles and demographics of these users."""
        names = [name for user in users for name in (keys.profile(user), keys.demographics(user))]
        if names:
            await self.store.ask(lambda client: client.delete(*names))
