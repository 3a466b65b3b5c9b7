"""The promises of the system checks: each mistake is named where it was made, and a right project is silent."""

import pytest
from django.core.checks import run_checks
from django.test import override_settings

from django_giftwise import BusinessModel, InteractionModel, UserModel, Value, registry
from django_giftwise.registry import Declaration
from tests.clients.shop.models import Favourite
from tests.clients.shop.project import NOBODY


def found() -> dict[str, str]:
    """The messages of our checks, by id."""
    return {str(one.id): str(one.msg) for one in run_checks(tags=["giftwise"])}


def test_a_right_project_is_silent() -> None:
    """The project of these tests."""
    assert found() == {}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "GIFTWISE: URL is the engine's address"),
        ({"URL": NOBODY, "TIMEOUTS": 1}, "GIFTWISE: TIMEOUTS is not a setting"),
        ({"URL": NOBODY, "TIMEOUT": "1"}, "GIFTWISE: TIMEOUT is float, not str"),
        ({"URL": NOBODY, "TIMEOUT": 0}, "GIFTWISE: TIMEOUT is above 0"),
        ({"URL": NOBODY, "DELIVERY": "pigeon"}, "GIFTWISE: DELIVERY is one of background, celery, tasks"),
    ],
)
def test_wrong_settings_are_named(settings: dict[str, object], message: str) -> None:
    """Each by what is wrong with it."""
    with override_settings(GIFTWISE=settings):
        assert found()["giftwise.E001"].startswith(message)


@pytest.mark.parametrize(
    ("declaration", "identifier", "message"),
    [
        (BusinessModel(name="titel"), "giftwise.E003", "name='titel': shop.Favourite has no such field or attribute."),
        (UserModel(username="shop.title", m2m=("shop",)), "giftwise.E004", "'shop' is no many-to-many field"),
        (InteractionModel(user_id="customer_id", business_id="shop_id", interaction_type=Value("click")),
         "giftwise.E005", "not 'click'"),
        (InteractionModel(user_id="customer_id", business_id="shop_id", interaction_type=Value("like")),
         "giftwise.W002", "as of the moment of the sync"),
    ],
)  # fmt: skip
def test_wrong_declarations_are_named(
    declaration: Declaration, identifier: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each with its model and its field."""
    monkeypatch.setattr(registry.registry, "_declared", {Favourite: declaration})
    assert message in found()[identifier]


def test_a_project_that_registers_nothing_is_warned(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would sync nothing, silently."""
    monkeypatch.setattr(registry.registry, "_declared", {})
    assert list(found()) == ["giftwise.W001"]
