"""The Celery task that tells the engine; a worker finds it by `autodiscover_tasks`, as those of any app."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from celery import Task, shared_task

from django_giftwise.carriers import tell_now
from django_giftwise.changes import Change
from django_giftwise.errors import Unavailable

MOST_RETRIES: Final = 16  # with the pauses below, 40 minutes on average; after that giftwise_sync repairs


@shared_task(
    bind=True,
    name="django_giftwise.tell_later",
    ignore_result=True,
    autoretry_for=(Unavailable,),
    retry_backoff=1,
    retry_backoff_max=600,
    retry_jitter=True,
    max_retries=MOST_RETRIES,
)
def tell_later(_task: Task[Any, None], changes: Sequence[Mapping[str, Any]]) -> None:
    """Tell the engine of these objects as they are now; again later where it cannot be told."""
    tell_now([Change(**change) for change in changes])
