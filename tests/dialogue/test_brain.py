"""Brains: rules that repeat themselves by seed, and a language model behind which they stand."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from giftwise.dialogue.brain import Brain, RulesBrain, open_brain
from giftwise.dialogue.brief import brief, without_traces
from giftwise.dialogue.llm import LlmBrain
from giftwise.dialogue.quiz import Facts
from giftwise.dialogue.session import Draft
from giftwise.dialogue.steering import Steering
from giftwise.dialogue.topics import own_topic, topic_by_id
from giftwise.settings import Settings
from tests.support.endpoint import (
    IDEAS,
    Endpoint,
    Reply,
    Sent,
    as_anthropic,
    as_error,
    as_openai,
    as_refusal,
    open_endpoint,
)
from tests.support.shelf import MemoryShelf, make_gifts

KEY = "sk-very-secret-key"
FACTS = Facts(
    age=34,
    gender="f",
    relationship="friend",
    occasion="birthday of Anna, anna@example.com",
    vibe="cosy, call +7 912 345-67-89",
    interests=("coffee with Anna Petrova",),
    description="Anna Petrova from Omsk loves mornings",
    vetoes=("alcohol for Anna",),
    answers=("she told me her name is Anna Petrova",),
    budget=5000,
    language="en",
    owned=frozenset({"4711"}),
)
TOPIC = topic_by_id("coffee", "en")
SHELF = MemoryShelf(make_gifts())


class Session:
    """What a session keeps of its calls."""

    llm_calls = 0


def settings(endpoint: Endpoint, **others: Any) -> Settings:
    named = {
        "llm_base_url": SecretStr(f"{endpoint.url}/v1"),
        "llm_model": "tiny",
        "llm_api_key": SecretStr(KEY),
        **others,
    }
    return Settings(_env_file=None, brain="llm", **named)


def awake(brain: Brain) -> LlmBrain:
    """The same, which does not rest after a failure."""
    assert isinstance(brain, LlmBrain)
    brain._rest = 0.0
    return brain


async def ask(brain: Brain, facts: Facts = FACTS, *, account: Session | None = None, count: int = 3) -> list[Draft]:
    """One round of ideas, each of which has products."""
    drafts = await brain.hypotheses(
        TOPIC, facts, Steering.of([], []), SHELF, seen=frozenset({"Seen before"}), count=count, seed=7, account=account
    )
    assert all(len(draft.products) >= 3 for draft in drafts)
    assert all((gift.price or 0) <= 5500 for draft in drafts for gift in draft.products)
    return drafts


@pytest.fixture
async def endpoint() -> AsyncIterator[Endpoint]:
    """A well-behaved endpoint."""
    async with open_endpoint() as opened:
        yield opened


async def test_rules_repeat_themselves() -> None:
    """The same seed gives the same ideas, and no language model is counted."""
    session = Session()
    first = await ask(RulesBrain(), account=session)
    assert first == await ask(open_brain(Settings(_env_file=None)), account=session)
    assert {draft.model_name for draft in first} == {"rules"}
    assert session.llm_calls == 0


@pytest.mark.parametrize(
    ("api", "reply", "path"),
    [("openai", as_openai(), "/v1/chat/completions"), ("anthropic", as_anthropic(), "/v1/messages")],
)
async def test_a_model_s_ideas_get_products(
    endpoint: Endpoint, api: str, reply: Callable[[Sent], Reply], path: str
) -> None:
    """Both kinds of endpoint are understood; an idea without products gives way, and each says who wrote it."""
    endpoint.reply = reply
    base = endpoint.url if api == "anthropic" else f"{endpoint.url}/v1"
    drafts = await ask(open_brain(settings(endpoint, llm_api=api, llm_base_url=SecretStr(base))))
    assert [draft.title for draft in drafts] == ["Morning ritual", "A book for the armchair", "Soft light"]
    assert {draft.model_name for draft in drafts} == {"tiny"}
    assert [sent.path for sent in endpoint.received] == [path]


async def test_the_rules_fill_up_what_the_model_leaves(endpoint: Endpoint) -> None:
    """Of one usable idea and two wanted, the second is the rules', in the same session."""
    endpoint.reply = as_openai({"ideas": IDEAS["ideas"][:2]})
    drafts = await ask(open_brain(settings(endpoint)), count=2)
    assert [draft.model_name for draft in drafts] == ["tiny", "rules"]


@pytest.mark.parametrize(
    "reply",
    [
        as_openai("{ not JSON"),
        as_openai({"ideas": []}),
        as_openai({"ideas": [{**IDEAS["ideas"][0], "primary_gap": "the_wallet"}]}),
        as_openai({"ideas": [{**IDEAS["ideas"][0], "price": 5}]}),
        as_openai({"ideas": [{**IDEAS["ideas"][0], "title": ""}]}),
        as_refusal(),
        as_error(400),
        as_error(401),
        as_error(429),
        as_error(500),
        lambda _: (200, b"<html>"),
    ],
    ids=["not json", "no ideas", "unknown gap", "unknown field", "empty title", "refusal", "400", "401", "429", "500",
         "html"],
)  # fmt: skip
async def test_whatever_a_model_answers_there_are_ideas(endpoint: Endpoint, reply: Callable[[Sent], Reply]) -> None:
    """Malformed, refusing or failing: asked once, then the rules answer; the log says why, never what or the key."""
    endpoint.reply = reply
    with capture_logs() as logs:
        drafts = await ask(open_brain(settings(endpoint)))
    assert drafts == await ask(RulesBrain())
    assert len(endpoint.received) == 1
    (line,) = [log for log in logs if log["event"] == "llm_failed"]
    assert line["answered_by"] == "rules"
    assert not any(secret in json.dumps(logs, default=str) for secret in (KEY, "Anna", "cosy"))


async def test_a_slow_model_is_not_waited_for(endpoint: Endpoint) -> None:
    """After its seconds the rules answer, also where it dribbles its answer; one that is down costs no more."""
    for endpoint.delay, endpoint.pause in ((30.0, 0.0), (0.0, 0.1)):
        with capture_logs() as logs:
            drafts = await asyncio.wait_for(ask(open_brain(settings(endpoint, llm_timeout_seconds=0.3))), 20)
        assert {draft.model_name for draft in drafts} == {"rules"}
        assert [log["event"] for log in logs] == ["llm_failed"]
    nowhere = settings(endpoint, llm_base_url=SecretStr("http://127.0.0.1:1/v1"))
    assert {draft.model_name for draft in await ask(open_brain(nowhere))} == {"rules"}


async def test_a_failing_endpoint_is_left_alone_for_a_while(endpoint: Endpoint) -> None:
    """The next giver does not wait for it too; once it has rested it is asked again."""
    brain = open_brain(settings(endpoint))
    assert isinstance(brain, LlmBrain)
    endpoint.reply = as_error(500)
    await ask(brain)
    endpoint.reply = as_openai()
    await ask(brain)
    assert len(endpoint.received) == 1
    brain._resting_until = 0.0
    assert {draft.model_name for draft in await ask(brain)} == {"tiny"}


async def test_a_session_s_calls_are_counted(endpoint: Endpoint) -> None:
    """After as many calls as the setting allows, failed ones included, a session gets the rules' ideas."""
    brain = awake(open_brain(settings(endpoint, llm_calls_per_session=2)))
    session = Session()
    endpoint.reply = as_error(500)
    await ask(brain, account=session)
    endpoint.reply = as_openai()
    names = [{draft.model_name for draft in await ask(brain, account=session)} for _ in range(2)]
    assert names == [{"tiny"}, {"rules"}]
    assert (session.llm_calls, len(endpoint.received)) == (2, 2)
    assert {draft.model_name for draft in await ask(brain, account=Session())} == {"tiny"}


async def test_what_leaves_the_server_is_no_more_than_needed(endpoint: Endpoint) -> None:
    """The endpoint sees an age group, a relationship, a budget: no name, address, number, id or exact age."""
    await ask(open_brain(settings(endpoint)))
    (sent,) = endpoint.received
    assert sent.headers["authorization"] == f"Bearer {KEY}"
    whole = json.dumps(sent.body, ensure_ascii=False)
    for private in ("Anna", "Petrova", "example.com", "912", "Omsk", "4711", KEY, "34,", " 34"):
        assert private not in whole
    told = json.loads(next(one["content"] for one in sent.body["messages"] if one["role"] == "user"))
    assert told == {
        "language": "English",
        "ideas_wanted": 5,
        "topic": "Coffee",
        "age_group": "25-34",
        "gender": "female",
        "relationship": "friend",
        "occasion": "birthday of",
        "vibe": "cosy",
        "effort": "low",
        "budget": 5000,
        "never": ["alcohol for"],
        "shown": ["Seen before"],
    }


def test_traces_of_people_are_taken_out() -> None:
    """Addresses, account names and telephone numbers go; ordinary words and small numbers stay."""
    assert without_traces("30 лет, @anna_p, тел. 8 (912) 345-67-89, https://vk.com/anna x@y.ru") == "30 лет, , тел. ,"
    assert brief(own_topic("чай с anna@mail.ru"), FACTS, frozenset(), 1)["topic"] == "Чай с"


async def test_closed_gates_hold_for_a_model_too(endpoint: Endpoint) -> None:
    """An idea that speaks of what may not be given is not shown, whatever products it finds."""
    idea = {**IDEAS["ideas"][0], "title": "A toast", "description": "Whisky glasses for the evening."}
    endpoint.reply = as_openai({"ideas": [idea, {**idea, "title": "Seen before"}]})
    drafts = await ask(open_brain(settings(endpoint)))
    assert drafts
    assert {draft.model_name for draft in drafts} == {"rules"}


async def test_the_extra_is_needed_only_by_who_wants_it(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without its libraries BRAIN=llm says what to install, and rules work; without a model's name it says so."""
    with pytest.raises(ValueError, match="LLM_MODEL"):
        open_brain(settings(endpoint, llm_model=None))
    monkeypatch.delitem(sys.modules, "giftwise.dialogue.llm", raising=False)
    monkeypatch.setitem(sys.modules, "pydantic_ai", None)
    with pytest.raises(ValueError, match=r"giftwise\[llm\]"):
        open_brain(settings(endpoint))
    assert isinstance(open_brain(Settings(_env_file=None)), RulesBrain)
