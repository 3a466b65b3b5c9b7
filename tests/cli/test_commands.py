"""The commands' promises, as a newcomer types them: real processes, their output and what they leave behind."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import asyncpg
import psutil
import pytest

from tests.conftest import MakeDatabase
from tests.support.ports import free_port

SECRET = "hunter2"


async def run(*arguments: str, folder: Path, interrupt_at: str = "", **environment: str) -> tuple[int, str]:
    """Run `giftwise` with only these settings; send SIGINT when a line holds `interrupt_at`. Exit code and output."""
    clean = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "PYTHONPATH")}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "giftwise", *arguments,
        cwd=folder, env={**clean, "COLUMNS": "200", **environment},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, start_new_session=True,
    )  # fmt: skip
    assert process.stdout is not None
    output = b""
    async with asyncio.timeout(240):
        async for line in process.stdout:
            output += line
            if interrupt_at and interrupt_at.encode() in line:
                interrupt_at = ""
                await asyncio.sleep(0.3)
                os.killpg(process.pid, signal.SIGINT)
        code = await process.wait()
    return code, output.decode()


def left_behind(folder: Path) -> list[str]:
    """Command lines of processes that still speak of a folder."""
    found = []
    for process in psutil.process_iter(("cmdline", "status")):
        words = " ".join(process.info["cmdline"] or ())
        if str(folder) in words and process.info["status"] != psutil.STATUS_ZOMBIE:
            found.append(words)
    return found


async def test_the_demo_shows_three_users_and_leaves_nothing_behind_at_ctrl_c(tmp_path: Path) -> None:
    """Seeds, learns, serves, answers, prints its password; Ctrl-C ends it well; a second start keeps the data."""
    port = str(free_port())
    code, output = await run("demo", folder=tmp_path, interrupt_at="/docs", PORT=port)
    assert code == 0, output
    for words in ("a new user", "a light user", "an experienced user", "popular", "content_based", "collaborative",
                  "Because you liked", "a push host", "The New Roastery", "recorded", "password",
                  f"http://127.0.0.1:{port}/docs"):  # fmt: skip
        assert words in output, output
    assert "Traceback" not in output
    assert left_behind(tmp_path) == []
    code, output = await run(
        "demo", "--once", folder=tmp_path, PORT=port, BASIC_AUTH_USERNAME="me", BASIC_AUTH_PASSWORD=SECRET
    )
    assert code == 0, output
    assert "the host database has data already" in output
    assert SECRET not in output
    assert left_behind(tmp_path) == []


async def test_serve_refuses_to_start_without_a_password_on_real_databases(tmp_path: Path) -> None:
    """There is no default password: the message names the setting."""
    code, output = await run(
        "serve", folder=tmp_path,
        MAIN_DATABASE_URL="postgresql://a@127.0.0.1:1/x", RECOMMENDATIONS_DATABASE_URL="postgresql://a@127.0.0.1:1/y",
        RECOMMENDATIONS_REDIS_URL="redis://127.0.0.1:1/0",
    )  # fmt: skip
    assert code == 2
    assert "BASIC_AUTH_PASSWORD is not set" in output


async def test_serve_says_in_one_line_what_a_language_model_lacks(tmp_path: Path) -> None:
    """BRAIN=llm without a model's name ends before anything is started."""
    code, output = await run("serve", folder=tmp_path, BRAIN="llm")
    assert (code, output.splitlines()) == (2, ["BRAIN=llm needs LLM_MODEL; or leave BRAIN unset."])


async def test_check_names_each_broken_connection_and_hides_every_secret(tmp_path: Path) -> None:
    """One line for each connection, exit code 1, no password anywhere, URLs shown without theirs."""
    code, output = await run(
        "check", folder=tmp_path,
        MAIN_DATABASE_URL=f"postgresql://a:{SECRET}@127.0.0.1:1/x",
        RECOMMENDATIONS_DATABASE_URL=f"postgresql://a:{SECRET}@127.0.0.1:1/y",
        RECOMMENDATIONS_REDIS_URL=f"redis://:{SECRET}@127.0.0.1:1/0", BASIC_AUTH_PASSWORD=SECRET,
        RABBITMQ_URL=f"amqp://a:{SECRET}@127.0.0.1:1/",
    )  # fmt: skip
    assert code == 1
    assert SECRET not in output
    assert "postgresql://a:***@127.0.0.1:1/x" in output
    assert output.count("fails ") == 4, output
    assert "Traceback" not in output


async def test_check_is_content_with_servers_that_work(tmp_path: Path, own_url: str, postgres_url: str) -> None:
    """Exit code 0, and what was found is said; a host without tables is named by what is missing."""
    environment = {
        "MAIN_DATABASE_URL": postgres_url, "RECOMMENDATIONS_DATABASE_URL": own_url, "DATA_DIR": str(tmp_path),
    }  # fmt: skip
    code, output = await run("check", folder=tmp_path, **environment)
    assert code == 1
    assert 'relation "handpicked_presents" does not exist' in output
    assert "the schema is up to date" in output


async def test_a_host_that_only_pushes_needs_no_database_to_try(tmp_path: Path) -> None:
    """EMBEDDED_PRESENTS=false: all is well without a host's tables, and businesses can be seeded; presents cannot."""
    others = {"EMBEDDED_PRESENTS": "false", "DATA_DIR": str(tmp_path)}
    code, output = await run("seed", "--catalog", "businesses", folder=tmp_path, **others)
    assert code == 0, output
    assert "100 businesses, 200 users" in output
    code, output = await run("worker", "--once", folder=tmp_path, **others)
    assert code == 0, output
    assert "catalogs: no presents, businesses (pushed)" in output
    code, output = await run("seed", folder=tmp_path, **others)
    assert code == 1
    assert "there are no presents" in output


async def test_a_push_host_needs_no_main_database(tmp_path: Path, own_url: str, redis_url: str) -> None:
    """`check` is content and says which catalogs are on; what only presents can do says that there are none."""
    environment = {"RECOMMENDATIONS_DATABASE_URL": own_url, "RECOMMENDATIONS_REDIS_URL": redis_url}
    code, output = await run("check", folder=tmp_path, **environment)
    assert code == 0, output
    assert "catalogs: no presents, businesses (pushed)" in output
    assert "main database:" not in output
    assert "0 businesses" in output
    for command in (("seed",), ("evaluate", "--catalog", "presents")):
        code, output = await run(*command, folder=tmp_path, **environment)
        assert code == 1, output
        assert "MAIN_DATABASE_URL is not set" in output
        assert "Traceback" not in output
    code, output = await run("worker", "--once", folder=tmp_path, **environment)
    assert code == 0, output
    assert "catalogs: no presents, businesses (pushed)" in output


async def test_a_wrong_setting_is_named_in_one_line(tmp_path: Path) -> None:
    """No traceback for a typing error in the environment."""
    code, output = await run("check", folder=tmp_path, PORT="eighty")
    assert code == 2
    assert output.startswith("PORT:")
    assert "Traceback" not in output


async def test_the_printed_schema_can_be_applied_by_hand(tmp_path: Path, make_database: MakeDatabase) -> None:
    """`giftwise migrate --sql` is SQL that an empty database takes, and `migrate` then finds nothing to do."""
    code, sql = await run("migrate", "--sql", folder=tmp_path)
    assert code == 0
    url = await make_database("by_hand")
    connection = await asyncpg.connect(url)
    await connection.execute(sql)
    await connection.close()
    others = {
        "MAIN_DATABASE_URL": url,
        "RECOMMENDATIONS_DATABASE_URL": url,
        "RECOMMENDATIONS_REDIS_URL": "redis://127.0.0.1:1/0",
    }
    code, output = await run("migrate", folder=tmp_path, **others)
    assert code == 0, output
    assert "up to date" in output


@pytest.mark.parametrize("missing", ["items", "interactions"])
async def test_the_demo_names_the_file_that_a_data_folder_lacks(tmp_path: Path, missing: str) -> None:
    """`--data` wants items and interactions, users are optional."""
    data = tmp_path / "data"
    data.mkdir()
    for name in {"items", "interactions"} - {missing}:
        (data / f"{name}.csv").write_text(
            "id,title\n1,x\n" if name == "items" else "user_id,item_id,kind,occurred_at\n"
        )
    code, output = await run("demo", "--data", str(data), folder=tmp_path, PORT=str(free_port()))
    assert code == 2, output
    assert f"no {missing}.csv" in output
    assert left_behind(tmp_path) == []
