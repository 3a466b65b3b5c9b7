"""The worker's own /metrics: what it counts, behind the same password as the API."""

import httpx
import pytest

from giftwise import telemetry
from giftwise.jobs.metrics import serve_metrics
from giftwise.settings import Settings
from tests.support.ports import free_port
from tests.support.site import PASSWORD, USER


async def get(port: int | None, path: str, **options: tuple[str, str]) -> httpx.Response:
    async with httpx.AsyncClient() as client:
        return await client.get(f"http://127.0.0.1:{port}{path}", **options)  # type: ignore[arg-type] # auth alone


async def test_the_worker_tells_its_lag_to_who_knows_the_password(settings: Settings) -> None:
    """Lag, throughput and parked events are there; without the password, or with a wrong one, nothing is."""
    telemetry.events_waiting.labels("redis:tests").set(7)
    with serve_metrics(settings.model_copy(update={"worker_metrics_port": 0})) as port:
        answer = await get(port, "/metrics", auth=(USER, PASSWORD))
        assert answer.status_code == 200
        assert 'giftwise_events_waiting{source="redis:tests"} 7.0' in answer.text
        assert "giftwise_events_parked" in answer.text
        assert (await get(port, "/metrics")).status_code == 401
        assert (await get(port, "/metrics", auth=(USER, "wrong"))).status_code == 401
        assert (await get(port, "/other", auth=(USER, PASSWORD))).status_code == 404


async def test_metrics_may_be_opened(settings: Settings) -> None:
    """METRICS_OPEN holds for the worker too."""
    opened = settings.model_copy(update={"worker_metrics_port": 0, "metrics_open": True})
    with serve_metrics(opened) as port:
        assert (await get(port, "/metrics")).status_code == 200


@pytest.mark.parametrize("taken", [False, True])
async def test_a_worker_works_without_metrics(settings: Settings, taken: bool) -> None:
    """Where no port is set, and where another worker on this host has it."""
    port = free_port() if taken else None
    wanted = settings.model_copy(update={"worker_metrics_port": port})
    with serve_metrics(wanted) as first, serve_metrics(wanted) as second:
        assert (first, second) == (port, None)
