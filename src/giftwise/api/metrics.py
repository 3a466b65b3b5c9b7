"""GET /metrics: this server's counters in Prometheus' text format."""

from fastapi import APIRouter, Depends, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from giftwise import telemetry
from giftwise.api.access import allow_metrics
from giftwise.api.problems import problem_responses

router = APIRouter(tags=["operation"])


@router.get(
    "/metrics",
    summary="Counters for Prometheus",
    dependencies=[Depends(allow_metrics)],
    response_class=Response,
    responses={200: {"content": {"text/plain": {}}}, **problem_responses()},
)
def metrics() -> Response:
    """Counters of all processes of this server; METRICS_OPEN=true lets it be read without a password."""
    return Response(generate_latest(telemetry.registry()), media_type=CONTENT_TYPE_LATEST)
