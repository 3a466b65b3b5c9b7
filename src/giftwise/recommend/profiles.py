"""One user's profile on request: read from what is kept, computed live where nothing is, refreshed when a host asks."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import numpy as np

from giftwise.algorithms.profiles import facts_of_model, user_profiles
from giftwise.cache.profiles import ProfileCache
from giftwise.catalog.model import Model
from giftwise.db.own import OwnDatabase
from giftwise.errors import GiftwiseError, MainDatabaseUnavailable, ModelNotReady, OwnDatabaseUnavailable
from giftwise.ids import IdKind
from giftwise.interactions.history import History, read_history
from giftwise.interactions.matrix import Interactions
from giftwise.people.profiles import read_profile, write_profile
from giftwise.people.stated import state_demographics
from giftwise.people.users import Demographics
from giftwise.recommend.recommender import Recommender

ProfileValues = dict[str, Any]  # the contract's profile fields by name


class ProfileDesk:
    """Profiles and stated demographics of users of one catalog."""

    def __init__(self, recommender: Recommender, own: OwnDatabase, cache: ProfileCache, ttl: int) -> None:
        self.recommender = recommender
        self.own = own
        self.cache = cache
        self.ttl = ttl

    async def read(self, user: str) -> tuple[ProfileValues | None, Demographics | None]:
        """The user's profile and demographics, each None where nobody knows any."""
        return await self._profile(user), await self.recommender.people.demographics(user)

    async def state(self, user: str, stated: dict[str, object]) -> tuple[Demographics | None, datetime]:
        """Store what a host says of a user; it counts from the user's next request on.

        Raises OwnDatabaseUnavailable, and then nothing was stored or changed.
        """
        people = self.recommender.people
        async with self.own.begin() as connection:
            await state_demographics(connection, user, stated)
        known = await people.remember(user)
        await self.recommender.answers.forget_users(self.recommender.catalog, [user])
        return known, datetime.now(UTC) + timedelta(seconds=self.ttl)

    async def refresh(self, user: str) -> ProfileValues | None:
        """Compute the profile from the user's history now, store it and drop the user's lists.

        Raises MainDatabaseUnavailable or OwnDatabaseUnavailable where it cannot be read or stored; the lists are
        dropped in any case, since the host says that something changed.
        """
        await self.recommender.answers.forget_users(self.recommender.catalog, [user])
        await self.cache.forget([user])
        profile = await self._compute(user)
        if profile is not None:
            async with self.own.begin() as connection:
                await write_profile(connection, user, profile)
        return profile

    async def shown_id(self, user: str) -> int | str:
        """A user's id in the kind in which the host has it."""
        try:
            kind = self.recommender.watcher.current().model.facts["user_id_kind"]
        except ModelNotReady:
            return user
        known = IdKind(kind).parse(user)
        return known if isinstance(known, int) else user

    async def _profile(self, user: str) -> ProfileValues | None:
        kept = await self.cache.profile(user)
        if kept:
            values: ProfileValues = msgspec.msgpack.decode(kept)
            return values
        found: ProfileValues | None = None
        try:
            async with self.own.read() as connection:
                found = await read_profile(connection, user)
        except OwnDatabaseUnavailable:
            pass
        if found is None:
            try:
                found = await self._compute(user)
            except (MainDatabaseUnavailable, GiftwiseError):
                return None
        if found is not None:
            await self.cache.keep_profile(user, msgspec.msgpack.encode(found), self.ttl)
        return found

    async def _compute(self, user: str) -> ProfileValues | None:
        """From the user's history now; None for a user without any."""
        model = self.recommender.watcher.current().model
        history = await read_history(self.recommender.main, model, user)
        if not history.count:
            return None
        profile = user_profiles(_interactions(model, history), facts_of_model(model)).of(0)
        values = asdict(profile)
        last = profile.last_interaction_at
        return values | {"last_interaction_at": datetime.fromtimestamp(last, UTC) if last is not None else None}


def _interactions(model: Model, history: History) -> Interactions:
    return Interactions(
        user=np.zeros(history.count, np.int32),
        item=history.places,
        kind=history.kinds,
        at=history.at,
        user_ids=np.zeros(1, np.int64),
        items=len(model),
    )
