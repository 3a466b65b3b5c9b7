"""Public data sets in; the tables of docs/explanation/quality.md, as Markdown, out.

Runs `giftwise evaluate` on each, with the defaults and all baselines where there are items and users. Reads
../shared/data (its README says what is there and what others publish on the same splits). Run:
python benchmarks/quality.py [name ...]
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
NAMES = ("gowalla", "amazon-book", "online-retail", "ml-100k")
CSV = ("--baselines", "--budget", "60")
COLUMNS = ("NDCG@20", "lead over {against}", "Recall@20", "hit rate", "MRR", "coverage", "novelty", "diversity")
TITLES = {
    "all": "Everyone with a history",
    "3+": "3 interactions and more",
    "3+ cut to 2": "The same, of whom only the newest 2 are told",
    "1-2": "1-2 interactions",
    "0": "No history",
    "new items": "New items alone",
}
LEAST_USERS = 10


def main(names: list[str]) -> int:
    """Evaluate the named data sets, all by default; 1 where the data is not there."""
    if not DATA.is_dir():
        print(f"The data sets are not here: {DATA} does not exist. Nothing was measured.", file=sys.stderr)
        return 1
    for name in names or NAMES:
        print(f"### {name}\n")
        show(_evaluate(DATA / name))
    return 0


def show(report: dict[str, Any]) -> None:
    """Print the tables of one report, as `giftwise evaluate --json` gives it."""
    for group, title in TITLES.items():
        rows = {name: groups[group] for name, groups in report["figures"].items() if group in groups}
        if rows and next(iter(rows.values()))["users"] >= LEAST_USERS:
            print(_table(title, rows, report["against"][group]))
    print(_choice(report))


def _evaluate(folder: Path) -> dict[str, Any]:
    published = (folder / "train.txt.gz").exists()
    files = ("train", "test") if published else ("items", "users", "interactions")
    ending = "txt.gz" if published else "csv.gz"
    options = [word for file in files for word in (f"--{file}", str(folder / f"{file}.{ending}"))]
    command = [sys.executable, "-m", "giftwise", "evaluate", *options, *(() if published else CSV), "--json"]
    report: dict[str, Any] = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return report


def _table(title: str, rows: dict[str, dict[str, Any]], against: str) -> str:
    users = next(iter(rows.values()))["users"]
    lines = [f"**{title}**, {users:,} users:", ""]
    lines.append("| | " + " | ".join(COLUMNS).format(against=against) + " |")
    lines.append("|" + "---|" * (len(COLUMNS) + 1))
    for name, one in sorted(rows.items(), key=lambda row: -row[1]["ndcg"]):
        cells = [
            _with_interval(one, "ndcg"),
            _lead(one),
            _with_interval(one, "recall"),
            f"{one['hit_rate']:.2f}".lstrip("0"),
            f"{one['mrr']:.2f}".lstrip("0"),
            f"{one['coverage']:.3f}".lstrip("0"),
            f"{one['novelty']:.1f}",
            f"{one['diversity']:.2f}".lstrip("0"),
        ]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join([*lines, ""])


def _with_interval(one: dict[str, Any], measure: str) -> str:
    low, high = one["intervals"][measure]
    return f"{one[measure]:.3f} ({low:.3f}-{high:.3f})".replace("0.", ".")


def _lead(one: dict[str, Any]) -> str:
    lead = one["lead"].get("ndcg")
    if lead is None:
        return ""
    word = "ahead" if lead["low"] > 0 else "behind" if lead["high"] < 0 else "even"
    return f"{word} {lead['mean']:+.3f} ({lead['low']:+.3f} to {lead['high']:+.3f})".replace("0.", ".")


def _choice(report: dict[str, Any]) -> str:
    costs = ", ".join(
        f"{name} {cost['fit_seconds']:.0f} s and {cost['peak_mb']:.0f} MB" for name, cost in report["costs"].items()
    )
    words = [f"Whole report: {report['seconds']:.0f} s. Learning, choice included: {costs}."]
    if report.get("choice"):
        choice = report["choice"]
        cuts = ", ".join(
            f"K {cut['neighbours']}: {cut['ndcg']:.4f}, {cut['bytes'] / 1e6:.1f} MB" for cut in choice["cuts"]
        )
        words += [f"Chosen: {choice['params']}", f"Uncut {choice['full_ndcg']:.4f}; {cuts}"]
    if report.get("mix"):
        words.append(f"Mixed: {report['mix']}")
    return "\n".join(words)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
