"""A server that is killed while givers are at it: whatever it acknowledged is in the history, once."""

import asyncio
import random
from collections import Counter
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import httpx

from giftwise.settings import Settings
from tests.support.server import Server, open_server

STEPS = 1_000
GIVERS = 8
KILLS = 3
ACTIONS = ("view", "select_gift", "like", "dislike", "look_around", "select_track", "suggest_topics")


async def test_a_server_killed_among_a_thousand_steps_loses_none_that_it_acknowledged(
    gift_settings: Settings, tmp_path: Path
) -> None:
    """Eight givers at once, three kills: each acknowledged step is in the history exactly once, and in the session."""
    async with open_server(gift_settings, tmp_path) as server, server.client() as client:
        sessions = [await _begin(client, number) for number in range(GIVERS)]
        acknowledged: list[set[int]] = [set() for _ in sessions]
        givers = list(zip(sessions, acknowledged, strict=True))
        numbers = count()
        killing = asyncio.create_task(_kill_at_random(server, acknowledged))
        await asyncio.gather(*(_give(client, session, kept, numbers, acknowledged) for session, kept in givers))
        await killing
        lost = [step for session, kept in givers for step in await _missing(client, session, kept)]
    assert sum(map(len, acknowledged)) >= STEPS
    assert lost == []


async def _begin(client: httpx.AsyncClient, number: int) -> Any:
    quiz = {"recipient_age": 30, "interests": ["кофе", "книги"], "session_mode": "quick_fix"}
    answer = await client.post("/recommendations/init", params={"user_id": number}, json=quiz)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def _give(
    client: httpx.AsyncClient, session: Any, kept: set[int], numbers: Iterator[int], acknowledged: list[set[int]]
) -> None:
    """Steps of one giver, one after another, until all together have their thousand; what finds nobody is let go."""
    ideas = [idea for track in session["tracks"] for idea in track["hypotheses"]]
    gifts = [gift["id"] for idea in ideas for gift in idea["preview_products"]]
    dice = random.Random(session["session_id"])
    while sum(map(len, acknowledged)) < STEPS:
        number = next(numbers)
        action = dice.choice(ACTIONS)
        value = session["tracks"][0]["topic_id"] if action == "select_track" else dice.choice(gifts)
        metadata = {"number": number, "target_type": "product"}
        body = {"session_id": session["session_id"], "action": action, "value": value, "metadata": metadata}
        try:
            answer = await client.post("/recommendations/interact", json=body)
        except httpx.TransportError:
            await asyncio.sleep(0.2)
            continue
        assert answer.status_code == 200, answer.text
        kept.add(number)


async def _kill_at_random(server: Server, acknowledged: list[set[int]]) -> None:
    """Kill the server somewhere in each quarter of the way but the last."""
    kills = 0
    while True:
        if sum(map(len, acknowledged)) >= STEPS * (kills + 1) / (KILLS + 1) * 0.8:
            await server.kill()
            await server.start()
            kills += 1
            if kills == KILLS:
                return
        await asyncio.sleep(0.01)


async def _missing(client: httpx.AsyncClient, session: Any, kept: set[int]) -> list[object]:
    """What was acknowledged and is not in the history exactly once; and gifts that the shortlist does not have."""
    answer = await client.get(f"/recipients/{session['recipient']['id']}/history", params={"limit": 1000})
    deeds = answer.json()
    seen = Counter(deed["metadata_json"]["number"] for deed in deeds)
    after = (await client.get(f"/recommendations/{session['session_id']}")).json()
    chosen = {
        deed["target_id"]
        for deed in deeds
        if deed["action_type"] == "select_gift" and deed["metadata_json"]["number"] in kept
    }
    lost: list[object] = [number for number in kept if seen[number] != 1]
    return lost + sorted(chosen - {str(one) for one in after["shortlisted_products"]})
