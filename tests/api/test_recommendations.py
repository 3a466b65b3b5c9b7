"""The calls of a front end, as it really makes them, over a shop that was generated and learned."""

import asyncio
import json
import uuid
from typing import Any

import pytest

from tests.api.conftest import Shop
from tests.api.test_surface import assert_problem
from tests.support.site import Site, open_site

QUIZ: dict[str, Any] = {"recipient_age": 30, "relationship": "friend", "interests": ["кофе", "книги"], "budget": 5000}
GIFT = {
    "id", "gift_id", "title", "description", "price", "currency", "image_url", "product_url", "merchant", "category",
    "delivery_days", "is_customizable",
}  # fmt: skip
SESSION = {
    "session_id", "recipient", "topics", "language", "tracks", "liked_hypotheses", "shortlisted_products",
    "topic_hints", "selected_topic_id", "selected_hypothesis_id", "current_probe", "created_at",
}  # fmt: skip
TRACK = {"topic_id", "topic_name", "status", "title", "preview_text", "hypotheses", "question"}
IDEA = {"id", "title", "description", "reasoning", "primary_gap", "preview_products", "search_queries"}


async def init(site: Site, user: object = None, **quiz: Any) -> Any:
    """A session of the bare quiz."""
    query = "" if user is None else f"?user_id={user}"
    return await site.post(f"/recommendations/init{query}", QUIZ | quiz)


async def step(site: Site, session: Any, action: str, value: object = None, status: int = 200, **metadata: Any) -> Any:
    """The session after a step."""
    body = {"session_id": session["session_id"], "action": action, "value": value, "metadata": metadata}
    return await site.post("/recommendations/interact", body, status)


def ready(session: Any) -> Any:
    """The first track with ideas."""
    return next(track for track in session["tracks"] if track["hypotheses"])


async def test_every_call_of_a_front_end_in_one_go(site: Site) -> None:
    """From a quiz to a purchase, by every action of the contract; the history has each step, newest first."""
    user = str(uuid.uuid4())
    session = await init(site, user, recipient_name="Анна", session_mode="quick_fix")
    assert set(session) >= SESSION
    assert session["recipient"]["name"] == "Анна"
    assert session["language"] == "ru"
    assert len(session["topics"]) == len(session["tracks"]) == 2
    track = ready(session)
    assert set(track) >= TRACK
    for idea in track["hypotheses"]:
        assert set(idea) >= IDEA
        assert len(idea["preview_products"]) >= 3
        for gift in idea["preview_products"]:
            assert set(gift) >= GIFT
            assert gift["id"] == gift["gift_id"]
            assert isinstance(gift["id"], int)
            assert gift["price"] <= 5500
    topic, idea = track["topic_id"], track["hypotheses"][0]
    gift = idea["preview_products"][0]["id"]
    product = {"target_type": "product"}
    steps: list[tuple[str, object, dict[str, Any]]] = [
        ("select_track", topic, {}),
        ("suggest_topics", None, {}),
        ("load_more_hypotheses", topic, {}),
        ("answer_probe", "лего", {}),
        ("select_branch", "в поход", {"topic_id": topic}),
        ("like_hypothesis", idea["id"], {}),
        ("unlike_hypothesis", idea["id"], {}),
        ("dislike_hypothesis", None, {"hypothesis_id": idea["id"]}),
        ("undislike_hypothesis", idea["id"], {}),
        ("like_hypothesis", idea["id"], {}),
        ("select_gift", str(gift), {}),
        ("like", str(gift), product),
        ("dislike", None, product | {"product_id": gift}),
        ("view", gift, product),
        ("shortlist", str(gift), product),
        ("purchase", str(gift), product),
        ("open_settings", None, {}),
    ]
    for action, value, metadata in steps:
        session = await step(site, session, action, value, **metadata)
        assert set(session) >= SESSION, action
    assert session["liked_hypotheses"] == [idea["id"]]
    assert session["shortlisted_products"] == [gift]
    assert session["topic_hints"]
    assert await site.get(f"/recommendations/{session['session_id']}") == session
    products = await site.get(f"/recommendations/hypothesis/{idea['id']}/products")
    assert products
    assert all(one["price"] <= 5000 for one in products)
    assert gift not in [one["id"] for one in products]
    path = f"/recommendations/hypothesis/{idea['id']}/react"
    for reaction in ("like", "dislike", "shortlist"):
        answer = await site.post(f"{path}?reaction={reaction}")
        assert answer == {"status": "success", "hypothesis_id": idea["id"], "reaction": reaction}
        assert await site.post(path, {"reaction": reaction}) == answer
    (person,) = await site.get(f"/recipients/?user_id={user}")
    assert (person["name"], person["relation"], person["age"]) == ("Анна", "friend", 30)
    assert person["interests"] == QUIZ["interests"]
    history = await site.get(f"/recipients/{person['id']}/history?limit=1000")
    done = [deed["action_type"] for deed in history]
    assert done[6:] == [action for action, *_ in reversed(steps)]
    assert len(done) == len(steps) + 6
    assert {deed["target_type"] for deed in history} == {"hypothesis", "product", "navigation"}
    assert len(await site.get(f"/recipients/{person['id']}/history?limit=3")) == 3


async def test_both_forms_of_a_quiz_work(site: Site) -> None:
    """Wrapped with the user inside or in the query, or bare; unknown fields are ignored; an empty user is nobody."""
    user = str(uuid.uuid4())
    bodies: list[tuple[str, Any]] = [
        (f"?user_id={user}", QUIZ),
        ("", {"user_id": user, "quiz": QUIZ}),
        (f"?user_id={user}", {"quiz": QUIZ | {"shoe_size": 38}, "page": 1}),
    ]
    for query, body in bodies:
        assert (await site.post(f"/recommendations/init{query}", body))["recipient"]["id"]
    assert len(await site.get(f"/recipients/?user_id={user}")) == 3
    for query, body in (("", QUIZ), ("?user_id=", QUIZ), ("", {"user_id": None, "quiz": QUIZ})):
        assert (await site.post(f"/recommendations/init{query}", body))["recipient"]["id"] is None
    integer = await site.post("/recommendations/init", {"user_id": 4242, "quiz": QUIZ})
    (person,) = await site.get("/recipients/?user_id=4242")
    assert (person["id"], person["user_id"]) == (integer["recipient"]["id"], 4242)


async def test_a_recipient_may_be_sought_for_again(site: Site) -> None:
    """By recipient_id, in the body or the query; erased, they and their sessions are gone."""
    user = str(uuid.uuid4())
    first = await init(site, user, recipient_name="Анна")
    person = first["recipient"]["id"]
    second = await site.post(f"/recommendations/init?user_id={user}&recipient_id={person}", QUIZ)
    third = await site.post("/recommendations/init", {"recipient_id": person, "quiz": QUIZ | {"recipient_age": 31}})
    assert second["recipient"] == third["recipient"] == first["recipient"]
    assert (await site.get(f"/recipients/{person}"))["age"] == 31
    answer = await site.client.delete(f"/recipients/{person}")
    assert answer.json()["erased"]["sessions"] == 3
    assert answer.json()["erased"]["hypotheses"] > 0
    for session in (first, second, third):
        await site.get(f"/recommendations/{session['session_id']}", status=404)
        await step(site, session, "view", status=404)
    await site.get(f"/recommendations/hypothesis/{ready(first)['hypotheses'][0]['id']}/products", status=404)


async def test_wrong_questions_get_their_statuses(site: Site) -> None:
    """Unknown ids 404, wrong types 422 with a pointer into the body as it was sent, no JSON 400, no password 401."""
    session = await init(site)
    unknown, idea = str(uuid.uuid4()), ready(session)["hypotheses"][0]["id"]
    init_path, interact = "/recommendations/init", "/recommendations/interact"
    known = {"session_id": session["session_id"], "action": "view"}
    bad: list[tuple[str, str, int, Any, str | None]] = [
        ("POST", interact, 404, {"session_id": unknown, "action": "view"}, None),
        ("POST", interact, 404, {"session_id": "nonsense", "action": "view"}, None),
        ("POST", interact, 404, known | {"action": "like_hypothesis", "value": unknown}, None),
        ("GET", f"/recommendations/{unknown}", 404, None, None),
        ("GET", f"/recommendations/hypothesis/{unknown}/products", 404, None, None),
        ("POST", f"/recommendations/hypothesis/{unknown}/react?reaction=like", 404, None, None),
        ("POST", f"{init_path}?recipient_id={unknown}", 404, QUIZ, None),
        ("POST", init_path, 422, {}, "/recipient_age"),
        ("POST", init_path, 422, QUIZ | {"recipient_age": "thirty"}, "/recipient_age"),
        ("POST", init_path, 422, QUIZ | {"recipient_age": None}, "/recipient_age"),
        ("POST", init_path, 422, QUIZ | {"recipient_age": True}, "/recipient_age"),
        ("POST", init_path, 422, QUIZ | {"recipient_age": 3.5}, "/recipient_age"),
        ("POST", init_path, 422, QUIZ | {"relationship": "boss"}, "/relationship"),
        ("POST", init_path, 422, QUIZ | {"interests": "lego"}, "/interests"),
        ("POST", init_path, 422, QUIZ | {"interests": [1]}, "/interests/0"),
        ("POST", init_path, 422, QUIZ | {"budget": -1}, "/budget"),
        ("POST", init_path, 422, QUIZ | {"budget": 2**40}, "/budget"),
        ("POST", init_path, 422, QUIZ | {"language": "de"}, "/language"),
        ("POST", init_path, 422, QUIZ | {"interests_description": "a\0b"}, "/interests_description"),
        ("POST", init_path, 422, {"quiz": QUIZ | {"recipient_age": "x"}}, "/quiz/recipient_age"),
        ("POST", init_path, 422, {"quiz": None}, "/quiz"),
        ("POST", init_path, 422, {"quiz": QUIZ, "user_id": []}, "/user_id"),
        ("POST", init_path, 422, [], ""),
        ("POST", interact, 422, {"action": "view"}, "/session_id"),
        ("POST", interact, 422, known | {"session_id": 7}, "/session_id"),
        ("POST", interact, 422, known | {"action": ""}, "/action"),
        ("POST", interact, 422, known | {"value": ["x"]}, "/value"),
        ("POST", interact, 422, known | {"value": True}, "/value"),
        ("POST", interact, 422, known | {"metadata": "x"}, "/metadata"),
        ("POST", interact, 422, known | {"metadata": {"x": "a\0b"}}, "/metadata"),
        ("POST", interact, 422, known | {"action": "like_hypothesis"}, "/value"),
        ("POST", f"/recommendations/hypothesis/{idea}/react", 422, None, "/reaction"),
        ("POST", f"/recommendations/hypothesis/{idea}/react?reaction=love", 422, None, "/reaction"),
        ("POST", f"/recommendations/hypothesis/{idea}/react", 422, {"reaction": "love"}, "/reaction"),
    ]
    codes = {404: "not_found", 422: "invalid_request"}
    for method, path, status, body, pointer in bad:
        answer = await site.client.request(method, path, json=body)
        document = assert_problem(answer, status, codes[status])
        if pointer is not None:
            assert [fault["pointer"] for fault in document["errors"]] == [pointer], (path, body, document)
    broken = {"content": b"{", "headers": {"content-type": "application/json"}}
    assert_problem(await site.client.post(init_path, **broken), 400, "invalid_json")  # type: ignore[arg-type]
    for method, path, *_ in bad[:6]:
        assert_problem(await site.client.request(method, path, auth=None), 401, "unauthorized")
    for odd in (r'"\ud800"', "NaN"):  # what JSON readers take and databases do not
        text = json.dumps(known | {"metadata": {"a": "odd"}}).replace('"odd"', odd)
        answer = await site.client.post(interact, content=text, headers={"content-type": "application/json"})
        assert_problem(answer, 422, "invalid_request")


async def test_private_presents_are_in_no_dialogue(site: Site, shop: Shop) -> None:
    """Not by search, not by their id: users' own presents are nobody's gifts."""
    private = await shop.conn.fetchval("SELECT id FROM handpicked_presents WHERE user_id IS NOT NULL LIMIT 1")
    public = {row[0] for row in await shop.conn.fetch("SELECT id FROM handpicked_presents WHERE user_id IS NULL")}
    session = await init(site)
    for action in ("select_gift", "like", "purchase", "view"):
        await step(site, session, action, private, 404, target_type="product")
    for idea in ready(session)["hypotheses"]:
        products = await site.get(f"/recommendations/hypothesis/{idea['id']}/products")
        assert {gift["id"] for gift in products} <= public


async def test_a_gift_for_another_leaves_the_giver_s_own_list_alone(site: Site, shop: Shop) -> None:
    """Likes and purchases for a recipient change nothing in the giver's /personalized, cached or not."""
    user: int = await shop.conn.fetchval(
        "SELECT user_id FROM handpicked_likes GROUP BY 1 ORDER BY count(*) DESC LIMIT 1"
    )
    wide = {"pagination": {"limit": 100}}
    before = await site.personalized(user, **wide)
    profile = await site.get(f"/user-profile/{user}")
    session = await init(site, user)
    top = before["items"][:5]
    for gift in top:
        for action in ("like", "purchase", "select_gift"):
            await step(site, session, action, gift, target_type="product")
    assert (await site.personalized(user, **wide))["items"] == before["items"]
    await site.engine.answers.forget_users("presents", [str(user)])
    again = await site.personalized(user, **wide)
    assert (again["items"], again["cache_hit"]) == (before["items"], False)
    assert await site.get(f"/user-profile/{user}") == profile
    person = session["recipient"]["id"]
    second = await site.post("/recommendations/init", {"recipient_id": person, "quiz": QUIZ})
    shown = {
        gift["id"] for track in second["tracks"] for idea in track["hypotheses"] for gift in idea["preview_products"]
    }
    assert not shown & set(top)


@pytest.mark.parametrize("steps", [12])
async def test_steps_at_once_are_all_kept(site: Site, steps: int) -> None:
    """A front end that does not wait loses nothing."""
    session = await init(site, str(uuid.uuid4()))
    idea = ready(session)["hypotheses"][0]
    products = await site.get(f"/recommendations/hypothesis/{idea['id']}/products")
    gifts = [gift["id"] for gift in products][:steps]
    await asyncio.gather(*(step(site, session, "select_gift", gift) for gift in gifts))
    after = await site.get(f"/recommendations/{session['session_id']}")
    assert sorted(after["shortlisted_products"]) == sorted(gifts)
    history = await site.get(f"/recipients/{session['recipient']['id']}/history")
    assert sorted(int(deed["target_id"]) for deed in history) == sorted(gifts)


async def test_without_presents_there_is_no_dialogue_but_recipients(push: Site) -> None:
    """A host that only pushes businesses has recipients; sessions are for presents, and say so."""
    settings = push.engine.settings.model_copy(update={"main_database_url": None})
    async with open_site(settings) as site:
        answer = await site.client.post("/recommendations/init", json=QUIZ)
        assert_problem(answer, 503, "presents_not_configured")
        await site.post("/recipients/", {"user_id": 1, "name": "Anna"}, status=201)


async def test_the_page_is_ours_alone(site: Site) -> None:
    """Behind the password, its scripts from this host, nothing inline, under a policy that allows no other."""
    page = await site.client.get("/try")
    assert page.status_code == 200
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "<script>" not in page.text
    assert " style=" not in page.text
    for name in ("try.js", "view.js", "calls.js", "words.js", "try.css", "icon.svg"):
        assert (await site.client.get(f"/try-assets/{name}", auth=None)).status_code == 200, name
    assert (await site.client.get("/try", auth=None)).status_code == 401
