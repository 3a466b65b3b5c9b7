"""`giftwise evaluate` from the command line to the report: files, live data, JSON, picture, and what is refused."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

from giftwise.cli.evaluate import _read
from giftwise.cli.main import app
from giftwise.evaluation.plan import Plan, evaluate_world
from giftwise.evaluation.published import UnreadableSplit
from giftwise.seeding.csvs import import_csv
from giftwise.settings import get_settings
from tests.conftest import MakeDatabase

GROUP, GROUPS, ITEMS = 12, 4, 10
CLICKER = "g0m0"


def lines(*, clicks: int = 1) -> list[str]:
    """Interactions of four circles of twelve, each with ten items of its own; one person clicks one item often.

    All but two items are liked before a day, the other two after it; two strangers come only after it.
    """
    rows = []
    for group in range(GROUPS):
        for member in range(GROUP):
            own = [(member + step) % ITEMS for step in range(8)]
            for place, item in enumerate(own):
                day = 1 + place if place < 6 else 20
                rows.append(f"g{group}m{member},{group * ITEMS + item},like,2025-03-{day:02}T10:00:{member:02}")
    rows += [f"stranger{n},{n},like,2025-03-25T10:00:00" for n in range(2)]
    rows += [f"{CLICKER},39,click,2025-03-01T{20 - n // 60:02}:{59 - n % 60:02}:00" for n in range(clicks)]
    return rows


def write_csv(folder: Path, **how: int) -> list[str]:
    """The three files, as options of the command."""
    items = [f"{n},Gift {n},{10 + n},EUR,2025-01-01T00:00:00" for n in range(GROUPS * ITEMS)]
    users = [f"g{group}m{member},{'fm'[group % 2]},{20 + group}" for group in range(GROUPS) for member in range(GROUP)]
    files = {
        "items": ["id,title,price,currency,created_at", *items],
        "users": ["id,gender,age", *users],
        "interactions": ["user_id,item_id,kind,occurred_at", *lines(**how)],
    }
    options = []
    for name, content in files.items():
        (folder / f"{name}.csv").write_text("\n".join(content) + "\n")
        options += [f"--{name}", str(folder / f"{name}.csv")]
    return options


def run(*arguments: str) -> str:
    """What the command prints to standard output; it must end well."""
    result = CliRunner().invoke(app, ["evaluate", *arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


def write_published(folder: Path) -> list[str]:
    """Two circles of ten users share six items each, and each user lacks one of them in train: as options."""
    train, test = [], []
    for user in range(20):
        items = [user % 2 * 6 + place for place in range(6)]
        test.append(f"{user} {items.pop(user // 2 % 6)}")
        train.append(f"{user} {' '.join(map(str, items))}")
    (folder / "train.txt").write_text("\n".join(train))
    (folder / "test.txt").write_text("\n".join(test))
    return ["--train", str(folder / "train.txt"), "--test", str(folder / "test.txt")]


def test_a_published_split(tmp_path: Path) -> None:
    """Two files in, JSON out: the item that a user lacks of their circle's is found."""
    report = json.loads(run(*write_published(tmp_path), "--k", "1", "--budget", "5", "--json"))
    assert report["figures"]["collaborative"]["all"]["recall"] == 1
    assert report["figures"]["popular"]["all"]["recall"] < 1
    assert (report["users"], report["cold"], report["k"]) == (20, 0, 1)


def test_the_table_is_readable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without --json, people see who is judged, each algorithm's figures, and who leads popularity."""
    monkeypatch.setattr("giftwise.cli.figures.console.width", 170)
    shown = run(*write_published(tmp_path), "--k", "1", "--budget", "5")
    assert "3 interactions and more: 20 users" in shown
    assert "0 without a history" in shown
    assert "collaborative" in shown
    assert "ahead +" in shown


def test_csv_files_with_a_picture(tmp_path: Path) -> None:
    """The split is in time, strangers are apart, every measure has its interval, costs are told, the SVG is whole."""
    options = [*write_csv(tmp_path), "--share", "0.75", "--k", "3", "--budget", "5"]
    report = json.loads(run(*options, "--json", "--picture", str(tmp_path / "quality.svg")))
    figures = report["figures"]
    assert report["cold"] == figures["popular"]["0"]["users"] == 2
    assert figures["collaborative"]["all"]["users"] == report["users"] - 2 == GROUP * GROUPS
    assert figures["collaborative"]["3+"]["lead"]["ndcg"]["low"] > 0
    assert "0" not in figures["collaborative"]
    for name in ("recall", "ndcg", "hit_rate", "mrr", "novelty", "diversity"):
        low, high = figures["collaborative"]["3+"]["intervals"][name]
        assert low <= figures["collaborative"]["3+"][name] <= high
    assert report["costs"]["collaborative"]["peak_mb"] > 10
    drawn = ElementTree.fromstring((tmp_path / "quality.svg").read_text())
    assert drawn.tag.endswith("svg")
    words = "".join(drawn.itertext())
    assert all(name in words for name in ("collaborative", "popular", "no history: 2 users"))


@pytest.mark.parametrize("arguments", [[], ["--train", __file__], ["--items", __file__, "--catalog", "presents"]])
def test_half_of_an_order_is_refused(arguments: list[str]) -> None:
    """Data is named in one of three ways, whole."""
    result = CliRunner().invoke(app, ["evaluate", *arguments])
    assert result.exit_code == 2
    assert "--train and --test" in result.output


def test_a_bad_line_ends_it_with_its_name(tmp_path: Path) -> None:
    """The error that the command prints names file and line."""
    for name in ("train.txt", "test.txt"):
        (tmp_path / name).write_text("0 1\n1 x\n")
    options = ["evaluate", "--train", str(tmp_path / "train.txt"), "--test", str(tmp_path / "test.txt")]
    result = CliRunner().invoke(app, options)
    assert isinstance(result.exception, UnreadableSplit)
    assert "train.txt, line 2" in str(result.exception)


@pytest.fixture
async def host(make_database: MakeDatabase, tmp_path: Path) -> str:
    """A host's database with the same data."""
    return await imported(make_database, tmp_path, clicks=1)


async def imported(make_database: MakeDatabase, folder: Path, *, clicks: int) -> str:
    """A new host's database with the files' data."""
    options = write_csv(folder, clicks=clicks)
    url = await make_database("evaluated")
    await import_csv(url, items=Path(options[1]), users=Path(options[3]), interactions=Path(options[5]))
    return url


def test_live_data(host: str, own_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """--catalog presents reads the host's database, and says the same as the files do."""
    for name, url in (("MAIN", host), ("RECOMMENDATIONS", own_url)):
        monkeypatch.setenv(f"{name}_DATABASE_URL", url)
    monkeypatch.setenv("RECOMMENDATIONS_REDIS_URL", redis_url)
    get_settings.cache_clear()
    try:
        report = json.loads(run("--catalog", "presents", "--share", "0.75", "--k", "3", "--budget", "5", "--json"))
    finally:
        get_settings.cache_clear()
    assert report["figures"]["collaborative"]["all"]["users"] == GROUP * GROUPS
    assert report["cold"] == 2


async def test_clicking_a_thousand_times_moves_nothing(make_database: MakeDatabase, tmp_path: Path) -> None:
    """One person's thousand clicks on one gift count as one click: no figure of any algorithm changes."""

    async def figures(clicks: int) -> dict[str, Any]:
        url = await imported(make_database, tmp_path, clicks=clicks)
        interactions, facts = await _read(url, None)
        plan = Plan(k=3, share=0.75, baselines=False, budget=5)
        report = await asyncio.to_thread(evaluate_world, interactions, facts, plan)
        return {"train": report.train, **report.as_json()["figures"]}

    assert await figures(1000) == await figures(1)


def test_other_commands_do_not_load_what_learning_needs() -> None:
    """The process that serves is started by the same program: scipy would cost it 10 MB for nothing."""
    code = "import sys, giftwise.cli.main; sys.exit('scipy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
