"""Bulk calls' promises: every line is answered, a bad one loses nothing else, and what is answered is durable."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from giftwise.api import bulk
from tests.api.test_push import deed, history
from tests.api.test_surface import assert_problem
from tests.support.site import Site


def jsonl(bodies: list[Any]) -> bytes:
    """Bodies as lines."""
    return b"".join(json.dumps(body).encode() + b"\n" for body in bodies)


async def lines(site: Site, path: str, content: bytes | AsyncIterator[bytes]) -> list[dict[str, Any]]:
    """The answers of a JSONL call."""
    answer = await site.client.post(path, content=content)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/x-ndjson"
    return [json.loads(line) for line in answer.text.splitlines()]


async def test_each_line_is_answered_in_the_form_of_the_body(push: Site) -> None:
    """JSONL for JSONL, an array for an array; ids as they were sent."""
    users: list[Any] = [{"id": 1}, {"id": "u-2", "interests": ["tea"]}]
    expected = [
        {"index": 0, "status": "synced", "user_id": 1},
        {"index": 1, "status": "synced", "user_id": "u-2"},
    ]
    assert await lines(push, "/sync/users", jsonl(users)) == expected
    assert await push.post("/sync/users", users) == expected
    assert await push.post("/sync/businesses", [{"id": 9, "name": "A"}]) == [
        {"index": 0, "status": "synced", "business_id": 9}
    ]
    assert await push.post("/interactions", [deed(1, 9, "save")]) == [
        {"index": 0, "status": "recorded", **deed(1, 9, "save")}
    ]
    assert await push.post("/interactions", []) == []


async def test_a_bad_line_loses_nothing_else(push: Site) -> None:
    """Broken JSON, the wrong shape, an unknown type: each is answered at its place, all others are in."""
    content = b"\xef\xbb\xbf" + b"\r\n".join(
        [
            jsonl([deed(1, 1)]).strip(),
            b"{broken",
            b"",
            b"[1, 2]",
            jsonl([deed(1, 2, "dance")]).strip(),
            b'"text"',
            b"\xff\xfe" + b'{"a":' * 100_000,
            jsonl([deed(1, 3)]).strip(),  # no newline at the end
        ]
    )
    answers = await lines(push, "/interactions", content)
    assert [(answer["index"], answer["status"]) for answer in answers] == [
        (0, "recorded"), (1, "error"), (2, "error"), (3, "error"), (4, "error"), (5, "error"), (6, "recorded"),
    ]  # fmt: skip
    assert [answer["error"]["errors"][0]["pointer"] for answer in answers[1:6]] == ["", "", "/interaction_type", "", ""]
    assert all(fault["message"] for answer in answers[1:6] for fault in answer["error"]["errors"])
    assert [entry["business_id"] for entry in (await history(push, 1))["interactions"]] == [3, 1]


async def test_many_lines_are_taken_over_several_transactions(push: Site) -> None:
    """Ten thousand, cut anywhere by the network, in their order: the last of a repeated key holds."""
    bodies = [deed(1, number % 4_000, weight=number) for number in range(10_000)]
    content = jsonl(bodies)

    async def arriving() -> AsyncIterator[bytes]:
        for start in range(0, len(content), 7_777):
            yield content[start : start + 7_777]

    answers = await lines(push, "/interactions", arriving())
    assert [answer["index"] for answer in answers] == list(range(10_000))
    assert {answer["status"] for answer in answers} == {"recorded"}
    newest = (await history(push, 1, limit=100))["interactions"]
    assert [(entry["business_id"], entry["weight"]) for entry in newest] == [
        (number % 4_000, number) for number in range(9_999, 9_899, -1)
    ]


async def test_more_than_ten_thousand_lines_are_refused(push: Site) -> None:
    """413, in either form, and a body of too many megabytes too."""
    bodies = [deed(1, 1)] * 10_001
    assert_problem(await push.client.post("/interactions", json=bodies), 413, "too_large")
    assert_problem(await push.client.post("/interactions", content=jsonl(bodies)), 413, "too_large")
    long = b" " * (33 << 20)
    for head in (b"[", b"{", b""):
        assert_problem(await push.client.post("/interactions", content=head + long), 413, "too_large")


@pytest.mark.parametrize("content", [b"[{", b'[{"user_id": 1},]', b"[1] 2", b"[\xff]", b"[" * 100_000])
async def test_a_broken_array_is_a_400_and_nothing_is_in(push: Site, content: bytes) -> None:
    """An array is one document: where it breaks, nobody can say which lines it has."""
    assert_problem(await push.client.post("/interactions", content=content), 400, "invalid_json")


async def test_lines_are_durable_while_the_rest_still_arrives(push: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A body is never held as a whole: the first chunk is in the history before the second was sent."""
    monkeypatch.setattr(bulk, "CHUNK", 2)
    seen = False

    async def arriving() -> AsyncIterator[bytes]:
        yield jsonl([deed(1, 1), deed(1, 2), deed(1, 3)])
        nonlocal seen
        for _ in range(1_000):
            seen = (await history(push, 1))["total_count"] >= 2
            if seen:
                break
            await asyncio.sleep(0.02)
        yield jsonl([deed(1, 4)])

    assert len(await lines(push, "/interactions", arriving())) == 4
    assert seen
    assert (await history(push, 1))["total_count"] == 4


async def test_users_of_a_bulk_call_are_forgotten(push: Site) -> None:
    """Each user of a line that is in, and nobody else."""
    answers = push.engine.answers
    for user in ("1", "2", "3", "11"):
        await answers.keep("businesses", user, "d", b"list", epoch=b"", ttl=60)
    await push.post("/interactions", [deed(1, 1), deed(2, 1, "dance")])
    await push.post("/sync/users", [{"id": 3}])
    kept = [(await answers.find("businesses", user, "d")).value is not None for user in ("1", "2", "3", "11")]
    assert kept == [False, True, False, True]
