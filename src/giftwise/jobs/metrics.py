"""GET /metrics of the worker, which has no other HTTP: settings in, a small server of its counters out."""

import base64
import binascii
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from socketserver import ThreadingMixIn
from typing import Any, Final
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from giftwise import telemetry
from giftwise.log import logger
from giftwise.settings import Settings

CLIENT_SECONDS: Final = 5  # that a client may take to send its request

log = logger(__name__)

StartResponse = Callable[[str, list[tuple[str, str]]], Any]


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Handler(WSGIRequestHandler):
    timeout = CLIENT_SECONDS

    def log_request(self, *_: object) -> None:
        """No line per scrape."""


@contextmanager
def serve_metrics(settings: Settings) -> Iterator[int | None]:
    """Serve on WORKER_METRICS_PORT while the block runs; its port, or None where there is none or it is taken.

    The password is the API's, unless METRICS_OPEN.
    """
    if settings.worker_metrics_port is None:
        yield None
        return
    try:
        server = make_server(
            settings.host, settings.worker_metrics_port, _app(settings), server_class=_Server, handler_class=_Handler
        )
    except OSError as error:  # a second worker on this host stands by all the same
        log.warning("metrics_not_served", port=settings.worker_metrics_port, reason=error.strerror)
        yield None
        return
    thread = threading.Thread(target=server.serve_forever, name="metrics", daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _app(settings: Settings) -> Callable[[dict[str, Any], StartResponse], Iterable[bytes]]:
    def answer(environ: dict[str, Any], start: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] != "/metrics":
            start("404 Not Found", [])
            return []
        if not settings.metrics_open and not settings.admits(*_credentials(environ.get("HTTP_AUTHORIZATION", ""))):
            start("401 Unauthorized", [("WWW-Authenticate", 'Basic realm="giftwise"')])
            return []
        body = generate_latest(telemetry.registry())
        start("200 OK", [("Content-Type", CONTENT_TYPE_LATEST), ("Content-Length", str(len(body)))])
        return [body]

    return answer


def _credentials(header: str) -> tuple[str, str]:
    """Name and password of an Authorization header; empty ones, which nobody has, where it is none."""
    scheme, _, code = header.partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        name, _, password = base64.b64decode(code, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return name, password
