"""A real Django project beside a real engine: what is saved arrives, and an engine that stops breaks nothing."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from django.db import connections

from tests.clients.shop.project import create_tables, empty_tables, set_up, use_database
from tests.conftest import MakeDatabase
from tests.support.ports import free_port
from tests.support.site import PASSWORD, USER

set_up()

from django.core.management import call_command  # noqa: E402 - Django first
from django.test import Client, override_settings  # noqa: E402

from django_giftwise import background, transport  # noqa: E402
from tests.clients.shop.models import Customer, Favourite, Shop, Word  # noqa: E402


class Process:
    """One `giftwise serve` that tests stop, freeze and start again, always on the same port."""

    def __init__(self, environment: dict[str, str], folder: Path) -> None:
        self.port = free_port()
        self.url = f"http://{USER}:{PASSWORD.replace(' ', '%20')}@127.0.0.1:{self.port}"
        self._environment = environment
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Until it answers."""
        with (self._folder / "serve.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "giftwise", "serve", "--port", str(self.port)],
                env=self._environment, cwd=self._folder, stdout=log, stderr=log,
            )  # fmt: skip
        until(self._answers)

    def kill(self) -> None:
        """As a crash does."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def freeze(self) -> None:
        """Alive, and no answer ever."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """As if nothing had been."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def _answers(self) -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}/health/live").is_success
        except httpx.TransportError:
            return False


@pytest.fixture(scope="module")
async def urls(make_database: MakeDatabase, migrated_template: str) -> tuple[str, str]:
    """The project's database and the engine's."""
    return await make_database("django_shop"), await make_database("django_own", migrated_template)


@pytest.fixture(scope="module")
def process(urls: tuple[str, str], redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """The engine, and the project's tables."""
    shop_url, own_url = urls
    folder = tmp_path_factory.mktemp("django")
    use_database(shop_url)
    create_tables()
    environment = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
    environment |= {
        "MAIN_DATABASE_URL": shop_url, "RECOMMENDATIONS_DATABASE_URL": own_url,
        "RECOMMENDATIONS_REDIS_URL": redis_url.replace("db=0", "db=7"), "BASIC_AUTH_USERNAME": USER,
        "BASIC_AUTH_PASSWORD": PASSWORD, "DATA_DIR": str(folder / "data"), "OPENBLAS_NUM_THREADS": "1",
    }  # fmt: skip
    running = Process(environment, folder)
    running.start()
    yield running
    running.thaw()
    running.kill()


@pytest.fixture
def town(process: Process, urls: tuple[str, str]) -> Iterator[Process]:
    """An empty project and an engine that knows nothing, connected; nothing waits at its end."""
    use_database(urls[0])
    empty_tables()
    truncate(urls[1])
    with override_settings(GIFTWISE={"URL": process.url, "BREAKER_SECONDS": 0.2, "TIMEOUT": 0.5}):
        yield process
        assert background.background.wait(30)
    connections.close_all()


def truncate(url: str) -> None:
    """The engine forgets everything."""
    with psycopg.connect(url) as connection:
        connection.execute("TRUNCATE users, businesses, user_interactions")


def told(url: str, query: str) -> Any:
    """What the engine's own database holds."""
    with psycopg.connect(url) as connection:
        return connection.execute(query).fetchall()


def until(check: Callable[[], object]) -> None:
    """Wait for a condition, at most a minute."""
    deadline = time.monotonic() + 60
    while not check():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def fill() -> tuple[Customer, list[Shop]]:
    """Three shops, and a customer who likes the first."""
    coffee, books = Word.objects.create(name="coffee"), Word.objects.create(name="books")
    shops = [Shop.objects.create(title=f"shop {number}", kind=coffee) for number in range(2)]
    shops.append(Shop.objects.create(title="shop 2", kind=books))
    anna = Customer.objects.create(name="anna")
    anna.likes.add(coffee)
    Favourite.objects.create(customer=anna, shop=shops[0])
    return anna, shops


def page(customer: int) -> list[int]:
    """The shops on the page; it is always whole."""
    answer = Client().get(f"/home/{customer}")
    assert answer.status_code == 200
    found = answer.json()
    assert found["title"] == "Welcome"
    shops: list[int] = found["shops"]
    return shops


def test_saved_objects_arrive_and_are_recommended(town: Process, urls: tuple[str, str]) -> None:
    """Users, businesses and interactions by signals alone; the page shows the shop of the stated taste."""
    anna, shops = fill()
    assert background.background.wait(30)
    assert told(urls[1], "SELECT name, categories FROM businesses ORDER BY id") == [
        ("shop 0", ["coffee"]), ("shop 1", ["coffee"]), ("shop 2", ["books"]),
    ]  # fmt: skip
    assert told(urls[1], "SELECT username, interests FROM users") == [("anna", ["coffee"])]
    assert told(urls[1], "SELECT user_id, business_id, interaction_type FROM user_interactions") == [
        (str(anna.pk), str(shops[0].pk), "like")
    ]
    until(lambda: shops[1].pk in page(anna.pk))
    shops[1].delete()
    assert background.background.wait(30)
    assert shops[1].pk not in page(anna.pk)


@pytest.mark.parametrize("outage", ["frozen", "killed"])
def test_an_outage_breaks_nothing_and_heals_by_itself(town: Process, urls: tuple[str, str], outage: str) -> None:
    """Pages are whole and saves go on; with the breaker open nothing is asked; afterwards all arrives unasked."""
    anna, shops = fill()
    assert background.background.wait(30)
    engine = transport.get_engine()
    town.freeze() if outage == "frozen" else town.kill()
    assert page(anna.pk) == []
    assert engine.breakers["read"].is_open
    asked = count_questions(engine)
    assert [page(anna.pk) for _ in range(5)] == [[]] * 5
    shops[0].title = "renamed in the dark"
    shops[0].save()
    shops[2].delete()
    assert asked() == 0
    town.thaw() if outage == "frozen" else town.start()
    until(lambda: not engine.breakers["read"].is_open)
    assert background.background.wait(60)
    assert told(urls[1], "SELECT name FROM businesses ORDER BY name") == [("renamed in the dark",), ("shop 1",)]
    until(lambda: page(anna.pk))


def test_giftwise_sync_repairs_what_was_missed(
    town: Process, urls: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bulk writes, for which Django sends no signals; the times of interactions are kept."""
    monkeypatch.chdir(tmp_path)
    anna, shops = fill()
    assert background.background.wait(30)
    Shop.objects.update(about="told in bulk")
    Favourite.objects.bulk_create([Favourite(customer=anna, shop=shops[1], created_at="2026-01-02T03:04:05Z")])
    Shop.objects.filter(pk=shops[2].pk).update(is_open=False)
    call_command("giftwise_sync", verbosity=0)
    assert told(urls[1], "SELECT DISTINCT description FROM businesses") == [("told in bulk",)]
    assert told(urls[1], "SELECT count(*) FROM businesses") == [(2,)]
    (at,) = told(
        urls[1], f"SELECT timestamp AT TIME ZONE 'UTC' FROM user_interactions WHERE business_id = '{shops[1].pk}'"
    )[0]
    assert at.isoformat() == "2026-01-02T03:04:05"


def count_questions(engine: transport.Engine) -> Callable[[], int]:
    """Counts the pages' calls that leave the process from now on."""
    questions: list[object] = []
    attempt = engine._attempt

    def counted(call: Any) -> Any:
        questions.append(call)
        return attempt(call)

    engine._attempt = counted  # type: ignore[method-assign] # to count
    return lambda: len(questions)
