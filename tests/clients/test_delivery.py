"""The promises of the ways to the engine: a thread, Celery, django.tasks; what cannot be told now is told later."""

import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import django
import httpx
import pytest
from celery import Celery
from django.test import override_settings

from django_giftwise import background, tasks, transport
from django_giftwise.background import Background
from django_giftwise.changes import Change
from django_giftwise.conf import Config, Delivery
from django_giftwise.testing import FakeEngine
from django_giftwise.transport import Engine
from tests.clients.shop.models import Shop, Word

CONFIG = Config(url="http://giftwise.test", breaker_seconds=0.05, retries=0)


class Installed:
    """A fake behind the real ways of delivery."""

    def __init__(self) -> None:
        self.fake = FakeEngine()
        self.before: Engine | None = None

    def use(self, config: Config) -> None:
        """Put the fake in the engine's place with these settings."""
        last = transport.set_engine(Engine(config, httpx.MockTransport(self.fake.answer)))
        self.before = self.before or last


@pytest.fixture
def installed(shop: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installed]:
    """A fake, and a background of this test's own."""
    fresh = Background()
    monkeypatch.setattr(background, "background", fresh)
    found = Installed()
    yield found
    found.fake.down = False
    assert fresh.wait(30)
    engine = transport.set_engine(found.before)
    if engine is not None:
        engine.close()


def make_shop(title: str = "Corner Roastery") -> Shop:
    """A saved shop."""
    return Shop.objects.create(title=title, kind=Word.objects.get_or_create(name="coffee")[0])


def test_the_thread_tells_in_the_background(installed: Installed) -> None:
    """A save returns before the engine is told; soon after it is."""
    installed.use(CONFIG)
    shop = make_shop()
    assert background.background.wait(30)
    assert list(installed.fake.businesses) == [str(shop.pk)]


def test_what_is_saved_while_the_engine_is_away_is_told_when_it_is_back(installed: Installed) -> None:
    """Each object once, as it is by then; nothing raises."""
    installed.use(CONFIG)
    installed.fake.down = True
    shops = [make_shop(f"shop {number}") for number in range(3)]
    for shop in shops:
        shop.title += " renamed"
        shop.save()
    assert background.background.wait(0.01) is False
    shops.pop().delete()
    installed.fake.down = False
    assert background.background.wait(30)
    assert {one["name"] for one in installed.fake.businesses.values()} == {"shop 0 renamed", "shop 1 renamed"}


def test_what_could_not_be_told_is_tried_again(installed: Installed) -> None:
    """Without another save: the breaker opens only at a second attempt."""
    installed.use(CONFIG)
    installed.fake.down = True
    shop = make_shop()
    breaker = transport.get_engine().breakers["write"]
    deadline = time.monotonic() + 30
    while not breaker.is_open:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    installed.fake.down = False
    assert background.background.wait(30)
    assert list(installed.fake.businesses) == [str(shop.pk)]


def test_a_full_queue_drops_and_says_so_once(installed: Installed, caplog: pytest.LogCaptureFixture) -> None:
    """Memory is bounded; the log names the command that repairs."""
    installed.use(replace(CONFIG, queue_size=2))
    installed.fake.down = True
    for number in range(5):
        make_shop(f"shop {number}")
    waiting = background.background
    assert (waiting.left, waiting.dropped) == (2, 3)
    assert caplog.text.count("more are dropped; run giftwise_sync later") == 1


def test_a_process_that_ends_waits_for_what_is_on_its_way(
    installed: Installed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A command that saves and ends at once still tells what it saved, the batch being sent included."""
    released, answer = threading.Event(), installed.fake.answer

    def slow(request: httpx.Request) -> httpx.Response:
        arrived.set()
        assert released.wait(30)
        return answer(request)

    arrived = threading.Event()
    monkeypatch.setattr(installed.fake, "answer", slow)
    installed.use(replace(CONFIG, shutdown_seconds=30.0))
    make_shop()
    assert arrived.wait(30)
    threading.Timer(0.1, released.set).start()
    background._at_exit()
    assert len(installed.fake.businesses) == 1


def test_a_refused_object_does_not_hold_up_the_others(
    installed: Installed, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The line that the engine rejects is logged with its reason and forgotten."""
    installed.use(CONFIG)
    error = {"detail": "/name: String should have at least 1 character"}
    lines = [{"index": 0, "status": "error", "error": error}, {"index": 1, "status": "synced"}]
    monkeypatch.setattr(installed.fake, "answer", lambda _: httpx.Response(200, json=lines))
    installed.use(CONFIG)
    first, second = make_shop("first"), make_shop("second")
    changes = [Change("shop.Shop", str(shop.pk), shop.pk, "") for shop in (first, second)]
    assert background.background.wait(30)
    for change in changes:
        background.background.put(change)
    assert background.background.wait(30)
    assert f"giftwise rejects business {first.pk}: /name: String should have" in caplog.text


@pytest.mark.parametrize("delivery", ["celery", "tasks"])
def test_a_task_queue_carries_changes_where_configured(installed: Installed, delivery: Delivery) -> None:
    """The task loads the object itself, so that late and repeated tasks tell what is true by then."""
    installed.use(replace(CONFIG, delivery=delivery))
    app = Celery("shop", broker="memory://")
    app.conf.task_always_eager = True
    app.set_default()  # for the thread that publishes
    package = "django.tasks" if django.VERSION >= (6,) else "django_tasks"
    with override_settings(TASKS={"default": {"BACKEND": f"{package}.backends.immediate.ImmediateBackend"}}):
        shop = make_shop()
        assert background.background.wait(30)
        assert list(installed.fake.businesses) == [str(shop.pk)]
        shop.delete()
        assert background.background.wait(30)
    assert installed.fake.businesses == {}


def test_a_broker_that_is_away_is_passed_by(installed: Installed, monkeypatch: pytest.MonkeyPatch) -> None:
    """A save does not wait for Celery's broker, which may take seconds to fail; the engine is told directly then."""
    installed.use(replace(CONFIG, delivery="celery"))
    released = threading.Event()
    monkeypatch.setattr(tasks.tell_later, "apply_async", lambda *_, **__: released.wait(60) and 1 / 0)
    shop = make_shop()
    assert not installed.fake.calls
    released.set()
    assert background.background.wait(30)
    assert list(installed.fake.businesses) == [str(shop.pk)]
