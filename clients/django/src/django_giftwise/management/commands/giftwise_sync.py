"""`manage.py giftwise_sync`: the engine is told of every object; what signals missed is repaired."""

from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Model
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from django_giftwise.checkpoint import Checkpoint
from django_giftwise.errors import Refused, Unavailable
from django_giftwise.full_sync import Tally, count, sync_model
from django_giftwise.registry import Declaration, registry
from django_giftwise.surface import MOST_LINES
from django_giftwise.transport import get_engine

SHOWN_FAILURES: Final = 20
_ORDER: Final = ("user", "business", "interaction")


class Command(BaseCommand):
    """Tell the engine of every object of the registered models, in bulk; interrupted, it goes on where it was."""

    help = "Tell giftwise of every object of the registered models. Interrupted, it goes on where it was."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The options."""
        parser.add_argument("models", nargs="*", help="Labels such as shop.Business; default: every registered model.")
        parser.add_argument("--dry-run", action="store_true", help="Make every body, send nothing.")
        parser.add_argument("--restart", action="store_true", help="Begin anew, whatever an earlier run has told.")
        parser.add_argument("--batch-size", type=int, default=1000, help="Objects in one call, 1 to 10,000.")
        parser.add_argument(
            "--checkpoint", type=Path, default=Path("giftwise_sync.json"), help="File that keeps how far it has come."
        )

    def handle(self, *_: Any, **options: Any) -> None:
        """Sync; CommandError where the engine stays away or an object could not be told."""
        if not 1 <= options["batch_size"] <= MOST_LINES:
            raise CommandError(f"--batch-size is 1 to {MOST_LINES}")
        chosen = self._chosen(options["models"])
        dry_run: bool = options["dry_run"]
        checkpoint = Checkpoint(options["checkpoint"])
        if not dry_run and not options["restart"] and checkpoint.load():
            self.stdout.write(f"going on from {checkpoint.path}")
        failed: list[str] = []
        for model, declaration in chosen:
            label = model._meta.label
            with self._bar(label, count(model, declaration, checkpoint)) as advance:
                try:
                    tally = sync_model(
                        get_engine(),
                        model,
                        declaration,
                        checkpoint,
                        batch_size=options["batch_size"],
                        dry_run=dry_run,
                        advance=advance,
                    )
                except (Unavailable, Refused) as error:
                    raise CommandError(f"{label}: {error}. Run giftwise_sync again to go on from here.") from error
            self.stdout.write(f"{label}: {_sentence(tally, dry_run=dry_run)}")
            failed += tally.failed
        if not dry_run:
            checkpoint.remove()
        for line in failed[:SHOWN_FAILURES]:
            self.stderr.write(line)
        if failed:
            raise CommandError(f"{len(failed)} objects could not be told")

    def _chosen(self, labels: list[str]) -> list[tuple[type[Model], Declaration]]:
        known = {model._meta.label_lower: (model, declaration) for model, declaration in registry}
        unknown = [label for label in labels if label.lower() not in known]
        if unknown:
            raise CommandError(f"not registered: {', '.join(unknown)}")
        pairs = [known[label.lower()] for label in labels] or list(known.values())
        return sorted(pairs, key=lambda pair: _ORDER.index(pair[1].kind))

    @contextmanager
    def _bar(self, label: str, total: int) -> Iterator[Callable[[int], None]]:
        """A progress bar on a terminal; elsewhere nothing, as the summary says it all."""
        if not self.stdout.isatty():
            yield lambda _: None
            return
        columns = (TextColumn(label), BarColumn(), MofNCompleteColumn(), TaskProgressColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Console()) as bars:
            task = bars.add_task(label, total=total)
            yield lambda done: bars.advance(task, done)


def _sentence(tally: Tally, *, dry_run: bool) -> str:
    told = f"{tally.told:,} {'would be told' if dry_run else 'told'}"
    return (
        told
        + (f", {tally.deleted:,} deleted" if tally.deleted else "")
        + (f", {len(tally.failed):,} failed" if tally.failed else "")
    )
