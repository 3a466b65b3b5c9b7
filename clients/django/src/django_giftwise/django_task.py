"""The task that tells the engine, for django.tasks (Django 6) or its backport; imported on first use.

Such a task has no retries: what fails stands in the backend as failed, and giftwise_sync repairs it.
"""

from typing import Any

from django_giftwise.carriers import tell_now
from django_giftwise.changes import Change

try:
    from django.tasks import task
except ImportError:  # Django 5.2
    from django_tasks import task  # type: ignore[no-redef,unused-ignore] # the one that is there


@task()
def tell_once(changes: list[dict[str, Any]]) -> None:
    """Tell the engine of these objects as they are now."""
    tell_now([Change(**change) for change in changes])
