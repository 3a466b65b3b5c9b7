"""A stand-in for the engine in a host's tests: no process, no network, the same client code above it."""

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

import httpx

from django_giftwise import transport
from django_giftwise.answers import Id
from django_giftwise.changes import Change, tell
from django_giftwise.conf import Config
from django_giftwise.delivery import divert
from django_giftwise.errors import Unavailable
from django_giftwise.transport import Engine

_KINDS = {"user": "user", "users": "user", "business": "business", "businesses": "business"}
_BULK = ("/sync/users", "/sync/businesses", "/interactions")


class FakeEngine:
    """What the host told, by id as text, and what it will be answered.

    `recommends` sets a user's list; without it, every business is recommended in the order in which they were told.
    While `down` is True every connection is refused.
    """

    def __init__(self) -> None:
        self.users: dict[str, dict[str, Any]] = {}
        self.businesses: dict[str, dict[str, Any]] = {}
        self.interactions: dict[tuple[str, str, str], dict[str, Any]] = {}
        self.calls: list[tuple[str, str]] = []  # method and path, in order
        self.down = False
        self._lists: dict[str, list[Id]] = {}

    def recommends(self, user_id: Id, business_ids: Sequence[Id]) -> None:
        """Answer this list, best first, when this user's recommendations are asked for."""
        self._lists[str(user_id)] = list(business_ids)

    def answer(self, request: httpx.Request) -> httpx.Response:
        """The engine's answer to a call of the push surface."""
        path = unquote(request.url.path)
        if self.down:
            raise httpx.ConnectError("the fake engine is down", request=request)
        self.calls.append((request.method, path))
        body = json.loads(request.content) if request.content else None
        _, *parts = path.split("/", 3)
        answer = httpx.Response(404, json={"detail": f"{request.method} {path} is no call of giftwise"})
        match request.method, parts:
            case "GET", ["health", "live"]:
                answer = httpx.Response(200, json={"status": "alive"})
            case "POST", ["sync", kind] if kind in _KINDS:
                answer = self._take(path, _KINDS[kind], body)
            case "POST", ["interaction" | "interactions"]:
                answer = self._take(path, "interaction", body)
            case "POST", ["cache", "clear", user]:
                answer = httpx.Response(200, json={"status": "cleared", "message": f"user {user}"})
            case "DELETE", ["sync", kind, identifier]:
                answer = self._delete(kind, identifier)
            case "GET", ["recommend", user]:
                answer = self._recommend(user, request.url.params)
            case "GET", ["user", user, "interactions"]:
                answer = self._history(user, request.url.params)
        return answer

    def _take(self, path: str, kind: str, body: Any) -> httpx.Response:
        for one in body if path in _BULK else [body]:
            if kind == "interaction":
                key = (str(one["user_id"]), str(one["business_id"]), str(one["interaction_type"]))
                self.interactions[key] = {"timestamp": datetime.now(UTC).isoformat(), **one}
            else:
                (self.users if kind == "user" else self.businesses)[str(one["id"])] = one
        if path in _BULK:
            return httpx.Response(200, json=[{"index": index, "status": "synced"} for index in range(len(body))])
        return httpx.Response(200, json={"status": "synced"})

    def _delete(self, kind: str, identifier: str) -> httpx.Response:
        place = 0 if kind == "user" else 1
        found = (self.users if kind == "user" else self.businesses).pop(identifier, None)
        self.interactions = {key: one for key, one in self.interactions.items() if key[place] != identifier}
        return httpx.Response(404 if found is None else 200, json={"status": "deleted", "detail": "there is none"})

    def _recommend(self, user: str, params: Mapping[str, str]) -> httpx.Response:
        if user not in self.users and user not in self._lists:
            return httpx.Response(404, json={"detail": f"there is no user {user}"})
        context = json.loads(params.get("context", "{}"))
        excluded = {str(one) for one in context.get("exclude_ids", ())}
        wanted = set(context.get("categories", ()))
        listed = [
            self.businesses.get(str(one), {"id": one, "name": f"business {one}"})
            for one in self._lists.get(user, list(self.businesses))
            if str(one) not in excluded
        ]
        chosen = [one for one in listed if not wanted or wanted & set(one.get("categories", ()))]
        found = [
            {
                "business_id": one["id"],
                "name": one["name"],
                "categories": one.get("categories", []),
                "score": 1.0 / (place + 1),
                "type": "popular",
                "location": one.get("location"),
            }
            for place, one in enumerate(chosen[: int(params.get("max_results", 10))])
        ]
        answer = {"source": "database", "user_id": user, "recommendations": found, "count": len(found)}
        return httpx.Response(200, json=answer)

    def _history(self, user: str, params: Mapping[str, str]) -> httpx.Response:
        mine = [one for key, one in self.interactions.items() if key[0] == user]
        newest = sorted(mine, key=lambda one: str(one["timestamp"]), reverse=True)[: int(params.get("limit", 20))]
        found = [
            {
                "business_id": one["business_id"],
                "type": one["interaction_type"],
                "timestamp": one["timestamp"],
                "weight": one.get("weight", 1.0),
            }
            for one in newest
        ]
        return httpx.Response(200, json={"user_id": user, "interactions_count": len(found), "interactions": found})


@contextmanager
def fake_engine() -> Iterator[FakeEngine]:
    """Put a fake in the engine's place for the block. Saved objects are told at their commit, not in the background.

    In a TestCase commits happen only inside `self.captureOnCommitCallbacks(execute=True)`.
    """
    fake = FakeEngine()
    config = Config(url="http://giftwise.test", breaker_seconds=0.05, retries=0)
    engine = Engine(config, httpx.MockTransport(fake.answer))

    def at_once(change: Change) -> None:
        # What is Unavailable would wait in the background, or be left to giftwise_sync.
        with engine.bulk_client() as client, contextlib.suppress(Unavailable):
            tell(engine, client, [change])

    before = transport.set_engine(engine)
    end = divert(at_once)
    try:
        yield fake
    finally:
        end()
        transport.set_engine(before)
        engine.close()
