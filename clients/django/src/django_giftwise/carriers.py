"""Batches of changes in; the engine told of them, or a task queue given them, out."""

import logging
from collections.abc import Sequence
from typing import Final

from django_giftwise.changes import Change, tell
from django_giftwise.transport import get_engine

log: Final = logging.getLogger("django_giftwise")


def carry(changes: Sequence[Change]) -> None:
    """Send changes the configured way; a queue that takes no task is passed by.

    Raises Unavailable and Refused as `tell` does.
    """
    delivery = get_engine().config.delivery
    try:
        if delivery == "celery":
            from django_giftwise.tasks import tell_later

            tell_later.apply_async(([change.plain() for change in changes],), retry=False)
            return
        if delivery == "tasks":
            from django_giftwise.django_task import tell_once

            tell_once.enqueue([change.plain() for change in changes])
            return
    except Exception:
        log.exception("giftwise: %s takes no task; the engine is told directly", delivery)
    tell_now(changes)


def tell_now(changes: Sequence[Change]) -> None:
    """Tell the engine from this thread."""
    engine = get_engine()
    with engine.bulk_client() as client:
        tell(engine, client, changes)
