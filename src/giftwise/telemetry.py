"""What is counted: Prometheus metrics of the API and the worker, safe for several processes."""

import os
from collections import defaultdict
from typing import Final

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram, multiprocess

SECONDS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)

requests = Counter("giftwise_http_requests", "HTTP requests answered", ("route", "method", "status"))
request_seconds = Histogram(
    "giftwise_http_request_seconds", "Seconds from request to answer", ("route",), buckets=SECONDS
)
answers = Counter("giftwise_answers", "Lists answered, by the rung that filled the first place", ("algorithm", "cache"))
answer_seconds = Histogram(
    "giftwise_answer_seconds", "Seconds spent on making one list", ("algorithm",), buckets=SECONDS
)
redis_failures = Counter("giftwise_redis_failures", "Calls that went on without Redis")
model_generation = Gauge(
    "giftwise_model_generation", "Generation of the model that serves", ("catalog",), multiprocess_mode="livemin"
)
model_made_at = Gauge(
    "giftwise_model_made_timestamp_seconds",
    "When the serving model was made",
    ("catalog",),
    multiprocess_mode="livemin",
)
job_seconds = Histogram(
    "giftwise_job_seconds", "Seconds that a job ran", ("job", "status"), buckets=(0.1, 0.5, 1, 5, 15, 60, 300, 1800)
)
events = Counter("giftwise_events", "Queued events dealt with: applied, repeated or parked", ("source", "outcome"))
event_batch_seconds = Histogram(
    "giftwise_event_batch_seconds", "Seconds spent on applying one batch of queued events", ("source",), buckets=SECONDS
)
events_waiting = Gauge(
    "giftwise_events_waiting", "Queued events not dealt with yet", ("source",), multiprocess_mode="livemax"
)
events_oldest_seconds = Gauge(
    "giftwise_events_oldest_seconds", "Age of the oldest queued event", ("source",), multiprocess_mode="livemax"
)
events_parked = Gauge("giftwise_events_parked", "Parked events that wait for a replay", multiprocess_mode="livemax")


def registry() -> CollectorRegistry:
    """Where to collect from: every process of this server where PROMETHEUS_MULTIPROC_DIR is set, else this one."""
    if not os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        return REGISTRY
    together = CollectorRegistry()
    multiprocess.MultiProcessCollector(together)  # type: ignore[no-untyped-call] # the library leaves it untyped
    return together


def quantiles(histogram: str, label: str, wanted: tuple[float, ...]) -> dict[str, tuple[int, list[float]]]:
    """Of each value of a label: how many observations, and the wanted quantiles in the histogram's unit.

    A quantile is read linearly within its bucket, as Prometheus' histogram_quantile does.
    """
    buckets: dict[str, dict[float, float]] = defaultdict(dict)
    for family in registry().collect():
        if family.name == histogram:
            for sample in family.samples:
                if sample.name.endswith("_bucket"):
                    bound = float(sample.labels["le"])
                    mine = buckets[sample.labels[label]]
                    mine[bound] = mine.get(bound, 0.0) + sample.value
    return {
        name: (int(max(counts.values())), [_quantile(sorted(counts.items()), part) for part in wanted])
        for name, counts in buckets.items()
    }


def _quantile(cumulative: list[tuple[float, float]], part: float) -> float:
    total = cumulative[-1][1]
    below_bound, below = 0.0, 0.0
    for bound, count in cumulative:
        if count >= part * total and count > below:
            if bound == float("inf"):
                return below_bound
            return below_bound + (bound - below_bound) * (part * total - below) / (count - below)
        below_bound, below = bound, count
    return below_bound
