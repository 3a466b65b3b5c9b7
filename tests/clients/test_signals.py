"""The promises of signals: after the commit, and only then, the engine has what the database has."""

import pytest
from django.core.management import call_command
from django.db import transaction

from django_giftwise.testing import FakeEngine
from tests.clients.shop.models import Cafe, Customer, Favourite, Shop, Word


def make_shop(title: str = "Corner Roastery", **others: object) -> Shop:
    """A saved shop that sells coffee."""
    coffee, _ = Word.objects.get_or_create(name="coffee")
    return Shop.objects.create(title=title, kind=coffee, **others)


def test_saved_objects_are_told_as_declared(engine: FakeEngine) -> None:
    """Every field by its declaration: attributes, callables, many-to-many, decimals, a location."""
    shop = make_shop(about="Fresh", lat=55.75, lon=37.62, stars="4.5", votes=12)
    shop.words.add(Word.objects.create(name="cake"))
    anna = Customer.objects.create(name="anna", email="anna@example.com")
    anna.likes.add(shop.kind)
    liked = Favourite.objects.create(customer=anna, shop=shop)
    assert engine.businesses == {
        str(shop.pk): {
            "id": shop.pk, "name": "Corner Roastery", "description": "Fresh", "categories": ["coffee"],
            "tags": ["cake"], "location": {"lat": 55.75, "lon": 37.62}, "popularity_score": None, "rating": 4.5,
            "rating_count": 12,
        }
    }  # fmt: skip
    assert engine.users[str(anna.pk)] == {
        "id": anna.pk, "username": "anna", "email": "anna@example.com", "interests": ["coffee"], "location": None,
    }  # fmt: skip
    (deed,) = engine.interactions.values()
    assert (deed["user_id"], deed["business_id"], deed["interaction_type"]) == (anna.pk, shop.pk, "like")
    assert deed["timestamp"] == liked.created_at.isoformat()


def test_nothing_is_told_before_the_commit_nor_after_a_rollback(engine: FakeEngine) -> None:
    """The engine never knows what the database does not hold."""
    with transaction.atomic():
        make_shop()
        assert engine.calls == []
    assert len(engine.businesses) == 1
    told = len(engine.calls)

    class Stop(Exception):
        pass

    with pytest.raises(Stop), transaction.atomic():
        make_shop("Another")
        raise Stop
    assert len(engine.calls) == told


def test_what_is_deleted_or_withdrawn_is_deleted_there(engine: FakeEngine) -> None:
    """`when` turning false deletes, turning true brings back; a deleted row is deleted, children included."""
    shop, anna = make_shop(), Customer.objects.create(name="anna")
    shop.is_open = False
    shop.save()
    assert engine.businesses == {}
    shop.is_open = True
    shop.save()
    assert len(engine.businesses) == 1
    Favourite.objects.create(customer=anna, shop=shop)
    shop.delete()
    anna.delete()
    assert (engine.businesses, engine.users, engine.interactions) == ({}, {}, {})


def test_a_proxy_is_the_model_behind_it(engine: FakeEngine) -> None:
    """Saved and deleted by another name, it is the same business."""
    shop = make_shop()
    cafe = Cafe.objects.get(pk=shop.pk)
    cafe.title = "renamed by proxy"
    cafe.save()
    assert engine.businesses[str(shop.pk)]["name"] == "renamed by proxy"
    cafe.delete()
    assert engine.businesses == {}


def test_many_to_many_changes_are_told_from_both_sides(engine: FakeEngine) -> None:
    """shop.words.add(word), word.shops.add(shop) and their removal."""
    shop = make_shop()
    cake, tea = Word.objects.create(name="cake"), Word.objects.create(name="tea")
    shop.words.add(cake)
    tea.shops.add(shop)  # type: ignore[attr-defined] # made by Django
    assert engine.businesses[str(shop.pk)]["tags"] == ["cake", "tea"]
    tea.shops.remove(shop)  # type: ignore[attr-defined] # made by Django
    shop.words.clear()
    assert engine.businesses[str(shop.pk)]["tags"] == []


def test_a_fixture_being_loaded_tells_nothing(engine: FakeEngine, tmp_path: object) -> None:
    """Rows that a body reads may not be there yet; giftwise_sync tells of them afterwards."""
    shop = make_shop()
    Shop.objects.filter(pk=shop.pk).update(title="Renamed unseen")
    path = f"{tmp_path}/shops.json"
    call_command("dumpdata", "shop", output=path, verbosity=0)
    told = len(engine.calls)
    call_command("loaddata", path, verbosity=0)
    assert len(engine.calls) == told


def test_a_declaration_that_fails_breaks_no_save(
    engine: FakeEngine, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The object is left out, the log names it, everything else goes on."""
    shop = make_shop()
    monkeypatch.setattr(Word, "__str__", lambda _: 1 / 0)
    shop.words.add(shop.kind)
    assert f"shop.Shop {shop.pk} cannot be made a body" in caplog.text
    monkeypatch.undo()
    shop.save()
    assert engine.businesses[str(shop.pk)]["tags"] == ["coffee"]


def test_bulk_writes_and_updates_are_left_to_giftwise_sync(engine: FakeEngine) -> None:
    """Django sends no signals for them; this test would fail the day it does."""
    shop = make_shop()
    Shop.objects.filter(pk=shop.pk).update(title="Renamed unseen")
    assert engine.businesses[str(shop.pk)]["name"] == "Corner Roastery"
    call_command("giftwise_sync", verbosity=0)
    assert engine.businesses[str(shop.pk)]["name"] == "Renamed unseen"
