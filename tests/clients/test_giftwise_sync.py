"""The promises of `giftwise_sync`: everything is told, an interruption costs one batch, a dry run tells nothing."""

from io import StringIO
from pathlib import Path

import httpx
import pytest
from django.core.management import CommandError, call_command

from django_giftwise import full_sync
from django_giftwise.testing import FakeEngine
from tests.clients.shop.models import Customer, Favourite, Shop, Word


@pytest.fixture
def town(engine: FakeEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeEngine:
    """Ten shops, five customers and their favourites that the engine was not told of."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(full_sync, "FIRST_PAUSE_SECONDS", 0.001)
    word = Word.objects.create(name="coffee")
    shops = Shop.objects.bulk_create(Shop(title=f"shop {number}", kind=word) for number in range(10))
    people = Customer.objects.bulk_create(Customer(name=f"person {number}") for number in range(5))
    Favourite.objects.bulk_create(Favourite(customer=one, shop=shop) for one in people for shop in shops[:3])
    assert engine.calls == []
    return engine


def run(*arguments: str) -> str:
    """What the command prints."""
    out = StringIO()
    call_command("giftwise_sync", *arguments, stdout=out)
    return out.getvalue()


def test_everything_is_told_in_bulk(town: FakeEngine, tmp_path: Path) -> None:
    """Users, businesses, interactions with their time; no checkpoint is left."""
    output = run("--batch-size", "4")
    assert "shop.Shop: 10 told" in output
    assert (len(town.users), len(town.businesses), len(town.interactions)) == (5, 10, 15)
    assert town.calls.count(("POST", "/sync/businesses")) == 3
    liked = Favourite.objects.first()
    assert liked is not None
    key = (str(liked.customer_id), str(liked.shop_id), "like")  # type: ignore[attr-defined] # made by Django
    assert town.interactions[key]["timestamp"] == liked.created_at.isoformat()
    assert list(tmp_path.iterdir()) == []


def test_a_dry_run_tells_nothing(town: FakeEngine, tmp_path: Path) -> None:
    """Bodies are made, so that a failing declaration shows; nothing is sent or written."""
    assert "shop.Favourite: 15 would be told" in run("--dry-run")
    assert town.calls == []
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_sync_goes_on_where_it_was(town: FakeEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was acknowledged is not sent again; what was not, is."""
    answer, bulk_calls = town.answer, 0

    def fail_at_the_fourth(request: httpx.Request) -> httpx.Response:
        nonlocal bulk_calls
        bulk_calls += 1
        if bulk_calls >= 4:
            return httpx.Response(503)
        return answer(request)

    with monkeypatch.context() as patch:
        patch.setattr("django_giftwise.transport.Engine.bulk_client", lambda _: client_of(fail_at_the_fourth))
        with pytest.raises(CommandError, match="Run giftwise_sync again"):
            run("--batch-size", "4")
    assert (len(town.users), len(town.businesses)) == (5, 4)
    told = len(town.calls)
    assert "going on from" in run("--batch-size", "4")
    assert (len(town.users), len(town.businesses), len(town.interactions)) == (5, 10, 15)
    assert town.calls[told:].count(("POST", "/sync/users")) == 0
    assert town.calls[told:].count(("POST", "/sync/businesses")) == 2


def test_a_short_outage_is_sat_out(town: FakeEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A restart of the engine in the middle is no reason to give up."""
    answer, seen = town.answer, 0

    def stumble(request: httpx.Request) -> httpx.Response:
        nonlocal seen
        seen += 1
        return httpx.Response(503) if seen in (2, 3) else answer(request)

    monkeypatch.setattr("django_giftwise.transport.Engine.bulk_client", lambda _: client_of(stumble))
    run()
    assert len(town.businesses) == 10


def test_rejected_and_withdrawn_objects_are_named(town: FakeEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rejected line fails the command at its end, not in its middle; what `when` withdraws is deleted there."""
    run()
    closed = Shop.objects.order_by("pk")[0]
    Shop.objects.filter(pk=closed.pk).update(is_open=False)
    answer = town.answer

    def reject_one(request: httpx.Request) -> httpx.Response:
        found = answer(request)
        if request.url.path == "/sync/users":
            lines = found.json()
            lines[1] = {"index": 1, "status": "error", "error": {"detail": "/email: too long"}}
            return httpx.Response(200, json=lines)
        return found

    monkeypatch.setattr("django_giftwise.transport.Engine.bulk_client", lambda _: client_of(reject_one))
    with pytest.raises(CommandError, match="1 objects could not be told"):
        run()
    assert str(closed.pk) not in town.businesses
    assert len(town.businesses) == 9


def test_one_model_may_be_named(town: FakeEngine) -> None:
    """By its label, whatever the case; another name is refused."""
    run("shop.shop")
    assert (len(town.users), len(town.businesses)) == (0, 10)
    with pytest.raises(CommandError, match=r"not registered: shop\.Nothing"):
        run("shop.Nothing")


def client_of(answer: object) -> httpx.Client:
    """A client of a function."""
    return httpx.Client(base_url="http://giftwise.test", transport=httpx.MockTransport(answer))  # type: ignore[arg-type] # a handler
