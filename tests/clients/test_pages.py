"""The promises to a page: recommendations when there are any, the rest of the page always."""

import logging

import pytest
from django.test import AsyncClient, Client, override_settings

from django_giftwise import AsyncGiftwise, Giftwise, Refused, Unavailable
from django_giftwise.testing import FakeEngine
from tests.clients.shop.models import Customer, Shop, Word
from tests.clients.shop.project import NOBODY


@pytest.fixture
def anna(engine: FakeEngine) -> Customer:
    """A customer, in a world of three shops."""
    word = Word.objects.create(name="coffee")
    for title in ("one", "two", "three"):
        Shop.objects.create(title=title, kind=word)
    return Customer.objects.create(name="anna")


def test_a_page_shows_what_the_engine_recommends(engine: FakeEngine, anna: Customer) -> None:
    """In the engine's order, with what the page left out left out."""
    first, second, third = Shop.objects.order_by("pk")
    engine.recommends(anna.pk, [third.pk, first.pk, second.pk])
    answer = Client().get(f"/home/{anna.pk}")
    assert answer.json() == {"title": "Welcome", "shops": [third.pk, first.pk, second.pk]}
    found = Giftwise().recommend(anna.pk, max_results=1, exclude_ids=[third.pk], location=(55.7, 37.6))
    assert [one.name for one in found] == ["one"]
    assert found.source == "database"


def test_a_page_is_whole_without_the_engine(engine: FakeEngine, anna: Customer) -> None:
    """The list is empty, the status 200, and soon nothing is even asked."""
    engine.down = True
    for _ in range(3):
        answer = Client().get(f"/home/{anna.pk}")
        assert (answer.status_code, answer.json()) == (200, {"title": "Welcome", "shops": []})


async def test_a_page_of_coroutines_is_whole_too(engine: FakeEngine) -> None:
    """AsyncGiftwise is as quiet as Giftwise."""
    engine.recommends(7, [3])
    assert (await AsyncClient().get("/async/7")).json()["shops"] == [3]
    engine.down = True
    assert (await AsyncClient().get("/async/7")).json() == {"title": "Welcome", "shops": []}
    assert await AsyncGiftwise().record(7, 3, "view") is False


def test_an_unknown_user_is_no_error(engine: FakeEngine) -> None:
    """Somebody who is not synced yet has no recommendations, in DEBUG too."""
    assert list(Giftwise().recommend(999)) == []
    assert Giftwise().delete_user(999) is False


def test_what_no_model_stands_for_is_recorded_by_hand(engine: FakeEngine) -> None:
    """Views of a page, say; and read back, newest first."""
    assert Giftwise().record(1, 2, "view", weight=0.5) is True
    assert Giftwise().sync_user(1, username="anna", interests=["coffee"], location=(55.7, 37.6)) is True
    (deed,) = Giftwise().interactions(1)
    assert (deed.business_id, deed.type, deed.weight) == (2, "view", 0.5)


def test_with_debug_errors_are_raised() -> None:
    """In development a wrong password or a missing engine should be seen."""
    with override_settings(DEBUG=True, GIFTWISE={"URL": NOBODY}), pytest.raises(Unavailable):
        Giftwise().recommend(1)


def test_a_refusal_is_logged_and_not_raised(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """As an error: it will not heal by itself."""

    def refuse(*_: object) -> None:
        raise Refused(401, "HTTP Basic credentials are needed")

    monkeypatch.setattr("django_giftwise.transport.Engine.ask", refuse)
    assert Giftwise().record(1, 2, "view") is False
    assert (
        "django_giftwise",
        logging.ERROR,
        "giftwise could not be asked: 401: HTTP Basic credentials are needed",
    ) in (caplog.record_tuples)


@pytest.mark.parametrize("wrong", [{}, {"URL": "localhost"}, {"URL": NOBODY, "TIMEOUT": "1"}])
def test_wrong_settings_break_no_page(wrong: dict[str, object]) -> None:
    """The system check says so at deployment; a page that runs all the same is whole."""
    with override_settings(GIFTWISE=wrong):
        assert list(Giftwise().recommend(1)) == []


def test_switched_off_it_is_silent() -> None:
    """ENABLED = False needs no address and raises nothing, in DEBUG either."""
    with override_settings(DEBUG=True, GIFTWISE={"ENABLED": False}):
        assert list(Giftwise().recommend(1)) == []
        assert Giftwise().record(1, 2, "view") is False
