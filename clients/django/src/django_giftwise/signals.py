"""Django's signals in, changes handed on after the commit out. Nothing here raises into a save, unless DEBUG."""

import logging
from collections.abc import Callable
from functools import partial, wraps
from typing import Any, Final, ParamSpec

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db import router, transaction
from django.db.models import ManyToManyField, Model
from django.db.models.signals import m2m_changed, post_delete, post_save
from django.utils import timezone

from django_giftwise.changes import Change
from django_giftwise.conf import raises_errors
from django_giftwise.delivery import deliver
from django_giftwise.registry import Declaration, registry

P = ParamSpec("P")

log: Final = logging.getLogger("django_giftwise")
_UID: Final = "django_giftwise"


def connect() -> None:
    """Listen to every declared model, and to the many-to-many fields that its body reads."""
    for model, declaration in registry:
        for sender in (model, *_proxies(model)):
            post_save.connect(_saved, sender=sender, dispatch_uid=_UID)
            post_delete.connect(_deleted, sender=sender, dispatch_uid=_UID)
        for name in declaration.m2m:
            field = m2m_field(model, name)
            if field is not None:
                m2m_changed.connect(_related, sender=field.remote_field.through, dispatch_uid=f"{_UID} {model} {name}")


def _proxies(model: type[Model]) -> list[type[Model]]:
    """Models over the same table, whose saves Django reports in their own name."""
    return [other for other in apps.get_models() if other._meta.proxy and other._meta.concrete_model is model]


def m2m_field(model: type[Model], name: str) -> "ManyToManyField[Any, Any] | None":
    """The many-to-many field of that name, or None; the system checks say so."""
    try:
        field = model._meta.get_field(name)
    except FieldDoesNotExist:
        return None
    return field if isinstance(field, ManyToManyField) else None


def _quiet(receiver: Callable[P, None]) -> Callable[P, None]:
    """A save must not fail for our sake."""

    @wraps(receiver)
    def quietly(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            receiver(*args, **kwargs)
        except Exception:
            if raises_errors():
                raise
            log.exception("giftwise: a change is not told; run giftwise_sync")

    return quietly


@_quiet
def _saved(sender: type[Model], instance: Model, raw: bool = False, using: str | None = None, **_: object) -> None:
    if not raw:  # a fixture being loaded: the rows that a body reads may not be there yet
        _changed(sender, instance, using)


@_quiet
def _deleted(sender: type[Model], instance: Model, using: str | None = None, **_: object) -> None:
    _changed(sender, instance, using)


@_quiet
def _related(
    sender: type[Model],
    instance: Model,
    *,
    action: str,
    reverse: bool,
    model: type[Model],
    pk_set: set[Any] | None,
    using: str | None = None,
    **_: object,
) -> None:
    """Words were added to an object or, in reverse, objects to a word."""
    if not action.startswith("post_"):
        return
    if not reverse:
        _changed(type(instance), instance, using)
    elif pk_set:  # after a clear() from the other side it is not known whom it touched: giftwise_sync repairs that
        for one in model._default_manager.using(using).filter(pk__in=pk_set):
            _changed(model, one, using)


def _changed(model: type[Model], instance: Model, using: str | None) -> None:
    declaration = registry.find(model)
    if declaration is None:
        return
    change = Change(
        label=_label(model),
        pk=str(instance.pk),
        known_as=_known_as(declaration, instance),
        at=timezone.now().isoformat(),
    )
    transaction.on_commit(
        partial(_quiet(deliver), change), using=using or router.db_for_write(model, instance=instance)
    )


def _label(model: type[Model]) -> str:
    return next(known._meta.label for known, _ in registry if known in (model, model._meta.concrete_model))


def _known_as(declaration: Declaration, instance: Model) -> int | str | None:
    return None if declaration.kind == "interaction" else declaration.identify(instance)
