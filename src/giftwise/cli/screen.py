"""What people see on a terminal: one console, progress bars of long work, errors as one clear line."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn

console = Console(highlight=False)
errors = Console(stderr=True, highlight=False)


class Report(Protocol):
    """Called with a step's name and its percent (0..100)."""

    def __call__(self, step: str, percent: float) -> None: ...


@contextmanager
def progress(title: str) -> Iterator[Report]:
    """A bar while the block runs; where there is no terminal, one line per step."""
    if not console.is_terminal:
        yield _Lines(title)
        return
    columns = (
        SpinnerColumn(),
        TextColumn("[bold]{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TextColumn("[dim]{task.fields[step]}"),
    )
    with Progress(*columns, console=console) as bars:
        task = bars.add_task(title, total=100, step="")

        def report(step: str, percent: float) -> None:
            bars.update(task, completed=percent, step=step)

        yield report
        bars.update(task, completed=100, step="")


class _Lines:
    """Progress for logs and pipes: each step is said once."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.said: str | None = None

    def __call__(self, step: str, percent: float) -> None:
        if step != self.said:
            self.said = step
            console.print(f"{self.title}: {step} ({percent:.0f} %)")
