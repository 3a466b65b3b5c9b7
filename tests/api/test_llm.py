"""A language model behind the real calls: its ideas are shown and kept under its name, or the rules' under theirs."""

from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from tests.api.conftest import Shop
from tests.support.endpoint import IDEAS, Endpoint, as_error, as_openai, open_endpoint
from tests.support.site import Site, open_site

QUIZ = {
    "recipient_age": 30,
    "recipient_name": "Zebulon",
    "interests": ["tea"],
    "budget": 5000,
    "language": "en",
    "session_mode": "quick_fix",
}


@pytest.fixture
async def endpoint() -> AsyncIterator[Endpoint]:
    """A well-behaved endpoint."""
    async with open_endpoint() as opened:
        yield opened


@pytest.fixture
async def thinking(shop: Shop, endpoint: Endpoint) -> AsyncIterator[Site]:
    """An API process that asks the endpoint, at most twice a session."""
    update = {
        "brain": "llm",
        "llm_model": "tiny",
        "llm_base_url": SecretStr(f"{endpoint.url}/v1"),
        "llm_calls_per_session": 2,
    }
    async with open_site(shop.settings.model_copy(update=update)) as site:
        yield site


async def names(site: Site, session_id: str) -> set[str]:
    """Who wrote the ideas of a session, by the table."""
    async with site.engine.own.read() as connection:
        rows = await connection.execute(
            text("SELECT DISTINCT model_name FROM hypotheses WHERE session_id = CAST(:id AS uuid)"), {"id": session_id}
        )
        return {row[0] for row in rows}


async def test_a_session_is_thought_up_by_the_model_until_its_calls_are_spent(
    thinking: Site, endpoint: Endpoint
) -> None:
    """The first two rounds are asked for, the third comes from the rules; the table says which is whose."""
    session = await thinking.post("/recommendations/init?user_id=7", QUIZ)
    assert {idea["model_name"] for idea in session["tracks"][0]["hypotheses"]} == {"tiny"}
    assert await names(thinking, session["session_id"]) == {"tiny"}
    ideas = {"ideas": [{**idea, "title": f"Another {place}"} for place, idea in enumerate(IDEAS["ideas"])]}
    endpoint.reply = as_openai(ideas)
    more = {"session_id": session["session_id"], "action": "load_more_hypotheses",
            "value": session["tracks"][0]["topic_id"]}  # fmt: skip
    for _ in range(2):
        await thinking.post("/recommendations/interact", more)
    assert len(endpoint.received) == 2
    assert await names(thinking, session["session_id"]) == {"tiny", "rules"}
    assert not any("Zebulon" in str(sent.body) or session["session_id"] in str(sent.body) for sent in endpoint.received)


async def test_a_failing_model_is_not_felt(thinking: Site, endpoint: Endpoint) -> None:
    """The session is as whole as without one, and says that the rules wrote it."""
    endpoint.reply = as_error(503)
    session = await thinking.post("/recommendations/init", QUIZ)
    assert session["tracks"][0]["status"] == "ready"
    assert await names(thinking, session["session_id"]) == {"rules"}
