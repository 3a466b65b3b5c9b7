"""The promises of calls: however the engine fails, an answer comes within the timeout, and the breaker learns."""

import asyncio
import contextlib
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator

import httpx
import pytest

from django_giftwise import surface
from django_giftwise.conf import Config
from django_giftwise.errors import Refused, Unavailable
from django_giftwise.transport import Engine
from tests.support.ports import free_port

CALL = surface.clear_cache(1)


def make(answer: Callable[[httpx.Request], httpx.Response], **others: object) -> Engine:
    """An engine behind a function; it looks for a lost one every few milliseconds."""
    config = Config(**{"url": "http://user:secret@giftwise.test", "breaker_seconds": 0.02, **others})  # type: ignore[arg-type] # by name
    return Engine(config, httpx.MockTransport(answer))


@pytest.fixture
def frozen() -> Iterator[str]:
    """A server that takes connections and never answers, as a stopped process does."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture
def dribbling() -> Iterator[str]:
    """A server that answers a byte now and then, so that no wait for a byte is ever long."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with contextlib.suppress(OSError):
                connection, _ = server.accept()
                with connection:
                    for byte in b"HTTP/1.1 200 OK\r\nX: " + b"x" * 10_000:
                        connection.sendall(bytes([byte]))
                        time.sleep(0.02)

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def test_a_refused_connection_opens_the_breaker_after_a_retry() -> None:
    """Two refusals cost milliseconds; after them nothing is asked."""
    engine = Engine(Config(url=f"http://127.0.0.1:{free_port()}"))
    with pytest.raises(Unavailable, match="ConnectError"):
        engine.ask(CALL)
    assert engine.breakers["write"].is_open
    assert not engine.breakers["read"].is_open
    with pytest.raises(Unavailable, match="not asked until it is back"):
        engine.ask(CALL)
    engine.close()


@pytest.mark.parametrize("kind", ["frozen", "dribbling"])
def test_a_timeout_covers_the_whole_call_and_opens_the_breaker_at_once(
    kind: str, request: pytest.FixtureRequest
) -> None:
    """Both for ordinary code and for coroutines."""
    url = request.getfixturevalue(kind)
    engine = Engine(Config(url=url, timeout=0.2))
    with pytest.raises(Unavailable):
        engine.ask(CALL)
    assert engine.breakers["write"].is_open
    engine.close()


async def test_coroutines_wait_no_longer_either(frozen: str) -> None:
    """The same timeout, on an event loop of the host."""
    engine = Engine(Config(url=frozen, timeout=0.2))
    with pytest.raises(Unavailable):
        await engine.ask_async(CALL)
    assert engine.breakers["write"].is_open
    engine.close()


def test_a_name_that_is_looked_up_forever_is_cut_off_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """No socket has a timeout for that; the call has."""
    released = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: released.wait(60) and [])
    engine = Engine(Config(url="http://engine.example", timeout=0.2))
    with pytest.raises(Unavailable):
        engine.ask(CALL)
    released.set()
    engine.close()


def test_the_breaker_closes_by_itself_when_the_engine_is_back() -> None:
    """The look is taken in the background; no call is the experiment."""
    down, calls = True, []

    def answer(request: httpx.Request) -> httpx.Response:
        calls.append(request.url.path)
        if down:
            raise httpx.ConnectError("down")
        return httpx.Response(200, json={})

    engine = make(answer)
    with pytest.raises(Unavailable):
        engine.ask(CALL)
    asked = calls.count("/cache/clear/1")
    with pytest.raises(Unavailable):
        engine.ask(CALL)
    assert calls.count("/cache/clear/1") == asked == 2
    down = False
    deadline = time.monotonic() + 30
    while engine.breakers["write"].is_open:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert engine.ask(CALL) is True
    engine.close()


def test_an_engine_that_comes_and_goes_is_looked_for_by_one() -> None:
    """However often the breaker opens, somebody looks, and never a crowd."""

    def answer(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("down")

    engine = make(answer, breaker_failures=1, breaker_seconds=600.0)
    for _ in range(5):
        with pytest.raises(Unavailable):
            engine.ask(CALL)
        engine.breakers["write"].close()
    assert engine._loop is not None
    looking = [task for task in asyncio.all_tasks(engine._loop) if "_heal" in repr(task.get_coro())]
    assert len(looking) == 1
    engine.close()


def test_only_repeatable_calls_are_repeated() -> None:
    """A recommendation is asked for again after a 503; what may not be repeated is not."""
    calls = 0

    def answer(_: httpx.Request) -> httpx.Response:
        nonlocal calls
        calls += 1
        return httpx.Response(503)

    engine = make(answer, breaker_failures=9)
    with pytest.raises(Unavailable):
        engine.ask(CALL)
    assert calls == 2
    once = surface.Call("POST", "/once", lambda _: True, False, "write", repeatable=False)
    with pytest.raises(Unavailable):
        engine.ask(once)
    assert calls == 3
    engine.close()


def test_a_retried_interaction_carries_one_event_id() -> None:
    """So the engine applies it once, even where the first answer was lost on the way."""
    bodies = []

    def answer(request: httpx.Request) -> httpx.Response:
        bodies.append(request.content)
        return httpx.Response(503 if len(bodies) == 1 else 200, json={})

    engine = make(answer)
    body = {"user_id": 1, "business_id": 2, "interaction_type": "like"}
    assert engine.ask(surface.record(body)) is True
    assert bodies[0] == bodies[1]
    assert b'"event_id"' in bodies[0]
    assert surface.record(body).body != surface.record(body).body
    engine.close()


def test_a_refusal_says_why_and_leaves_the_breaker_alone() -> None:
    """A 422 is a mistake of ours, not an outage."""
    faults = {"errors": [{"pointer": "/weight", "message": "too heavy"}], "detail": "invalid"}
    engine = make(lambda _: httpx.Response(422, json=faults), breaker_failures=1)
    for _ in range(3):
        with pytest.raises(Refused, match="/weight: too heavy"):
            engine.ask(CALL)
    assert not engine.breakers["write"].is_open
    engine.close()


def test_no_password_is_in_errors_or_logs(caplog: pytest.LogCaptureFixture) -> None:
    """Credentials in the URL become a header and stand nowhere else."""
    sent = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append((str(request.url), request.headers["authorization"]))
        return httpx.Response(500)

    caplog.set_level("DEBUG")
    engine = make(answer)
    with pytest.raises(Unavailable) as error:
        engine.ask(CALL)
    assert "secret" not in str(error.value) + caplog.text + sent[0][0] + repr(engine.config.base_url)
    assert sent[0][1].startswith("Basic ")
    engine.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="only where processes fork")
def test_a_forked_worker_has_a_loop_of_its_own() -> None:
    """A server that loads the project and then forks: the child neither hangs nor shares its parent's sockets."""
    from django_giftwise import transport

    engine = make(lambda _: httpx.Response(200, json={}))
    before = transport.set_engine(engine)
    assert engine.ask(CALL) is True
    child = os.fork()
    if child == 0:
        os._exit(0 if transport._engine is None else 1)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    transport.set_engine(before)
    engine.close()


async def test_one_engine_serves_several_event_loops() -> None:
    """async_to_sync makes a loop a call; connections do not die with it."""
    engine = make(lambda _: httpx.Response(200, json={}))
    assert await engine.ask_async(CALL) is True
    assert await asyncio.to_thread(lambda: asyncio.run(engine.ask_async(CALL))) is True
    assert await asyncio.to_thread(lambda: engine.ask(CALL)) is True
    engine.close()
