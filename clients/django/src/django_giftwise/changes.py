"""Changed objects in, the engine told of what they are now out: loaded from the database at the moment of sending."""

import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, cast

import httpx
from django.db.models import Model

from django_giftwise import surface
from django_giftwise.errors import Refused
from django_giftwise.registry import Declaration, InteractionModel, objects, registry
from django_giftwise.transport import Engine

log: Final = logging.getLogger("django_giftwise")


@dataclass(frozen=True, slots=True)
class Change:
    """An object was saved or deleted; which of both does not matter.

    What the database holds at the moment of sending is what counts, so two changes of one object may be told in any
    order, or only the last of them.
    """

    label: str  # of the model: shop.Business
    pk: str
    known_as: int | str | None  # the engine's id of it, to delete it by
    at: str  # ISO 8601

    @property
    def key(self) -> tuple[str, str]:
        """What one object is."""
        return self.label, self.pk

    def plain(self) -> dict[str, Any]:
        """As a task's argument."""
        return asdict(self)


def tell(engine: Engine, client: httpx.Client, changes: Sequence[Change]) -> None:
    """Bring the engine up to date on these objects; raises Unavailable where it cannot be told now.

    What it refuses for good is logged with its reason and not tried again.
    """
    by_label: dict[str, list[Change]] = {}
    for change in changes:
        by_label.setdefault(change.label, []).append(change)
    for label, some in by_label.items():
        declared = registry.by_label(label)
        if declared is not None:
            _tell_of(engine, client, *declared, some)


def _tell_of(
    engine: Engine, client: httpx.Client, model: type[Model], declaration: Declaration, changes: list[Change]
) -> None:
    latest = {change.pk: change for change in changes}
    found = {str(one.pk): one for one in objects(model, declaration).filter(pk__in=list(latest))}
    bodies, gone = [], []
    for pk, change in latest.items():
        instance = found.get(pk)
        if instance is None:
            gone.append(change.known_as)
            continue
        body = build(declaration, instance)
        if body is None:
            gone.append(change.known_as)
        elif body:
            if isinstance(declaration, InteractionModel) and body["timestamp"] is None:
                body["timestamp"] = change.at
            bodies.append(body)
    if bodies:
        done = engine.send(client, surface.bulk(declaration.kind, bodies))
        for rejected in done.rejected:
            log.error("giftwise rejects %s: %s", _name(declaration, bodies[rejected.index]), rejected.reason)
    if declaration.kind != "interaction":  # the engine has no call to take an interaction back
        for identifier in gone:
            if identifier is not None:
                _delete(engine, client, declaration, identifier)


def build(declaration: Declaration, instance: Model) -> dict[str, object] | None:
    """The body of an object; None where the engine may not have it, {} where its declaration fails on it."""
    try:
        if declaration.when is not None and not declaration.when(instance):
            return None
        return declaration.body(instance)
    except Exception:
        log.exception("giftwise: %s %s cannot be made a body", instance._meta.label, instance.pk)
        return {}


def _delete(engine: Engine, client: httpx.Client, declaration: Declaration, identifier: int | str) -> None:
    kind = cast("Any", declaration.kind)
    try:
        engine.send(client, surface.delete(kind, identifier))
    except Refused as error:
        log.error("giftwise refuses to delete %s %s: %s", kind, identifier, error)


def _name(declaration: Declaration, body: dict[str, object]) -> str:
    names = ("user_id", "business_id", "interaction_type") if declaration.kind == "interaction" else ("id",)
    return f"{declaration.kind} {' '.join(str(body[name]) for name in names)}"
