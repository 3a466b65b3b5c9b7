"""Importing CSV files: everything that can be loaded is, everything else is in the report."""

import gzip
import uuid
from pathlib import Path
from typing import TypedDict

import asyncpg
import pytest

from giftwise.seeding.csvs import import_csv
from giftwise.seeding.host import ForeignData, create_host_schema
from giftwise.seeding.sheet import UnreadableCsv

DATA = Path(__file__).parents[2].parent / "shared" / "data"
ITEMS = "id,title,price,currency,created_at\n1,A mug,4.50,GBP,2025-01-02T03:04:05\n2,Кружка,,,\n"
USERS = "id,gender,age,country\n7,m,24,France\n8,female,,Unspecified\n"
EVENTS = (
    "user_id,item_id,kind,occurred_at\n"
    "7,1,like,2025-02-01T10:00:00\n7,2,view,2025-02-01T09:00:00+03:00\n,2,click,2025-02-02\n9,1,purchase,2025-02-03T00:00:00Z\n"
)


class Files(TypedDict):
    """import_csv's three paths."""

    items: Path
    users: Path
    interactions: Path


def write(folder: Path, items: str = ITEMS, users: str = USERS, interactions: str = EVENTS) -> Files:
    """The three files in a folder."""
    paths = Files(items=folder / "items.csv", users=folder / "users.csv", interactions=folder / "interactions.csv")
    paths["items"].write_text(items, encoding="utf-8")
    paths["users"].write_text(users, encoding="utf-8")
    paths["interactions"].write_text(interactions, encoding="utf-8")
    return paths


async def test_three_small_files(url: str, conn: asyncpg.Connection, tmp_path: Path) -> None:
    """Items, users and interactions land in the contract's tables, views as clicks, unseen users as bare rows."""
    report = await import_csv(url, **write(tmp_path))
    assert (report.items, report.users, report.likes, report.clicks, report.purchases) == (2, 3, 1, 2, 1)
    assert report.rejected == ()
    await conn.execute("SET TimeZone = 'UTC'")
    mug = await conn.fetchrow("SELECT title, price::text, currency, created_at::text, user_id FROM handpicked_presents")
    assert tuple(mug) == ("A mug", "4.50", "GBP", "2025-01-02 03:04:05+00", None)
    users = await conn.fetch("SELECT id, gender, geo_id, date_part('year', age(birthday)) FROM users ORDER BY id")
    assert [tuple(row) for row in users] == [
        (7, "m", report.regions["France"], 24),
        (8, "f", None, None),
        (9,) + (None,) * 3,
    ]
    clicks = await conn.fetch("SELECT id, user_id, created_at::text FROM handpicked_present_clicks ORDER BY id")
    assert [tuple(row) for row in clicks] == [(1, 7, "2025-02-01 06:00:00+00"), (2, None, "2025-02-02 00:00:00+00")]


async def test_bad_rows_are_counted_by_reason_with_their_lines(url: str, tmp_path: Path) -> None:
    """No row is lost silently: each reason has its count and the first lines, and the good rows are loaded."""
    report = await import_csv(
        url,
        **write(
            tmp_path,
            items=ITEMS + "3,Bad,12€,,\n,No id,1,,\n4,Late,1,,yesterday\n1,Again,1,,\n5,Short\n\n6,Dear,1e300,,\n",
            users=USERS + "9,m,old,\n10,robot,,\n",
            interactions=EVENTS
            + "7,99,like,2025-01-01\n7,3,like,2025-01-01\n7,1,hug,2025-01-01\n,1,like,2025-01-01\n7,1,like,\n"
            + f"{'x' * 65},1,like,2025-01-01\n",
        ),
    )
    assert {(one.file, one.reason): (one.count, one.lines) for one in report.rejected} == {
        ("items.csv", "bad price"): (2, (4, 10)),
        ("items.csv", "missing id"): (1, (5,)),
        ("items.csv", "bad time"): (1, (6,)),
        ("items.csv", "repeated id"): (1, (7,)),
        ("items.csv", "wrong number of columns"): (1, (8,)),
        ("users.csv", "bad age"): (1, (4,)),
        ("users.csv", "unknown gender"): (1, (5,)),
        ("interactions.csv", "unknown item"): (2, (6, 7)),
        ("interactions.csv", "unknown kind"): (1, (8,)),
        ("interactions.csv", "missing id"): (1, (9,)),
        ("interactions.csv", "missing time"): (1, (10,)),
        ("interactions.csv", "bad id"): (1, (11,)),
    }
    assert (report.items, report.likes) == (2, 1)


async def test_only_the_first_lines_of_a_reason_are_kept(url: str, tmp_path: Path) -> None:
    """A file with a thousand bad rows gives a count of a thousand and ten line numbers."""
    report = await import_csv(url, **write(tmp_path, interactions=EVENTS + "7,99,like,2025-01-01\n" * 1_000))
    assert [(one.count, one.lines) for one in report.rejected] == [(1_000, tuple(range(6, 16)))]


async def test_gzip_is_told_by_its_content(url: str, tmp_path: Path) -> None:
    """A gzipped file is read whatever its name."""
    paths = write(tmp_path)
    for path in (paths["items"], paths["users"], paths["interactions"]):
        path.write_bytes(gzip.compress(path.read_bytes()))
    report = await import_csv(url, **paths)
    assert (report.items, report.likes) == (2, 1)


@pytest.mark.parametrize(
    ("ids", "kind"),
    [
        (("1", "-2"), "bigint"),
        (("1", "007"), "text"),
        (("1", str(2**63)), "text"),
        ((str(uuid.UUID(int=1)), str(uuid.UUID(int=2)).upper()), "uuid"),
        ((str(uuid.UUID(int=10)), str(uuid.UUID(int=10)).upper()), "text"),
        (("85123A", "tab\\t"), "text"),
    ],
)
async def test_the_kind_of_ids_is_inferred(
    url: str, conn: asyncpg.Connection, tmp_path: Path, ids: tuple[str, str], kind: str
) -> None:
    """Ids become bigint or uuid only where all of them stay what they were."""
    items = "id,title\n" + "".join(f"{word},x\n" for word in ids)
    events = "user_id,item_id,kind,occurred_at\n" + "".join(f"7,{word},like,2025-01-01\n" for word in ids)
    report = await import_csv(url, **write(tmp_path, items=items, interactions=events))
    assert (report.item_id_type, report.user_id_type, report.likes) == (kind, "bigint", 2)
    stored = await conn.fetch("SELECT handpicked_present_id::text AS id FROM handpicked_likes")
    assert {row["id"].lower() for row in stored} == {word.lower() for word in ids}


async def test_categories_become_json(url: str, conn: asyncpg.Connection, tmp_path: Path) -> None:
    """Of `A|B` the first is the category; an item without any has none."""
    items = 'id,title,categories,year\n1,"Mugs, two","Home|Kids\'s ""x""",1995\n2,x,,\n'
    await import_csv(url, **write(tmp_path, items=items))
    rows = await conn.fetch(
        "SELECT categories->>'category' AS one, categories->'categories'->>1 AS two, date_part('year', created_at) AS y"
        " FROM handpicked_presents ORDER BY id"
    )
    assert tuple(rows[0]) == ("Home", 'Kids\'s "x"', 1995)
    assert tuple(rows[1])[:2] == (None, None)


async def test_hostile_text_is_stored_as_it_stands(url: str, conn: asyncpg.Connection, tmp_path: Path) -> None:
    r"""Tabs, line ends, backslashes and \N in a title neither break COPY nor change; a NUL is dropped."""
    title = "a\tb\\N\r\nc\\"
    await import_csv(url, **write(tmp_path, items=f'id,title,category\n1,"{title}\0",x\0y\\z\n2,x,\n'))
    row = await conn.fetchrow("SELECT title, categories->>'category' FROM handpicked_presents WHERE id = 1")
    assert tuple(row) == (title, "xy\\z")


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("items", "id,name\n1,x\n", "items.csv: no column title; its first line has id, name"),
        ("users", "", "users.csv: no column id; its first line has nothing"),
        ("interactions", "user_id,item_id\n", "interactions.csv: no column kind, occurred_at"),
    ],
)
async def test_a_missing_column_is_named(
    url: str, conn: asyncpg.Connection, tmp_path: Path, name: str, text: str, message: str
) -> None:
    """A file without a needed column is refused by name, before anything in the database changes."""
    with pytest.raises(UnreadableCsv, match=message):
        await import_csv(url, **write(tmp_path, **{name: text}))
    assert await conn.fetchval("SELECT to_regclass('users') IS NULL")


async def test_an_unreadable_file_is_named(url: str, tmp_path: Path) -> None:
    """A file that is absent or cut short is an error with its name, not a shorter import."""
    paths = write(tmp_path)
    with pytest.raises(UnreadableCsv, match=r"absent\.csv: No such file"):
        await import_csv(url, items=tmp_path / "absent.csv", users=None, interactions=paths["interactions"])
    paths["interactions"].write_bytes(gzip.compress(EVENTS.encode())[:-12])
    with pytest.raises(UnreadableCsv, match=r"interactions\.csv"):
        await import_csv(url, **paths)


async def test_rows_that_are_not_utf8_are_reported(url: str, tmp_path: Path) -> None:
    """A Latin-1 row is rejected; a byte order mark before the header is not part of a name."""
    paths = write(tmp_path)
    paths["items"].write_bytes(b"\xef\xbb\xbfid,title\n1,A mug\n2,Caf\xe9\n")
    report = await import_csv(url, **paths)
    assert [(one.reason, one.lines) for one in report.rejected] == [("not UTF-8", (3,)), ("unknown item", (3, 4))]


async def test_a_hosts_own_data_is_kept(url: str, conn: asyncpg.Connection, tmp_path: Path) -> None:
    """An import refuses to replace rows that it did not make, and an import may follow an import."""
    await create_host_schema(conn)
    await conn.execute("INSERT INTO users (id) VALUES (1)")
    with pytest.raises(ForeignData):
        await import_csv(url, **write(tmp_path))
    await import_csv(url, **write(tmp_path), replace=True)
    assert (await import_csv(url, **write(tmp_path))).users == 3


async def test_without_a_users_file(url: str, conn: asyncpg.Connection, tmp_path: Path) -> None:
    """Users may be left out: those who occur get rows."""
    paths = write(tmp_path)
    report = await import_csv(url, items=paths["items"], users=None, interactions=paths["interactions"])
    assert report.users == await conn.fetchval("SELECT count(*) FROM users") == 2


@pytest.mark.skipif(not (DATA / "online-retail").is_dir(), reason="../shared/data/online-retail is not here")
async def test_real_sales(url: str, conn: asyncpg.Connection) -> None:
    """Two years of a gift wholesaler's sales load whole, in seconds."""
    folder = DATA / "online-retail"
    report = await import_csv(
        url,
        items=folder / "items.csv.gz",
        users=folder / "users.csv.gz",
        interactions=folder / "interactions.csv.gz",
    )
    assert (report.items, report.users, report.purchases) == (3_659, 4_334, 396_337)
    assert (report.item_id_type, report.user_id_type, report.rejected) == ("text", "bigint", ())
    assert await conn.fetchval("SELECT count(*) FROM handpicked_purchases") == 396_337
