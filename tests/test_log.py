"""The log's promises: JSON lines, the request's id on each, and never a password."""

import json

import pytest
import structlog

from giftwise.log import configure, logger
from giftwise.telemetry import quantiles, request_seconds


def test_lines_are_json_with_the_request_id_and_without_passwords(capsys: pytest.CaptureFixture[str]) -> None:
    """Also where a library's error holds a URL, and in tracebacks."""
    configure("info")
    try:
        with structlog.contextvars.bound_contextvars(request_id="r-1"):
            try:
                raise ConnectionError("cannot reach postgresql://user:hunter2@db/shop")
            except ConnectionError:
                logger("test").exception("lost", url="redis://:hunter2@cache/0")
        logger("test").debug("not shown")
    finally:
        configure("warning")
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1
    event = json.loads(lines[0])
    assert event["request_id"] == "r-1"
    assert event["event"] == "lost"
    assert "hunter2" not in lines[0]
    assert "postgresql://user:***@db/shop" in event["exception"]


def test_quantiles_are_read_from_the_buckets() -> None:
    """Within the bucket that holds them, and counted."""
    for _ in range(99):
        request_seconds.labels("/a-test").observe(0.0007)
    request_seconds.labels("/a-test").observe(0.2)
    count, (p50, p99) = quantiles("giftwise_http_request_seconds", "route", (0.5, 0.999))["/a-test"]
    assert count == 100
    assert 0.0005 < p50 <= 0.001
    assert 0.1 < p99 <= 0.25
