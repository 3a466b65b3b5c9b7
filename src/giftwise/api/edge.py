"""Around every request: a request id, the clock, the counters, and no line of log unless something went wrong."""

import re
import time
import uuid
from typing import Final

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from giftwise import telemetry
from giftwise.api.problems import unforeseen
from giftwise.log import logger

REQUEST_ID: Final = re.compile(rb"[\w.:-]{1,64}")
SERVER_ERROR: Final = 500
UNROUTED: Final = "unrouted"

log = logger(__name__)


class Edge:
    """ASGI middleware; it never looks at paths or bodies."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        scope["giftwise.started"] = started
        given = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
        request_id = given.decode("ascii") if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex[:16]
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        status, started_answering = SERVER_ERROR, False

        async def answer(message: Message) -> None:
            nonlocal status, started_answering
            if message["type"] == "http.response.start":
                status, started_answering = message["status"], True
                message["headers"] = [*message["headers"], (b"x-request-id", request_id.encode())]
            await send(message)

        try:
            await self.app(scope, receive, answer)
        except Exception as error:
            if started_answering:
                raise  # half an answer is out: the server must close the connection
            log.error("unforeseen_error", method=scope["method"], path=scope["path"], exc_info=error)
            await unforeseen()(scope, receive, answer)
        finally:
            seconds = time.perf_counter() - started
            # The route's template, never the path itself: a label per user would grow without end.
            route = getattr(scope.get("route"), "path", UNROUTED)
            telemetry.requests.labels(route, scope["method"], str(status)).inc()
            telemetry.request_seconds.labels(route).observe(seconds)
            log.debug("request", method=scope["method"], route=route, status=status, ms=round(seconds * 1000, 2))
