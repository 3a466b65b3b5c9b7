"""A report of an evaluation in; readable tables of it, group by group, on the terminal out."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from rich.markup import escape
from rich.table import Table

from giftwise.cli.screen import console
from giftwise.evaluation.figures import Figures
from giftwise.evaluation.intervals import Interval
from giftwise.evaluation.picture import GROUPS, counted
from giftwise.evaluation.report import Report

LEAST_USERS: Final = 10
"""Users below which nothing is said of who leads: a resampling of so few knows only those few."""


def show(report: Report) -> None:
    """One table a group, best NDCG first, then what each algorithm cost and what was chosen."""
    when = f", judged from {datetime.fromtimestamp(report.cut, UTC):%Y-%m-%d %H:%M}" if report.cut else ""
    console.print(
        f"\n{report.train:,} interactions learned from{when}; {report.users:,} users judged"
        f" ({report.cold:,} without a history, apart). Lists of {report.k} out of all items but the user's own."
        " In brackets: 95 % bootstrap interval over users."
    )
    for group, words in GROUPS.items():
        rows = {name: groups[group] for name, groups in report.figures.items() if group in groups}
        if rows:
            console.print(_group(f"{words}: {counted(next(iter(rows.values())).users)}", rows, report.against[group]))
    console.print(_costs(report))
    console.print("[dim]what several share is counted where it is learned first; memory is the process's peak[/dim]")
    if report.choice:
        found = {
            name: report.choice[name] for name in ("params", "ndcg", "default_ndcg", "users", "seconds", "finished")
        }
        console.print(f"[dim]collaborative: chose {escape(str(found))} in {len(report.choice['trials'])} trials[/dim]")
    if report.mix:
        console.print(f"[dim]mixed: chose {escape(str(report.mix['mix']))}[/dim]")
    for name, tuned in (report.tuned or {}).items():
        console.print(f"[dim]{name}: chose {escape(str(tuned['params']))} in {tuned['trials']} trials[/dim]")
    console.print(f"[dim]{report.seconds:.0f} s in all[/dim]")


def _group(title: str, rows: dict[str, Figures], against: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold")
    table.add_column("", no_wrap=True)
    for name in ("NDCG", "Recall", "Hit rate", "MRR", "Coverage", "Novelty", "Diversity", f"NDCG against {against}"):
        table.add_column(name, justify="right", no_wrap=name.startswith("NDCG against"))
    for name, figures in sorted(rows.items(), key=lambda row: -row[1].ndcg):
        table.add_row(escape(name), *_cells(figures))
    return table


def _cells(figures: Figures) -> Iterator[str]:
    for measure in ("ndcg", "recall", "hit_rate", "mrr"):
        yield _spanned(getattr(figures, measure), figures.intervals.get(measure))
    yield f"{figures.coverage:.3f}"
    for measure in ("novelty", "diversity"):
        yield _spanned(getattr(figures, measure), figures.intervals.get(measure))
    yield _verdict(figures.lead.get("ndcg"), figures.users)


def _spanned(mean: float | None, ends: tuple[float, float] | None) -> str:
    if mean is None or ends is None:
        return "-"
    digits = 4 if abs(mean) < 1 else 2
    return f"{mean:.{digits}f}\n[dim]{ends[0]:.{digits}f}-{ends[1]:.{digits}f}[/dim]"


def _verdict(lead: Interval | None, users: int) -> str:
    if lead is None:
        return ""
    if users < LEAST_USERS:
        return "too few users"
    word = "[green]ahead[/green]" if lead.low > 0 else "[red]behind[/red]" if lead.high < 0 else "even"
    return f"{word} {lead.mean:+.4f}\n[dim]{lead.low:+.4f} to {lead.high:+.4f}[/dim]"


def _costs(report: Report) -> Table:
    table = Table(title="what it took", title_justify="left", title_style="bold")
    for name in ("", "learning s", "ranking s", "peak memory MB"):
        table.add_column(name, justify="right" if name else "left")
    for name, cost in report.costs.items():
        table.add_row(escape(name), f"{cost.fit_seconds:.1f}", f"{cost.rank_seconds:.1f}", f"{cost.peak_mb:,.0f}")
    return table
