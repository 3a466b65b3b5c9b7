"""One CSV file, plain or gzipped: a path in, its usable rows out, and a count of those that are not."""

import csv
import gzip
import io
import os
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, BinaryIO, Final, cast

from giftwise.errors import GiftwiseError

GZIP_MAGIC: Final = b"\x1f\x8b"
LINES_KEPT: Final = 10
REPLACEMENT: Final = "\ufffd"  # what bytes that are not UTF-8 are read as


class UnreadableCsv(GiftwiseError):
    """The file is absent, broken, or lacks a column that is needed; the detail names it."""

    status = 422
    code = "unreadable_csv"
    title = "The CSV file cannot be read"


@dataclass(frozen=True, slots=True)
class Rejection:
    """Rows of one file that were left out for one reason: how many, and the lines of the first ones (1 = header)."""

    file: str
    reason: str
    count: int
    lines: tuple[int, ...]


@dataclass(slots=True)
class Sheet:
    """A CSV file with a header line. What cannot be used is given to `reject` and counted by reason."""

    path: Path
    needed: Sequence[str]
    rejected: dict[str, list[int]] = field(default_factory=dict)
    _counts: dict[str, int] = field(default_factory=dict)
    _file: BinaryIO | None = None

    def rows(self, *names: str) -> Iterator[tuple[int, list[str]]]:
        """Line number and the stripped values of the named columns, empty where the file lacks an optional one.

        Raises UnreadableCsv. Rows that are too short, too long or not UTF-8 are rejected here.
        """
        try:
            with self.path.open("rb") as self._file, self._text(self._file) as text:
                yield from self._read(text, names)
        except (OSError, EOFError, zlib.error) as error:  # the last two: a gzip file cut short, and a damaged one
            reason = error.strerror if isinstance(error, OSError) and error.strerror else error
            raise UnreadableCsv(f"{self.path.name}: {reason}") from error

    def reject(self, line: int, reason: str) -> None:
        """Count a row that is left out, and keep its line number if it is among the first of its reason."""
        self._counts[reason] = self._counts.get(reason, 0) + 1
        lines = self.rejected.setdefault(reason, [])
        if len(lines) < LINES_KEPT:
            lines.append(line)

    def rejections(self) -> list[Rejection]:
        """All that was rejected, by reason in order of appearance."""
        return [
            Rejection(self.path.name, reason, self._counts[reason], tuple(lines))
            for reason, lines in self.rejected.items()
        ]

    def share_read(self) -> float:
        """How much of the file has been read, 0..1, while its rows are walked."""
        if self._file is None or self._file.closed:
            return 0.0
        return self._file.tell() / max(os.fstat(self._file.fileno()).st_size, 1)

    def _text(self, file: BinaryIO) -> IO[str]:
        zipped = file.read(len(GZIP_MAGIC)) == GZIP_MAGIC
        file.seek(0)
        plain = cast("BinaryIO", gzip.GzipFile(fileobj=file)) if zipped else file
        return io.TextIOWrapper(plain, encoding="utf-8-sig", errors="replace", newline="")

    def _read(self, text: IO[str], names: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
        reader = csv.reader(text)
        header = [name.strip().lower() for name in next(reader, [])]
        if missing := [name for name in self.needed if name not in header]:
            found = ", ".join(header) or "nothing"
            raise UnreadableCsv(f"{self.path.name}: no column {', '.join(missing)}; its first line has {found}")
        places = [header.index(name) if name in header else len(header) for name in names]
        width = len(header)
        while True:
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error:  # a field beyond csv.field_size_limit; the reader goes on with the next line
                self.reject(reader.line_num, "unreadable line")
                continue
            if len(row) == width and REPLACEMENT not in "".join(row):
                row.append("")  # what an absent column reads
                yield reader.line_num, [row[place].strip() for place in places]
            elif row:
                self.reject(reader.line_num, "wrong number of columns" if len(row) != width else "not UTF-8")
