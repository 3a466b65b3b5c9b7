"""Latency of a running API over one HTTP connection: uncached and cached lists, against the same server's /health/live.

Run it beside `giftwise serve`, for example on `giftwise seed --scale S`:
    BASIC_AUTH_PASSWORD=... uv run python benchmarks/latency.py --url http://127.0.0.1:8000 --users 60000
"""

import argparse
import base64
import http.client
import json
import os
import random
import statistics
import time
from collections.abc import Callable
from urllib.parse import urlsplit

Ask = Callable[[int], tuple[float, dict[str, object]]]


def main() -> None:
    """Measure and print medians and 99th percentiles in milliseconds, and ratios to the reference."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--users", type=int, default=60_000, help="user ids 1..N are asked at random")
    parser.add_argument("--requests", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    server = urlsplit(options.url)
    connection = http.client.HTTPConnection(server.hostname or "127.0.0.1", server.port)
    credentials = f"{os.environ.get('BASIC_AUTH_USERNAME', 'giftwise')}:{os.environ['BASIC_AUTH_PASSWORD']}"
    headers = {
        "Authorization": "Basic " + base64.b64encode(credentials.encode()).decode(),
        "Content-Type": "application/json",
    }
    dice = random.Random(options.seed)
    users = dice.sample(range(1, options.users + 1), options.requests)
    salt = dice.randrange(10**9) + time.time_ns() % 10**9  # a price nobody asked for before, so that nothing is cached

    def ask(method: str, path: str, body: object = None) -> tuple[float, dict[str, object]]:
        started = time.perf_counter()
        connection.request(method, path, json.dumps(body) if body is not None else None, headers)
        answer = connection.getresponse()
        content = answer.read()
        spent = (time.perf_counter() - started) * 1000
        if answer.status != 200:
            raise SystemExit(f"{path} answered {answer.status}: {content.decode()[:300]}")
        return spent, json.loads(content)

    def personalized(user: int) -> tuple[float, dict[str, object]]:
        return ask("POST", "/personalized", {"user_id": user, "filters": {"price_to": 10**9 + salt}})

    def popular(number: int) -> tuple[float, dict[str, object]]:
        return ask("POST", "/popular", {"user_params": {"gender": "f"}, "filters": {"price_to": 10**9 + salt + number}})

    for user in users[:50]:
        ask("POST", "/personalized", {"user_id": user})
    reference = [ask("GET", "/health/live")[0] for _ in users]
    series = {"live (reference)": reference}
    series["personalized, uncached"] = _timed(personalized, users, hit=False)
    series["personalized, cached"] = _timed(personalized, users, hit=True)
    series["popular, uncached"] = _timed(popular, list(range(options.requests)), hit=False)
    series["popular, cached"] = _timed(popular, list(range(options.requests)), hit=True)
    base = statistics.median(reference)
    print(f"{'':26} {'median ms':>10} {'p99 ms':>10} {'x reference':>12}")
    for name, times in series.items():
        p99 = statistics.quantiles(times, n=100)[-1]
        print(f"{name:26} {statistics.median(times):10.2f} {p99:10.2f} {statistics.median(times) / base:12.1f}")


def _timed(ask: Ask, keys: list[int], *, hit: bool) -> list[float]:
    times = []
    for key in keys:
        spent, answer = ask(key)
        if answer["cache_hit"] is hit:
            times.append(spent)
    if len(times) < 0.9 * len(keys):
        raise SystemExit(f"only {len(times)} of {len(keys)} answers had cache_hit={hit}")
    return times


if __name__ == "__main__":
    main()
