"""What a host that knows the contract's table alone may count on, against two API processes and one worker."""

import asyncio
import json
import os
import random
import sys
import time
import uuid
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conftest import MakeDatabase
from tests.support.ports import free_port
from tests.support.site import PASSWORD, USER

TRIALS = int(os.environ.get("TRIALS", "100"))  # of staleness; 1,000 take about a minute
KINDS = ("view", "like", "save", "purchase", "share")
CATEGORIES = ("coffee", "books", "sport", "music")
FRESH_SECONDS = 10.0


@dataclass(frozen=True)
class Market:
    """Both processes of an engine, as a host sees them."""

    clients: tuple[httpx.AsyncClient, ...]

    async def call(self, process: int, method: str, path: str, status: int = 200, **sent: Any) -> Any:
        """One call to one process; the status must be as expected."""
        answer = await self.clients[process].request(method, path, **sent)
        assert answer.status_code == status, (method, path, sent, answer.status_code, answer.text)
        return answer.json()

    async def recommend(self, process: int, user: object, status: int = 200, **query: Any) -> Any:
        """GET /recommend; a context that is no text is sent as its JSON."""
        if not isinstance(query.get("context", ""), str):
            query["context"] = json.dumps(query["context"])
        return await self.call(process, "GET", f"/recommend/{user}", status, params=query)

    async def ids(self, process: int, user: object, **query: Any) -> list[Any]:
        """The businesses of an answer."""
        return [place["business_id"] for place in (await self.recommend(process, user, **query))["recommendations"]]

    async def until_shown(self, user: object, business: object, category: str) -> None:
        """Wait until both processes recommend a business of a category; they must within the promised time."""
        started = time.monotonic()
        for process in (0, 1):
            while business not in await self.ids(process, user, max_results=50, context={"categories": [category]}):
                assert time.monotonic() - started < FRESH_SECONDS, f"process {process} does not show {business}"
                await asyncio.sleep(0.1)


@pytest.fixture(scope="module")
async def market(
    make_database: MakeDatabase, migrated_template: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Market]:
    """A push host's engine: two API processes and one worker, nothing told yet."""
    folder = tmp_path_factory.mktemp("market")
    environment = {name: value for name, value in os.environ.items() if not name.endswith("_URL")} | {
        "RECOMMENDATIONS_DATABASE_URL": await make_database("market", migrated_template),
        "RECOMMENDATIONS_REDIS_URL": redis_url.replace("db=0", "db=9"),
        "BASIC_AUTH_USERNAME": USER,
        "BASIC_AUTH_PASSWORD": PASSWORD,
        "DATA_DIR": str(folder / "data"),
        "EVENTS_STREAM": "",
    }
    ports = [free_port(), free_port()]
    processes = list[Process]()
    try:
        for command in (["worker"], *(["serve", "--port", str(port)] for port in ports)):
            processes.append(await _start(command, environment, folder))
        async with AsyncExitStack() as stack:
            clients = []
            for port in ports:
                client = httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", auth=(USER, PASSWORD), timeout=30)
                clients.append(await stack.enter_async_context(client))
                await _ready(client)
            yield Market(tuple(clients))
    finally:
        for process in processes:
            process.terminate()
        await asyncio.wait_for(asyncio.gather(*(process.wait() for process in processes)), 30)


async def _start(command: list[str], environment: dict[str, str], folder: Path) -> Process:
    with (folder / f"{'-'.join(command)}.log").open("wb") as log:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "giftwise", *command, env=environment, cwd=folder, stdout=log, stderr=log
        )


async def _ready(client: httpx.AsyncClient) -> None:
    async with asyncio.timeout(60):
        while True:
            try:
                if (await client.get("/health")).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.1)


@pytest.fixture(scope="module")
async def town(market: Market) -> Market:
    """Sixty businesses of four categories and a few users, told through both processes and shown by both."""
    for number in range(1, 61):
        body = {
            "id": number,
            "name": f"Business {number}",
            "description": "told by the contract",
            "categories": [CATEGORIES[number % 4]],
            "tags": ["wifi"],
            "location": {"lat": 55.0 + number / 100, "lon": 37.0},
            "popularity_score": number / 60,
            "rating": 4.0,
            "rating_count": number,
        }
        answer = await market.call(number % 2, "POST", "/sync/business", json=body)
        assert answer == {"status": "synced", "business_id": number}
    for number in (1, 11, 2, 3):
        body = {"id": number, "username": f"user{number}", "email": None, "interests": ["coffee"], "location": None}
        answer = await market.call(number % 2, "POST", "/sync/user", json=body)
        assert answer == {"status": "synced", "user_id": number}
    for number in (1, 60):
        await market.until_shown(1, number, CATEGORIES[number % 4])
    return market


def deed(user: object, business: object, kind: str = "view", weight: float | None = None) -> dict[str, Any]:
    """The body of an interaction."""
    body = {"user_id": user, "business_id": business, "interaction_type": kind}
    return body if weight is None else body | {"weight": weight}


async def test_an_answer_has_the_contracts_fields(town: Market) -> None:
    """Each place whole, scores falling, ten where no number is named, the same list from both processes."""
    for process in (0, 1):
        answer = await town.recommend(process, 2)
        assert answer["user_id"] == 2
        assert answer["source"] in ("cache", "database")
        places = answer["recommendations"]
        assert answer["count"] == len(places) == 10
        for place in places:
            assert {"business_id", "name", "categories", "score", "type", "location"} <= set(place)
            assert isinstance(place["business_id"], int)
            assert place["name"] == f"Business {place['business_id']}"
            assert place["categories"] == [CATEGORIES[place["business_id"] % 4]]
            assert set(place["location"]) == {"lat", "lon"}
        scores = [place["score"] for place in places]
        assert scores == sorted(scores, reverse=True)
    assert await town.ids(0, 2) == await town.ids(1, 2)


async def test_wrong_questions_get_their_statuses(town: Market) -> None:
    """Unknown type 422, unknown user 404, bad context 400, impossible numbers 422, no password 401: all problems."""
    bad: list[tuple[str, str, int, dict[str, Any]]] = [
        ("POST", "/interaction", 422, {"json": deed(1, 1, "dance")}),
        ("POST", "/interaction", 422, {"json": {"user_id": 1}}),
        ("POST", "/interaction", 400, {"content": b"{", "headers": {"content-type": "application/json"}}),
        ("GET", "/recommend/nobody", 404, {}),
        ("GET", "/recommend/1", 400, {"params": {"context": "{not json"}}),
        ("GET", "/recommend/1", 400, {"params": {"context": "[1]"}}),
        ("GET", "/recommend/1", 400, {"params": {"context": '{"location": {"lat": 200, "lon": 0}}'}}),
        ("GET", "/recommend/1", 422, {"params": {"max_results": 0}}),
        ("GET", "/recommend/1", 422, {"params": {"max_results": 51}}),
        ("GET", "/user/1/interactions", 422, {"params": {"limit": 101}}),
        ("DELETE", "/sync/user/nobody", 404, {}),
        ("DELETE", "/sync/business/nothing", 404, {}),
    ]
    for process in (0, 1):
        for method, path, status, sent in bad:
            answer = await town.clients[process].request(method, path, **sent)
            assert answer.status_code == status, (method, path, sent, answer.text)
            assert answer.headers["content-type"] == "application/problem+json"
            assert {"type", "title", "status", "detail", "code", "request_id"} <= set(answer.json())
        assert (await town.clients[process].get("/recommend/1", auth=None)).status_code == 401


async def test_an_answer_is_from_the_database_and_then_from_the_cache(town: Market) -> None:
    """In both processes; never when the caller wants no cache; a short cached list does not limit a longer request."""
    await town.call(0, "POST", "/cache/clear/3")
    assert (await town.recommend(0, 3, max_results=2))["source"] == "database"
    for process in (0, 1):
        short = await town.recommend(process, 3, max_results=2)
        assert (short["source"], short["count"]) == ("cache", 2)
    longer = await town.recommend(1, 3, max_results=50)
    assert longer["count"] == 50
    assert longer["recommendations"][:2] == short["recommendations"]
    assert (await town.recommend(1, 3, max_results=2, use_cache="false"))["source"] == "database"


async def test_clearing_user_1_leaves_user_11_cached(town: Market) -> None:
    """Through one process, seen in the other."""
    for user in (1, 11):
        for _ in range(2):
            answer = await town.recommend(0, user)
        assert answer["source"] == "cache"
    cleared = await town.call(0, "POST", "/cache/clear/1")
    assert set(cleared) >= {"status", "message"}
    assert (await town.recommend(1, 11))["source"] == "cache"
    assert (await town.recommend(1, 1))["source"] == "database"


async def test_a_context_narrows_the_list(town: Market) -> None:
    """Only these categories, none of these ids, and from here the near ones first."""
    books = await town.ids(0, 2, max_results=50, context={"categories": ["books"]})
    assert sorted(books) == [number for number in range(1, 61) if CATEGORIES[number % 4] == "books"]
    without = await town.ids(
        1, 2, max_results=50, context={"categories": ["books"], "exclude_ids": [books[0], str(books[1])]}
    )
    assert set(without) == set(books[2:])
    context = {"categories": ["books"], "location": {"lat": 55.01, "lon": 37.0}}
    near = await town.ids(0, 2, max_results=50, context=context)
    context["location"] = {"lat": 55.57, "lon": 37.0}
    far = await town.ids(0, 2, max_results=50, context=context)
    assert near.index(1) < far.index(1)
    assert await town.ids(1, 2) == await town.ids(0, 2, context={}), "an empty context is none"


async def test_repeats_set_and_history_is_newest_first(town: Market) -> None:
    """One row a (user, business, type), told through either process, read through the other."""
    await town.call(0, "POST", "/sync/user", json={"id": "h", "username": "h", "interests": []})
    told = [(5, "view"), (6, "like"), (5, "save"), (7, "purchase"), (5, "view")]
    for place, (business, kind) in enumerate(told):
        answer = await town.call(place % 2, "POST", "/interaction", json=deed("h", business, kind, 1.0 + place))
        assert answer == {"status": "recorded", "user_id": "h", "business_id": business, "interaction_type": kind}
    for process in (0, 1):
        found = await town.call(process, "GET", "/user/h/interactions", params={"limit": 100})
        rows = [(row["business_id"], row["type"], row["weight"]) for row in found["interactions"]]
        assert rows == [(5, "view", 5.0), (7, "purchase", 4.0), (5, "save", 3.0), (6, "like", 2.0)]
        assert (found["user_id"], found["interactions_count"]) == ("h", 4)
        assert len((await town.call(process, "GET", "/user/h/interactions?limit=1"))["interactions"]) == 1


async def test_what_is_not_synced_yet_is_kept(town: Market) -> None:
    """An interaction of a user and a business nobody told of: recorded, and there when both are synced."""
    await town.call(0, "POST", "/interaction", json=deed("early", "later", "like"))
    await town.recommend(1, "early", 404)
    await town.call(1, "POST", "/sync/user", json={"id": "early", "interests": ["coffee"]})
    assert (await town.recommend(0, "early"))["count"] == 10
    found = await town.call(1, "GET", "/user/early/interactions")
    assert [(row["business_id"], row["type"]) for row in found["interactions"]] == [("later", "like")]
    await town.call(1, "DELETE", "/sync/user/early")


async def test_a_sync_is_an_upsert_that_counts_at_once(town: Market) -> None:
    """Changed interests change the very next list in the other process; a changed name shows."""
    await town.call(0, "POST", "/sync/user", json={"id": 21, "interests": ["sport"]})
    first = await town.recommend(1, 21)
    assert {place["categories"][0] for place in first["recommendations"]} == {"sport"}
    await town.call(0, "POST", "/sync/user", json={"id": 21, "interests": ["music"]})
    second = await town.recommend(1, 21)
    assert second["source"] == "database"
    assert {place["categories"][0] for place in second["recommendations"]} == {"music"}


async def test_a_business_is_shown_within_seconds_and_gone_at_once(town: Market) -> None:
    """Synced through one process, shown by both; deleted through one, in no list of either, kept ones included."""
    await town.call(0, "POST", "/sync/user", json={"id": 22, "interests": ["archery"]})
    body = {"id": 1001, "name": "Bow and arrow", "categories": ["archery"], "tags": [], "rating": 5, "rating_count": 50}
    await town.call(0, "POST", "/sync/business", json=body)
    await town.until_shown(22, 1001, "archery")
    assert (await town.ids(1, 22))[0] == 1001
    await town.recommend(1, 22)
    assert await town.call(0, "DELETE", "/sync/business/1001") == {"status": "deleted", "business_id": 1001}
    for process in (1, 0):
        assert 1001 not in await town.ids(process, 22, max_results=50)
    await town.call(1, "DELETE", "/sync/business/1001", 404)
    await town.call(1, "POST", "/sync/business", json=body | {"name": "Bow, again"})
    await town.until_shown(22, 1001, "archery")
    await town.call(0, "DELETE", "/sync/business/1001")


async def test_a_deleted_user_is_unknown_everywhere(town: Market) -> None:
    """404 in both processes at once, and no past when the id comes back."""
    await town.call(0, "POST", "/sync/user", json={"id": 23, "interests": ["music"]})
    await town.call(0, "POST", "/interaction", json=deed(23, 7, "like"))
    for process in (0, 1):
        await town.recommend(process, 23)
    assert await town.call(1, "DELETE", "/sync/user/23") == {"status": "deleted", "user_id": 23}
    for process in (0, 1):
        await town.recommend(process, 23, 404)
        await town.call(process, "DELETE", "/sync/user/23", 404)
    await town.call(1, "POST", "/sync/user", json={"id": 23, "interests": ["music"]})
    assert (await town.call(0, "GET", "/user/23/interactions"))["interactions"] == []


async def test_uuid_and_text_ids_are_answered_as_they_are(town: Market) -> None:
    """A host whose users have UUIDs gets UUIDs."""
    user = str(uuid.uuid4())
    await town.call(0, "POST", "/sync/user", json={"id": user, "interests": ["books"]})
    assert (await town.recommend(1, user))["user_id"] == user
    assert (await town.call(1, "DELETE", f"/sync/user/{user}"))["user_id"] == user


async def test_bulk_is_answered_per_line_and_counts_at_once(town: Market) -> None:
    """JSONL and an array; the bad line has its error, the others show in the other process."""
    bodies: list[Any] = [{"id": 31, "interests": ["books"]}, {"interests": []}, {"id": 32, "interests": ["sport"]}]
    answers = await town.call(0, "POST", "/sync/users", json=bodies)
    assert [(line["index"], line["status"]) for line in answers] == [(0, "synced"), (1, "error"), (2, "synced")]
    assert (await town.recommend(1, 32))["recommendations"][0]["categories"] == ["sport"]
    content = "\n".join(json.dumps(deed(31, business, "like")) for business in range(1, 40))
    answer = await town.clients[0].post("/interactions", content=content)
    assert [json.loads(line)["status"] for line in answer.text.splitlines()] == ["recorded"] * 39
    assert not set(range(1, 40)) & set(await town.ids(1, 31, max_results=50)), "what is liked is not shown again"


async def test_no_answer_is_older_than_what_was_recorded(town: Market) -> None:
    """Random users tell one process and ask the other, many at once: never a list from before the interaction.

    The list of before is in the cache when the interaction is told, so a stale answer would come from there.
    """
    users, seed = range(100, 108), random.randrange(2**32)
    for user in users:
        await town.call(0, "POST", "/sync/user", json={"id": user, "interests": ["coffee"]})

    async def trials(user: int, count: int) -> list[str]:
        dice, stale = random.Random(seed + user), []
        for trial in range(count):
            told, asked = dice.choice(((0, 1), (1, 0)))
            business, kind, weight = dice.randrange(1, 61), dice.choice(KINDS), dice.random()
            await town.recommend(asked, user, max_results=50)
            await town.call(told, "POST", "/interaction", json=deed(user, business, kind, weight))
            after = await town.recommend(asked, user, max_results=50)
            newest = (await town.call(asked, "GET", f"/user/{user}/interactions?limit=1"))["interactions"][0]
            shown = business in [place["business_id"] for place in after["recommendations"]]
            wrong = [
                after["source"] != "database" and "a list from before",
                shown and kind in ("like", "purchase") and "what is settled is shown",
                (newest["business_id"], newest["type"], newest["weight"]) != (business, kind, weight) and "old history",
            ]
            stale += [f"seed {seed}, user {user}, trial {trial}: {kind} of {business}: {why}" for why in wrong if why]
        return stale

    shares = [TRIALS // len(users) + (place < TRIALS % len(users)) for place in range(len(users))]
    found = await asyncio.gather(*(trials(user, share) for user, share in zip(users, shares, strict=True)))
    assert [stale for part in found for stale in part] == []
