"""Settings and declarations in, what is wrong with them as `manage.py check` says it out."""

from collections.abc import Iterator, Sequence
from dataclasses import fields
from importlib.util import find_spec
from typing import Any, Final

from django.apps.config import AppConfig
from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model

from django_giftwise.conf import read
from django_giftwise.registry import Declaration, InteractionModel, Value, registry
from django_giftwise.signals import m2m_field

KINDS: Final = ("view", "like", "save", "share", "purchase")
_MODULES: Final = {"celery": ("celery",), "tasks": ("django.tasks", "django_tasks")}
_HINT: Final = "See GIFTWISE in the README of django-giftwise."


def register_checks() -> None:
    """Make `manage.py check` ask us."""
    checks.register(check_settings, "giftwise")
    checks.register(check_declarations, "giftwise")


def check_settings(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """Faults in settings.GIFTWISE."""
    config, faults = read(getattr(settings, "GIFTWISE", {}), debug=settings.DEBUG)
    found: list[CheckMessage] = [Error(f"GIFTWISE: {fault}.", hint=_HINT, id="giftwise.E001") for fault in faults]
    modules = _MODULES.get(config.delivery)
    if modules and not any(_is_installed(name) for name in modules):
        needed = " or ".join(modules)
        found.append(Error(f"GIFTWISE: DELIVERY is {config.delivery!r} without {needed}.", id="giftwise.E002"))
    return found


def check_declarations(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """Faults in what was registered."""
    if not list(registry):
        hint = "Call django_giftwise.register in a module `giftwise` of one of your apps."
        return [checks.Warning("No model is registered, so nothing is synced.", hint=hint, id="giftwise.W001")]
    return [message for model, declaration in registry for message in _faults(model, declaration)]


def _faults(model: type[Model], declaration: Declaration) -> Iterator[CheckMessage]:
    for item in fields(declaration):
        source = getattr(declaration, item.name)
        if item.name != "m2m" and isinstance(source, str) and not _has(model, source.split(".")[0]):
            message = f"{item.name}={source!r}: {model._meta.label} has no such field or attribute."
            yield Error(message, obj=model, id="giftwise.E003")
    for name in declaration.m2m:
        if m2m_field(model, name) is None:
            message = f"m2m: {name!r} is no many-to-many field of {model._meta.label}."
            yield Error(message, obj=model, id="giftwise.E004")
    if isinstance(declaration, InteractionModel):
        kind = declaration.interaction_type
        if isinstance(kind, Value) and kind.value not in KINDS:
            message = f"interaction_type is one of {', '.join(KINDS)}, not {kind.value!r}."
            yield Error(message, obj=model, id="giftwise.E005")
        if declaration.timestamp is None:
            message = "Without `timestamp` giftwise_sync records each interaction as of the moment of the sync."
            yield checks.Warning(message, obj=model, id="giftwise.W002")


def _has(model: type[Model], name: str) -> bool:
    try:
        model._meta.get_field(name)
    except FieldDoesNotExist:
        return hasattr(model, name)
    return True


def _is_installed(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:
        return False
