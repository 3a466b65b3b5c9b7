"""What is said of a recipient stays in the database: no log line and no error repeats it."""

import uuid
from typing import Any

import pytest
import structlog

from tests.support.site import Site

SECRETS = ("Аполлинария", "Пилатес-Секретный", "никакого марципана", "1991-07-13")
QUIZ: dict[str, Any] = {
    "recipient_age": 30,
    "recipient_name": SECRETS[0],
    "interests": ["кофе", SECRETS[1]],
    "interests_description": SECRETS[2],
    "recipient_birth_date": SECRETS[3],
}


async def test_neither_logs_nor_errors_repeat_what_was_said(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Through good calls, refused ones and one that breaks on our side: ids and codes at most."""
    with structlog.testing.capture_logs() as lines:
        session = await site.post(f"/recommendations/init?user_id={uuid.uuid4()}", QUIZ)
        known = {"session_id": session["session_id"], "metadata": {"note": SECRETS[2]}}
        await site.post("/recommendations/interact", known | {"action": "answer_probe", "value": SECRETS[1]})
        answers = [
            await site.client.post("/recommendations/init", json=QUIZ | {"recipient_age": SECRETS[0]}),
            await site.client.post("/recommendations/init", json=QUIZ | {"relationship": SECRETS[0]}),
            await site.client.post("/recommendations/interact", json=known | {"action": 5, "value": [SECRETS[1]]}),
            await site.client.put(f"/recipients/{session['recipient']['id']}", json={"birth_date": SECRETS[0]}),
        ]

        async def broken(*_: object) -> None:
            raise RuntimeError("broken")

        monkeypatch.setattr(site.engine.dialogue, "init", broken)
        answers.append(await site.client.post("/recommendations/init", json=QUIZ))
    assert [answer.status_code for answer in answers] == [422, 422, 422, 422, 500]
    told = " ".join([*(answer.text for answer in answers), *(repr(line) for line in lines)])
    assert any(line["log_level"] == "error" for line in lines)
    for secret in SECRETS:
        assert secret not in told
