"""What a host calls: two clients with the same calls, for ordinary code and for coroutines. Neither raises."""

import logging
from collections.abc import Collection, Sequence
from typing import Final, TypeVar

from django_giftwise import surface
from django_giftwise.answers import Id, Interaction, Location, Recommendations
from django_giftwise.conf import raises_errors
from django_giftwise.errors import GiftwiseError, Unavailable
from django_giftwise.surface import Call
from django_giftwise.transport import get_engine

Answer = TypeVar("Answer")

log: Final = logging.getLogger("django_giftwise")


class Giftwise:
    """The engine for ordinary code. Costs nothing to make: connections and the breaker are the process's.

    Where the engine cannot be asked or refuses, answers are empty (False for writes), within GIFTWISE["TIMEOUT"]
    seconds, and the log says why; with DEBUG, or GIFTWISE["RAISE_ERRORS"], the error is raised instead.
    """

    def recommend(
        self,
        user_id: Id,
        max_results: int = 10,
        *,
        location: Location | None = None,
        categories: Collection[str] = (),
        exclude_ids: Collection[Id] = (),
        use_cache: bool = True,
    ) -> Recommendations:
        """Businesses for a user, best first, 1 to 50; near a location, of some categories, without some ids."""
        return _ask(
            surface.recommend(
                user_id,
                max_results,
                location=location,
                categories=categories,
                exclude_ids=exclude_ids,
                use_cache=use_cache,
            )
        )

    def interactions(self, user_id: Id, limit: int = 20) -> tuple[Interaction, ...]:
        """A user's newest interactions as the engine has them, newest first, 1 to 100."""
        return _ask(surface.interactions(user_id, limit))

    def record(self, user_id: Id, business_id: Id, interaction_type: str, weight: float = 1.0) -> bool:
        """Record a view, like, save, purchase or share now, where no model of yours stands for it."""
        return _ask(surface.record(_deed(user_id, business_id, interaction_type, weight)))

    def sync_user(
        self,
        user_id: Id,
        *,
        username: str | None = None,
        email: str | None = None,
        interests: Sequence[str] = (),
        location: Location | None = None,
    ) -> bool:
        """Tell the engine of one user now; registered models are synced without this."""
        return _ask(surface.sync("user", _user(user_id, username, email, interests, location)))

    def delete_user(self, user_id: Id) -> bool:
        """Forget a user and what they did; False where the engine knew none."""
        return _ask(surface.delete("user", user_id))

    def delete_business(self, business_id: Id) -> bool:
        """Forget a business; False where the engine knew none."""
        return _ask(surface.delete("business", business_id))

    def clear_cache(self, user_id: Id) -> bool:
        """Forget that user's cached list. Never needed for freshness."""
        return _ask(surface.clear_cache(user_id))


class AsyncGiftwise:
    """The same for coroutines, on any event loop; see Giftwise."""

    async def recommend(
        self,
        user_id: Id,
        max_results: int = 10,
        *,
        location: Location | None = None,
        categories: Collection[str] = (),
        exclude_ids: Collection[Id] = (),
        use_cache: bool = True,
    ) -> Recommendations:
        """As Giftwise.recommend."""
        return await _ask_async(
            surface.recommend(
                user_id,
                max_results,
                location=location,
                categories=categories,
                exclude_ids=exclude_ids,
                use_cache=use_cache,
            )
        )

    async def interactions(self, user_id: Id, limit: int = 20) -> tuple[Interaction, ...]:
        """As Giftwise.interactions."""
        return await _ask_async(surface.interactions(user_id, limit))

    async def record(self, user_id: Id, business_id: Id, interaction_type: str, weight: float = 1.0) -> bool:
        """As Giftwise.record."""
        return await _ask_async(surface.record(_deed(user_id, business_id, interaction_type, weight)))

    async def sync_user(
        self,
        user_id: Id,
        *,
        username: str | None = None,
        email: str | None = None,
        interests: Sequence[str] = (),
        location: Location | None = None,
    ) -> bool:
        """As Giftwise.sync_user."""
        return await _ask_async(surface.sync("user", _user(user_id, username, email, interests, location)))

    async def delete_user(self, user_id: Id) -> bool:
        """As Giftwise.delete_user."""
        return await _ask_async(surface.delete("user", user_id))

    async def delete_business(self, business_id: Id) -> bool:
        """As Giftwise.delete_business."""
        return await _ask_async(surface.delete("business", business_id))

    async def clear_cache(self, user_id: Id) -> bool:
        """As Giftwise.clear_cache."""
        return await _ask_async(surface.clear_cache(user_id))


def _ask(call: Call[Answer]) -> Answer:
    try:
        engine = get_engine()
        return engine.ask(call) if engine.config.enabled else call.empty
    except Exception as error:
        return _instead(call, error)


async def _ask_async(call: Call[Answer]) -> Answer:
    try:
        engine = get_engine()
        return await engine.ask_async(call) if engine.config.enabled else call.empty
    except Exception as error:
        return _instead(call, error)


def _instead(call: Call[Answer], error: Exception) -> Answer:
    """What the host gets in place of an error: a page is worth more than its recommendations."""
    if raises_errors():
        raise error
    if isinstance(error, Unavailable):
        log.debug("giftwise: %s", error)  # the breaker has said it once, loudly
    else:  # a mistake in the call, the settings or the password: it will not heal by itself
        log.error("giftwise could not be asked: %s", error, exc_info=not isinstance(error, GiftwiseError))
    return call.empty


def _deed(user_id: Id, business_id: Id, interaction_type: str, weight: float) -> dict[str, object]:
    return {
        "user_id": surface.plain_id(user_id),
        "business_id": surface.plain_id(business_id),
        "interaction_type": interaction_type,
        "weight": weight,
    }


def _user(
    user_id: Id, username: str | None, email: str | None, interests: Sequence[str], location: Location | None
) -> dict[str, object]:
    return {
        "id": surface.plain_id(user_id),
        "username": username,
        "email": email,
        "interests": list(interests),
        "location": surface.location_body(location),
    }
