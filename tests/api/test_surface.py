"""The HTTP surface's promises: passwords, problem documents, what odd input gets, OpenAPI, and no secret anywhere."""

import json
import re
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from giftwise.api.app import create_app
from tests.api.conftest import Shop
from tests.support.site import PASSWORD, Site, open_site

OPEN = {"/health", "/health/live", "/health/ready"}


def routes(app: FastAPI) -> list[tuple[str, str]]:
    """Every method and path that the application answers."""
    schema = app.openapi()
    return [(method.upper(), path) for path, methods in schema["paths"].items() for method in methods]


def assert_problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The answer is a problem document of this status and code, under the request id of its header."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = answer.json()
    assert {"type", "title", "status", "detail", "code", "request_id"} <= set(document)
    assert document["status"] == status
    assert document["code"] == code
    assert document["request_id"] == answer.headers["x-request-id"]
    return document


async def test_every_endpoint_but_health_wants_the_password(site: Site, shop: Shop) -> None:
    """No endpoint, admin ones included, answers without credentials or with wrong ones."""
    asked = 0
    for method, path in [*routes(create_app(shop.settings)), ("GET", "/docs"), ("GET", "/openapi.json")]:
        if path in OPEN:
            continue
        target = path.replace("{user_id}", "1").replace("{name}", "popular_items").replace("{run_id}", "x")
        for auth in (None, ("host", "wrong"), ("wrong", PASSWORD), ("", "")):
            answer = await site.client.request(method, target, auth=auth, json={} if method != "GET" else None)
            assert_problem(answer, 401, "unauthorized")
            assert answer.headers["www-authenticate"].startswith("Basic")
            asked += 1
    assert asked >= 4 * 12


async def test_odd_paths_do_not_get_around_the_password(site: Site) -> None:
    """Authentication does not look at the path, so no spelling of it helps."""
    for path in (
        "//stats",
        "/stats/",
        "/./stats",
        "/health/../stats",
        "/STATS",
        "/stats%2f",
        "/admin//jobs",
        "/docs/../stats",
    ):
        answer = await site.client.get(path, auth=None)
        assert answer.status_code in (401, 404, 307), (path, answer.status_code)
        assert "main_database" not in answer.text


@pytest.mark.parametrize(
    ("path", "body", "pointer"),
    [
        ("/popular", {}, "/user_params"),
        ("/popular", {"user_params": {"gender": "x"}}, "/user_params/gender"),
        ("/popular", {"user_params": {"age": "old"}}, "/user_params/age"),
        ("/popular", {"user_params": {"age": 151}}, "/user_params/age"),
        ("/popular", {"user_params": {"age": True}}, "/user_params/age"),
        ("/popular", {"user_params": {"geo_id": 2**70}}, "/user_params/geo_id"),
        ("/popular", {"user_params": {"geo_id": "x"}}, "/user_params/geo_id"),
        ("/popular", {"user_params": {"geo_id": False}}, "/user_params/geo_id"),
        ("/popular", {"user_params": {}, "filters": {"price_from": -1}}, "/filters/price_from"),
        ("/popular", {"user_params": {}, "filters": {"price_from": 5, "price_to": 5}}, "/filters"),
        ("/popular", {"user_params": {}, "filters": {"category": "a\0b"}}, "/filters/category"),
        ("/popular", {"user_params": {}, "filters": {"exclude_ids": list(range(1001))}}, "/filters/exclude_ids"),
        ("/popular", {"user_params": {}, "pagination": {"page": 0}}, "/pagination/page"),
        ("/popular", {"user_params": {}, "pagination": {"limit": 0}}, "/pagination/limit"),
        ("/popular", {"user_params": {}, "pagination": {"limit": 101}}, "/pagination/limit"),
        ("/popular", {"user_params": {}, "include": ["everything"]}, "/include/0"),
        ("/personalized", {}, "/user_id"),
        ("/personalized", {"user_id": "a\0b"}, "/user_id"),
        ("/personalized", {"user_id": "x" * 65}, "/user_id"),
        ("/personalized", {"user_id": True}, "/user_id"),
        ("/personalized", {"user_id": 1.5}, "/user_id"),
        ("/personalized", {"user_id": ""}, "/user_id"),
        ("/personalized", [1], ""),
    ],
)
async def test_impossible_requests_get_a_422_that_points_at_the_field(
    site: Site, path: str, body: Any, pointer: str
) -> None:
    """Each names the field by a JSON pointer and says in words what is wrong."""
    document = assert_problem(await site.client.post(path, json=body), 422, "invalid_request")
    assert pointer in [fault["pointer"] for fault in document["errors"]], document
    assert all(fault["message"] for fault in document["errors"])


@pytest.mark.parametrize(
    "body",
    [
        {"user_params": {"geo_id": 2**40}},
        {"user_params": {"geo_id": None, "gender": None, "age": None, "category": None}},
        {"user_params": {"gender": "any", "age": "unknown"}, "filters": None, "pagination": None},
        {"user_params": {"gender": "FEMALE", "age": 30, "shoe_size": 41}, "colour": "red"},
        {"user_params": {"age": "45+"}, "filters": {"price_from": 0}},
        {"user_params": {}, "filters": {"category": "кириллица, 🎁 and \u2028"}}
        | {"filters": {"category": "кириллица 🎁"}},
    ],
)
async def test_odd_but_possible_requests_are_answered(site: Site, body: dict[str, Any]) -> None:
    """Huge regions, nulls, unknown fields and unknown words are no errors."""
    answer = await site.post("/popular", body)
    assert answer["pagination"]["page"] == 1


async def test_an_integer_id_is_taken_as_number_and_as_string(site: Site, shop: Shop) -> None:
    """The docs show integers: they are accepted in both spellings, and mean the same user."""
    user = await shop.conn.fetchval("SELECT user_id FROM handpicked_likes GROUP BY 1 ORDER BY count(*) DESC LIMIT 1")
    number, word = await site.personalized(user), await site.personalized(str(user))
    assert number["items"] == word["items"]
    assert all(isinstance(item, int) for item in number["items"])


async def test_a_body_that_is_not_json_is_a_400(site: Site) -> None:
    """Broken JSON, and no JSON at all."""
    for content in (b"{", b"\xff\xfe", b'{"user_params": {'):
        answer = await site.client.post("/popular", content=content, headers={"content-type": "application/json"})
        assert_problem(answer, 400, "invalid_json")
    assert_problem(await site.client.post("/popular", content=b""), 422, "invalid_request")


async def test_unknown_paths_and_methods_are_problem_documents_too(site: Site) -> None:
    """404 and 405 have the same shape as every other error."""
    assert_problem(await site.client.get("/no-such-page"), 404, "not_found")
    assert_problem(await site.client.get("/popular"), 405, "method_not_allowed")


async def test_an_error_that_nobody_foresaw_tells_no_secret(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """500 with a request id; what happened is in the log alone."""

    async def burst(*_: object) -> None:
        raise RuntimeError("postgresql://user:hunter2@db/shop")

    monkeypatch.setattr(type(site.engine.presents), "popular", burst)
    document = assert_problem(await site.client.post("/popular", json={"user_params": {}}), 500, "internal_error")
    assert "hunter2" not in json.dumps(document)


async def test_a_given_request_id_is_kept_if_it_is_harmless(site: Site) -> None:
    """A host may follow a request by its own id; odd ones are replaced."""
    kept = await site.client.get("/health/live", headers={"x-request-id": "host-42"})
    assert kept.headers["x-request-id"] == "host-42"
    replaced = await site.client.get("/health/live", headers={"x-request-id": "a b\tc" * 40})
    assert replaced.headers["x-request-id"] != "a b\tc" * 40


async def test_stats_and_metrics_tell_no_secret(site: Site) -> None:
    """Counts are there, the configuration is there, passwords are not."""
    await site.popular()
    stats = await site.get("/stats")
    assert PASSWORD not in json.dumps(stats)
    assert stats["configuration"]["basic_auth_password"] == "***"
    assert stats["main_database"]["total_items"] == 600
    assert stats["main_database"]["total_likes"] == 9_000
    assert stats["recommendations_database"]["cached_popular_items"] > 100
    assert stats["recommendations_database"]["users_with_collaborative"] > 100
    assert stats["cache_info"]["redis_connected"] is True
    assert stats["algorithms"]["popular"]["requests"] >= 1
    assert stats["algorithms"]["popular"]["p99_ms"] > 0
    assert stats["model"]["items"] == 600
    assert stats["quality"]
    metrics = (await site.client.get("/metrics")).text
    assert 'giftwise_http_requests_total{method="POST",route="/popular",status="200"}' in metrics
    assert PASSWORD not in metrics


async def test_metrics_may_be_opened(shop: Shop) -> None:
    """METRICS_OPEN=true: no password for /metrics, and for /metrics alone."""
    async with open_site(shop.settings.model_copy(update={"metrics_open": True})) as site:
        assert (await site.client.get("/metrics", auth=None)).status_code == 200
        assert (await site.client.get("/stats", auth=None)).status_code == 401


async def test_listed_origins_may_call_and_others_not(shop: Shop) -> None:
    """CORS_ALLOW_ORIGINS is empty by default; a listed origin gets through its preflight."""
    asked = {"origin": "https://shop.example", "access-control-request-method": "POST"}
    async with open_site(shop.settings) as closed:
        answer = await closed.client.options("/popular", headers=asked)
        assert "access-control-allow-origin" not in answer.headers
    listed = shop.settings.model_copy(update={"cors_allow_origins": "https://other.example, https://shop.example"})
    async with open_site(listed) as opened:
        answer = await opened.client.options("/popular", headers=asked)
        assert answer.status_code == 200
        assert answer.headers["access-control-allow-origin"] == "https://shop.example"
        answer = await opened.client.options("/popular", headers=asked | {"origin": "https://evil.example"})
        assert "access-control-allow-origin" not in answer.headers


async def test_health_names_each_part(site: Site) -> None:
    """Without a password: the whole, the parts, the version."""
    answer = await site.client.get("/health", auth=None)
    assert answer.status_code == 200
    body = answer.json()
    assert body["status"] == "healthy"
    assert body["services"] == {"main_database": "up", "recommendations_database": "up", "redis": "up"}
    assert (await site.client.get("/health/live", auth=None)).json() == {"status": "alive"}
    assert (await site.client.get("/health/ready", auth=None)).status_code == 200


async def test_the_docs_page_needs_no_other_server(site: Site) -> None:
    """Every script and style that the page names is served from here: it works without the internet."""
    page = (await site.client.get("/docs")).text
    named = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert len(named) == 3
    for name in named:
        answer = await site.client.get(name)
        assert answer.status_code == 200, name
    assert (await site.get("/openapi.json"))["openapi"].startswith("3.")


def test_openapi_has_examples_and_every_error(shop: Shop) -> None:
    """Each operation has a summary and its problem documents; each body an example."""
    schema = create_app(shop.settings).openapi()
    assert "Problem" in schema["components"]["schemas"]
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            assert operation["summary"], (method, path)
            if path in OPEN:
                continue
            assert "401" in operation["responses"], (method, path)
            for status, answer in operation["responses"].items():
                if int(status) >= 400:
                    assert list(answer["content"]) == ["application/problem+json"], (method, path, status)
    for name in ("PopularRequest", "PersonalizedRequest", "DemographicsBody"):
        assert schema["components"]["schemas"][name]["examples"], name
