"""The push surface's promises: what hosts tell is checked, durable, idempotent, and heard by every process."""

import asyncio
import uuid
from typing import Any

import pytest
from pydantic import SecretStr

from giftwise.settings import Settings
from tests.api.test_surface import assert_problem
from tests.support.proxy import Proxy
from tests.support.site import Site, open_site


async def history(site: Site, user: object, **query: Any) -> Any:
    """A user's interactions."""
    answer = await site.client.get(f"/user/{user}/interactions", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def deed(user: object, business: object, kind: str = "view", **more: Any) -> dict[str, Any]:
    """The body of an interaction."""
    return {"user_id": user, "business_id": business, "interaction_type": kind, **more}


async def test_syncs_answer_as_the_contract_has_it(push: Site) -> None:
    """Status and id, as it was sent, number or string; extra fields are ignored; nulls are absent; it is an upsert."""
    body = {"id": 1, "username": "anna", "email": None, "interests": ["tea"], "location": None, "shoe_size": 38}
    assert await push.post("/sync/user", body) == {"status": "synced", "user_id": 1}
    assert await push.post("/sync/user", body | {"id": "1"}) == {"status": "synced", "user_id": "1"}
    shop = {
        "id": 10, "name": "Roastery", "description": "d\ne", "categories": ["tea", " tea ", ""], "tags": None,
        "location": {"lat": 55.7, "lon": 37.6}, "popularity_score": 0.5, "rating": "4.5", "rating_count": 7,
    }  # fmt: skip
    assert await push.post("/sync/business", shop) == {"status": "synced", "business_id": 10}
    assert await push.post("/sync/business", shop) == {"status": "synced", "business_id": 10}
    async with push.engine.own.read() as connection:
        rows = await connection.exec_driver_sql("SELECT id, categories, tags, rating FROM businesses")
        assert [tuple(row) for row in rows] == [("10", ["tea"], [], 4.5)]


async def test_an_id_is_one_whatever_its_spelling(push: Site) -> None:
    """1 and "1" are one user, and so are a UUID's upper and lower case; user 1 is not user 11, nor 01."""
    known = str(uuid.UUID(int=0xABCDEF << 100))
    for user in (1, "1", known, known.upper(), "a/b c"):
        await push.post("/interaction", deed(user, 10))
    for user, count in ((1, 1), (11, 0), ("01", 0), (known, 1), (known.upper(), 1), ("a%2Fb%20c", 1)):
        assert (await history(push, user))["interactions_count"] == count, user
    assert (await history(push, known.upper()))["user_id"] == known
    assert (await push.client.delete("/sync/user/a%2Fb%20c")).json() == {"status": "deleted", "user_id": "a/b c"}


async def test_an_interaction_is_recorded_and_a_repeat_sets_it(push: Site) -> None:
    """Of users and businesses never synced too; the history has one row a type, with the last weight, newest first."""
    answer = await push.post("/interaction", deed(1, 10, "like"))
    assert answer == {"status": "recorded", "user_id": 1, "business_id": 10, "interaction_type": "like"}
    for business, kind in ((11, "view"), (10, "save"), (10, "share"), (10, "purchase")):
        await push.post("/interaction", deed(1, business, kind))
    await push.post("/interaction", deed(1, 10, "like", weight=2.5))
    found = await history(push, 1)
    assert [(entry["business_id"], entry["type"], entry["weight"]) for entry in found["interactions"]] == [
        (10, "like", 2.5), (10, "purchase", 1.0), (10, "share", 1.0), (10, "save", 1.0), (11, "view", 1.0),
    ]  # fmt: skip
    times = [entry["timestamp"] for entry in found["interactions"]]
    assert times == sorted(times, reverse=True)
    assert (found["user_id"], found["interactions_count"], found["total_count"]) == (1, 5, 5)
    part = await history(push, 1, limit=2)
    assert part["interactions"] == found["interactions"][:2]
    assert (part["interactions_count"], part["total_count"]) == (2, 5)


async def test_what_happened_earlier_is_told_with_its_time(push: Site) -> None:
    """ISO 8601 or unix seconds; without a zone it is UTC."""
    for business, moment in ((1, "2025-06-01T15:00:00+03:00"), (2, "2025-06-01T12:00:01"), (3, 1748779202)):
        await push.post("/interaction", deed(1, business, timestamp=moment))
    found = await history(push, 1)
    assert [(entry["business_id"], entry["timestamp"]) for entry in found["interactions"]] == [
        (3, "2025-06-01T12:00:02Z"), (2, "2025-06-01T12:00:01Z"), (1, "2025-06-01T12:00:00Z"),
    ]  # fmt: skip


async def test_deleting_is_told_and_told_once(push: Site) -> None:
    """Deleted, then 404; what a user did goes with the user, what was done with a business with the business."""
    await push.post("/sync/user", {"id": 1})
    await push.post("/sync/business", {"id": 10, "name": "A"})
    for user, business in ((1, 10), (1, 11), (2, 10), (2, 11)):
        await push.post("/interaction", deed(user, business))
    assert (await push.client.delete("/sync/business/10")).json() == {"status": "deleted", "business_id": 10}
    assert [entry["business_id"] for entry in (await history(push, 2))["interactions"]] == [11]
    assert (await push.client.delete("/sync/user/1")).json() == {"status": "deleted", "user_id": 1}
    assert (await history(push, 1))["interactions"] == []
    for path in ("/sync/user/1", "/sync/business/10", "/sync/user/never"):
        assert_problem(await push.client.delete(path), 404, "not_found")


async def test_an_event_is_honoured_once_by_body_or_header(push: Site) -> None:
    """A repeated event changes nothing and says so, whichever way it came first; without an id each call counts."""
    await push.post("/interaction", deed(1, 10, weight=1, event_id="e1"))
    again = await push.post("/interaction", deed(1, 10, weight=9, event_id="e1"))
    assert again == {"status": "recorded", **deed(1, 10), "repeated": True}
    key = {"Idempotency-Key": "e1"}
    assert (await push.client.post("/sync/user", json={"id": 5}, headers=key)).json()["repeated"] is True
    key = {"Idempotency-Key": "e2"}
    assert (await push.client.post("/sync/user", json={"id": 5}, headers=key)).json() == {
        "status": "synced",
        "user_id": 5,
    }
    assert (await push.client.delete("/sync/user/5", headers={"Idempotency-Key": "e3"})).status_code == 200
    assert (await push.client.delete("/sync/user/5", headers={"Idempotency-Key": "e3"})).status_code == 200
    lines = (await push.client.post("/interactions", json=[deed(1, 10, weight=8, event_id="e1")])).json()
    assert lines == [{"index": 0, "status": "recorded", **deed(1, 10), "repeated": True}]
    assert (await history(push, 1))["interactions"][0]["weight"] == 1.0


@pytest.mark.parametrize(
    ("path", "body", "pointer"),
    [
        ("/interaction", deed(1, 10, "dance"), "/interaction_type"),
        ("/interaction", deed(1, 10, "click"), "/interaction_type"),
        ("/interaction", {"user_id": 1, "interaction_type": "view"}, "/business_id"),
        ("/interaction", deed(True, 10), "/user_id"),
        ("/interaction", deed(1.5, 10), "/user_id"),
        ("/interaction", deed("", 10), "/user_id"),
        ("/interaction", deed("x" * 65, 10), "/user_id"),
        ("/interaction", deed("a\0b", 10), "/user_id"),
        ("/interaction", deed(1, 10, weight=-1), "/weight"),
        ("/interaction", deed(1, 10, weight="much"), "/weight"),
        ("/interaction", deed(1, 10, timestamp="soon"), "/timestamp"),
        ("/interaction", deed(1, 10, timestamp="1969-12-31T00:00:00"), "/timestamp"),
        ("/interaction", deed(1, 10, timestamp="9999-12-31T23:59:59-12:00"), "/timestamp"),
        ("/interaction", deed(1, 10, timestamp=1e300), "/timestamp"),
        ("/interaction", deed(1, 10, event_id=""), "/event_id"),
        ("/interaction", deed(1, 10, event_id="x" * 201), "/event_id"),
        ("/interaction", [1], ""),
        ("/sync/user", {"username": "anna"}, "/id"),
        ("/sync/user", {"id": 1, "location": {"lat": 91, "lon": 0}}, "/location/lat"),
        ("/sync/user", {"id": 1, "location": {"lat": 1}}, "/location/lon"),
        ("/sync/user", {"id": 1, "location": "here"}, "/location"),
        ("/sync/user", {"id": 1, "interests": "tea"}, "/interests"),
        ("/sync/user", {"id": 1, "interests": ["tea", 5]}, "/interests/1"),
        ("/sync/user", {"id": 1, "username": "a\0b"}, "/username"),
        ("/sync/business", {"id": 1}, "/name"),
        ("/sync/business", {"id": 1, "name": ""}, "/name"),
        ("/sync/business", {"id": 1, "name": "A", "description": "a\0b"}, "/description"),
        ("/sync/business", {"id": 1, "name": "A", "tags": ["a\0b"]}, "/tags/0"),
        ("/sync/business", {"id": 1, "name": "A", "rating_count": 2**31}, "/rating_count"),
        ("/sync/business", {"id": 1, "name": "A", "rating": -1}, "/rating"),
        ("/sync/business", {"id": 1, "name": "A", "popularity_score": "high"}, "/popularity_score"),
    ],
)
async def test_what_cannot_be_is_a_422_that_points_at_it(push: Site, path: str, body: Any, pointer: str) -> None:
    """One by one and in bulk alike: the same pointer, from the body or from the line."""
    document = assert_problem(await push.client.post(path, json=body), 422, "invalid_request")
    assert pointer in [fault["pointer"] for fault in document["errors"]], document
    many = {"/interaction": "/interactions", "/sync/user": "/sync/users", "/sync/business": "/sync/businesses"}[path]
    (line,) = (await push.client.post(many, json=[body])).json()
    assert (line["index"], line["status"], line["error"]["code"]) == (0, "error", "invalid_request")
    assert pointer in [fault["pointer"] for fault in line["error"]["errors"]], line


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999"])
async def test_numbers_that_are_none_are_refused(push: Site, number: str) -> None:
    """What Python reads as JSON and no database can sort."""
    content = f'{{"user_id": 1, "business_id": 2, "interaction_type": "view", "weight": {number}}}'
    answer = await push.client.post("/interaction", content=content, headers={"content-type": "application/json"})
    assert answer.status_code == 422, answer.text
    assert (await push.client.post("/interactions", content=content)).json()["status"] == "error"


async def test_half_a_surrogate_is_refused(push: Site) -> None:
    """JSON can spell what no text can hold; it must not come to a 500."""
    content = r'{"id": 1, "name": "a\ud800b"}'
    answer = await push.client.post("/sync/business", content=content, headers={"content-type": "application/json"})
    assert answer.status_code == 422, answer.text


@pytest.mark.parametrize("limit", [0, 101, "many"])
async def test_a_history_has_1_to_100_entries(push: Site, limit: object) -> None:
    """Any other limit is a 422."""
    assert_problem(await push.client.get(f"/user/1/interactions?limit={limit}"), 422, "invalid_request")


async def test_clearing_forgets_one_user_in_every_process(push: Site, push_settings: Settings) -> None:
    """User 1 is cleared through one process, user 11 is still cached in the other."""
    async with open_site(push_settings) as other:
        for user in ("1", "11"):
            await other.engine.answers.keep("businesses", user, "d", b"list", epoch=b"", ttl=60)
        answer = await push.post("/cache/clear/1")
        assert answer["status"] == "cleared"
        assert answer["message"]
        kept = [(await other.engine.answers.find("businesses", user, "d")).value for user in ("1", "11")]
        assert kept == [None, b"list"]


async def test_clearing_without_redis_is_done_when_it_is_back(push_settings: Settings, redis_db: str) -> None:
    """No error: this process forgets at once, and the message says the rest."""
    async with Proxy(redis_db) as door:
        behind = push_settings.model_copy(update={"recommendations_redis_url": SecretStr(door.url)})
        async with open_site(behind) as site:
            await door.shut()
            assert "Redis" in (await site.post("/cache/clear/1"))["message"]
            assert (await site.post("/interaction", deed(1, 10)))["status"] == "recorded"


async def test_without_our_database_nothing_is_acknowledged(push_settings: Settings, own_url: str) -> None:
    """503 with Retry-After for every write, in bulk too; when it is back, what was refused is not there."""
    async with Proxy(own_url) as door:
        behind = push_settings.model_copy(update={"recommendations_database_url": SecretStr(door.url)})
        async with open_site(behind) as site:
            await site.post("/interaction", deed(1, 10))
            await door.shut()
            asked: list[tuple[str, str, Any]] = [
                ("POST", "/interaction", deed(1, 11)),
                ("POST", "/interactions", [deed(1, 11)]),
                ("POST", "/sync/user", {"id": 1}),
                ("POST", "/sync/businesses", [{"id": 1, "name": "A"}]),
                ("DELETE", "/sync/user/1", None),
            ]
            for method, path, body in asked:
                answer = await site.client.request(method, path, json=body)
                assert_problem(answer, 503, "recommendations_database_unavailable")
                assert int(answer.headers["retry-after"]) > 0
            await door.open()
            assert [entry["business_id"] for entry in (await history(site, 1))["interactions"]] == [10]


async def test_a_catalog_of_words_spells_all_its_ids_as_text(push: Site) -> None:
    """One id that is no number makes all of them text, in every history alike."""
    await push.post("/interaction", deed(1, 10))
    assert [entry["business_id"] for entry in (await history(push, 1))["interactions"]] == [10]
    await push.post("/sync/businesses", [{"id": 10, "name": "A"}, {"id": "corner", "name": "B"}])
    for _ in range(500):
        if [entry["business_id"] for entry in (await history(push, 1))["interactions"]] == ["10"]:
            break
        await asyncio.sleep(0.02)
    assert [entry["business_id"] for entry in (await history(push, 1))["interactions"]] == ["10"]


async def test_a_shared_catalog_is_not_told_of(push_settings: Settings, own_url: str) -> None:
    """Where the host's own tables are read, what is pushed would count nowhere: 409, and nothing is written."""
    shared = push_settings.model_copy(update={"businesses_database_url": SecretStr(own_url)})
    async with open_site(shared) as site:
        for path, body in (
            ("/interaction", deed(1, 10)),
            ("/interactions", [deed(1, 10)]),
            ("/sync/user", {"id": 1}),
            ("/sync/businesses", [{"id": 1, "name": "A"}]),
        ):
            assert_problem(await site.client.post(path, json=body), 409, "catalog_shared")
        assert_problem(await site.client.delete("/sync/user/1"), 409, "catalog_shared")
        assert (await history(site, 1))["interactions"] == []
        assert (await site.post("/cache/clear/1"))["status"] == "cleared"


async def test_every_body_of_the_surface_has_an_example(push: Site) -> None:
    """Bulk bodies too, in both forms; and the examples are taken as they stand."""
    schema = (await push.client.get("/openapi.json")).json()
    for name in ("UserBody", "BusinessBody", "InteractionBody"):
        assert schema["components"]["schemas"][name]["examples"], name
    for path in ("/sync/users", "/sync/businesses", "/interactions"):
        operation = schema["paths"][path]["post"]
        expected = operation["responses"]["200"]["content"]["application/json"]["example"]
        for form, content in operation["requestBody"]["content"].items():
            if form == "application/json":
                assert (await push.client.post(path, json=content["example"])).json() == expected
            else:
                answer = await push.client.post(path, content=content["example"])
                assert answer.headers["content-type"] == form
                assert [answer.json()] == expected
