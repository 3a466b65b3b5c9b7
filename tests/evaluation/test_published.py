"""Published splits are read as they are, and what cannot be read is named by file and line."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from giftwise.evaluation.published import UnreadableSplit, read_pairs, read_split


def write(path: Path, text: str) -> Path:
    """A plain file, or a gzipped one by its name."""
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


@pytest.mark.parametrize("name", ["train.txt", "train.txt.gz"])
def test_a_line_is_a_user_and_their_items(tmp_path: Path, name: str) -> None:
    """Plain and gzipped; empty lines are skipped, a user without items is no fault."""
    user, item = read_pairs(write(tmp_path / name, "0 4 2\n\n1\n2 0\n"))
    assert user.tolist() == [0, 0, 2]
    assert item.tolist() == [4, 2, 0]


def test_a_split_keeps_users_whom_only_the_test_knows(tmp_path: Path) -> None:
    """The catalog spans both files; a test pair that train has too is nothing to foresee."""
    split = read_split(write(tmp_path / "a", "0 1 1 2\n"), write(tmp_path / "b", "0 2 3\n4 5\n"))
    assert (split.train.users, split.train.items) == (5, 6)
    assert list(zip(split.train.user.tolist(), split.train.item.tolist(), strict=True)) == [(0, 1), (0, 2)]
    assert split.truth.users.tolist() == [0, 4]
    assert split.truth.items.tolist() == [3, 5]
    assert np.diff(split.truth.at).tolist() == [1, 1]


@pytest.mark.parametrize("line", ["0 one", "0 -1", "0 1.5", "0 99999999999", f"0 {'9' * 30}"])
def test_a_bad_line_is_named(tmp_path: Path, line: str) -> None:
    """The error says which file and which line."""
    path = write(tmp_path / "train.txt", f"0 1\n{line}\n")
    with pytest.raises(UnreadableSplit, match=r"train\.txt, line 2"):
        read_pairs(path)


def test_a_damaged_or_empty_file_is_named(tmp_path: Path) -> None:
    """A gzip cut short, a file of something else, one that is not there."""
    whole = gzip.compress(b"0 1\n" * 1000)
    for name, content in (("cut.gz", whole[:-12]), ("empty.txt", b"\n"), ("picture.txt", b"\xff\xd8")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(UnreadableSplit, match=name):
            read_pairs(tmp_path / name)
    with pytest.raises(UnreadableSplit, match=r"gone\.txt: No such file"):
        read_pairs(tmp_path / "gone.txt")
