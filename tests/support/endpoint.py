"""A language model's endpoint for tests: it answers as it is told to, and remembers what it was sent."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

IDEAS: dict[str, Any] = {
    "ideas": [
        {
            "title": title,
            "description": "Something for slow mornings.",
            "reasoning": "It fits what they love.",
            "primary_gap": "the_permission",
            "search_queries": queries,
        }
        for title, queries in (
            ("Morning ritual", ["mug", "thermos"]),
            ("Nothing in this shop", ["hovercraft"]),
            ("A book for the armchair", ["book", "novel"]),
            ("Soft light", ["lamp", "night light"]),
        )
    ]
}


@dataclass(frozen=True)
class Sent:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]


Reply = tuple[int, bytes]


@dataclass
class Endpoint:
    """The server: `reply` makes the answer to a request, after `delay` seconds, with `pause` seconds between bytes."""

    url: str
    reply: Callable[[Sent], Reply]
    delay: float = 0.0
    pause: float = 0.0
    received: list[Sent] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, one request."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
            body = json.loads(await reader.readexactly(int(headers.get("content-length", 0))))
            sent = Sent(head[0].split()[1], headers, body)
            self.received.append(sent)
            await asyncio.sleep(self.delay)
            status, content = self.reply(sent)
            writer.write(
                f"HTTP/1.1 {status} X\r\ncontent-type: application/json\r\nconnection: close\r\n"
                f"content-length: {len(content)}\r\n\r\n".encode()
            )
            for part in [content[at : at + 1] for at in range(len(content))] if self.pause else [content]:
                writer.write(part)
                await writer.drain()
                await asyncio.sleep(self.pause)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # who asks may hang up
        finally:
            writer.close()


def as_openai(arguments: Any = IDEAS) -> Callable[[Sent], Reply]:
    """A chat completion that calls the output tool with these arguments (a text is sent as it is)."""
    said = arguments if isinstance(arguments, str) else json.dumps(arguments)
    call = {"id": "call_1", "type": "function", "function": {"name": "give_ideas", "arguments": said}}
    return _completion({"role": "assistant", "content": None, "tool_calls": [call]}, "tool_calls")


def as_refusal() -> Callable[[Sent], Reply]:
    """A chat completion that declines in words."""
    return _completion({"role": "assistant", "content": None, "refusal": "I cannot help with that."}, "stop")


def as_anthropic(arguments: Any = IDEAS) -> Callable[[Sent], Reply]:
    """A message that uses the output tool."""
    message = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "tiny",
        "content": [{"type": "tool_use", "id": "toolu_1", "name": "give_ideas", "input": arguments}],
        "stop_reason": "tool_use",
        "stop_sequence": None,
        "usage": {"input_tokens": 10, "output_tokens": 10},
    }
    return lambda _: (200, json.dumps(message).encode())


def as_error(status: int) -> Callable[[Sent], Reply]:
    """An error."""
    return lambda _: (status, b'{"error": {"message": "no", "type": "x", "code": "y"}}')


def _completion(message: dict[str, Any], reason: str) -> Callable[[Sent], Reply]:
    body = {
        "id": "1",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": "tiny",
        "choices": [{"index": 0, "message": message, "finish_reason": reason}],
        "usage": {"prompt_tokens": 10, "completion_tokens": 10, "total_tokens": 20},
    }
    return lambda _: (200, json.dumps(body).encode())


@asynccontextmanager
async def open_endpoint() -> AsyncIterator[Endpoint]:
    """An endpoint on a free port, which answers well as OpenAI would."""
    endpoint = Endpoint("", as_openai())
    server = await asyncio.start_server(endpoint.serve, "127.0.0.1", 0)
    endpoint.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield endpoint
