"""Every object of the declared models in, the engine told of all of them in bulk out, batch by batch."""

import logging
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar, cast

import httpx
from django.db.models import Model

from django_giftwise import surface
from django_giftwise.changes import build
from django_giftwise.checkpoint import Checkpoint
from django_giftwise.errors import Unavailable
from django_giftwise.registry import Declaration, objects
from django_giftwise.surface import Call
from django_giftwise.transport import Engine

Answer = TypeVar("Answer")

log: Final = logging.getLogger("django_giftwise")
ATTEMPTS: Final = 6  # of one batch, with doubling pauses between: about a quarter of a minute
FIRST_PAUSE_SECONDS: Final = 0.5


@dataclass(slots=True)
class Tally:
    """What became of a model's objects."""

    told: int = 0
    deleted: int = 0  # that the engine had and may not have
    failed: list[str] = field(default_factory=list)  # a sentence for each object that cannot be told


def count(model: type[Model], declaration: Declaration, checkpoint: Checkpoint) -> int:
    """How many objects are still to be looked at."""
    return 0 if checkpoint.is_done(model._meta.label) else _rest(model, declaration, checkpoint).count()


def sync_model(
    engine: Engine,
    model: type[Model],
    declaration: Declaration,
    checkpoint: Checkpoint,
    *,
    batch_size: int,
    dry_run: bool,
    advance: Callable[[int], None],
) -> Tally:
    """Tell the engine of every object of a model that the checkpoint has not passed.

    `advance` gets the number of objects of each batch that is done. Raises Unavailable where the engine stays away;
    what was told by then is in the checkpoint. With `dry_run` bodies are made and nothing is sent or kept.
    """
    tally = Tally()
    label = model._meta.label
    if checkpoint.is_done(label):
        return tally
    with engine.bulk_client() as client:
        for batch in _batches(model, declaration, checkpoint, batch_size):
            _tell(engine, client, declaration, batch, tally, dry_run=dry_run)
            if not dry_run:
                checkpoint.reach(label, str(batch[-1].pk))
            advance(len(batch))
    if not dry_run:
        checkpoint.finish(label)
    return tally


def _rest(model: type[Model], declaration: Declaration, checkpoint: Checkpoint) -> Any:
    query = objects(model, declaration).order_by("pk")
    last = checkpoint.last(model._meta.label)
    return query if last is None else query.filter(pk__gt=last)


def _batches(model: type[Model], declaration: Declaration, checkpoint: Checkpoint, size: int) -> Iterator[list[Model]]:
    """By primary key and not by offset: rows that come and go meanwhile move nothing, and nothing is held open."""
    query = _rest(model, declaration, checkpoint)
    batch = list(query[:size])
    while batch:
        yield batch
        batch = list(query.filter(pk__gt=batch[-1].pk)[:size]) if len(batch) == size else []


def _tell(
    engine: Engine,
    client: httpx.Client,
    declaration: Declaration,
    batch: list[Model],
    tally: Tally,
    *,
    dry_run: bool,
) -> None:
    bodies, told, hidden = [], [], []
    for instance in batch:
        body = build(declaration, instance)
        if body is None:
            hidden.append(instance)
        elif body:
            bodies.append(body)
            told.append(instance)
        else:
            tally.failed.append(f"{instance._meta.label} {instance.pk}: its declaration fails, see the log")
    tally.told += len(bodies)
    if dry_run:
        return
    if bodies:
        done = _patiently(engine, client, surface.bulk(declaration.kind, bodies))
        tally.told -= len(done.rejected)
        for rejected in done.rejected:
            instance = told[rejected.index]
            tally.failed.append(f"{instance._meta.label} {instance.pk}: {rejected.reason}")
    if declaration.kind != "interaction":
        kind = cast("Any", declaration.kind)
        for instance in hidden:
            tally.deleted += _patiently(engine, client, surface.delete(kind, declaration.identify(instance)))


def _patiently(engine: Engine, client: httpx.Client, call: Call[Answer]) -> Answer:
    """Several attempts: a restart of the engine in the middle of a long sync is nothing to give up for."""
    for attempt in range(ATTEMPTS):
        try:
            return engine.send(client, call)
        except Unavailable:
            if attempt + 1 == ATTEMPTS:
                raise
            time.sleep(FIRST_PAUSE_SECONDS * 2**attempt * random.uniform(0.5, 1.5))  # noqa: S311 - jitter
    raise AssertionError("a last attempt answers or raises")
