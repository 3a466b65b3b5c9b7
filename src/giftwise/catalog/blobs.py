"""Arrays as files named by their content: an array in, its reference out, and memory-mapped back."""

import fcntl
import hashlib
import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Protocol
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from giftwise.errors import BrokenModel

PART_BYTES: Final = 8 * 2**20  # of a blob per row of model_blobs: bounds the memory of a transfer
HASH_BYTES: Final = 2**20
# A file that no generation names is kept this long: another process may have written it and be about to commit.
GRACE_SECONDS: Final = 3600.0


@dataclass(frozen=True, slots=True)
class BlobRef:
    """One array: the SHA-256 of its .npy file, and what must come out of it."""

    sha256: str
    dtype: str
    shape: tuple[int, ...]

    @classmethod
    def of_json(cls, value: dict[str, Any]) -> "BlobRef":
        """From the JSON of a manifest."""
        return cls(value["sha256"], value["dtype"], tuple(value["shape"]))

    def as_json(self) -> dict[str, Any]:
        """For a manifest."""
        return asdict(self)


class _Sink(Protocol):
    def write(self, data: bytes, /) -> object: ...


class BlobFolder:
    """The files of one host: `<folder>/<sha256>.npy`, shared by every process and catalog, never changed in place."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._verified: dict[str, tuple[int, int, int]] = {}  # sha256 -> the file's inode, size and mtime

    def path(self, sha256: str) -> Path:
        """Where a blob is, or would be."""
        return self.folder / f"{sha256}.npy"

    def write(self, array: NDArray[Any]) -> BlobRef:
        """Make the array durable on this disk; one that is there already is not written again."""
        hashing = hashlib.sha256()
        _save(array, _Hashing(hashing))
        ref = BlobRef(hashing.hexdigest(), array.dtype.str, array.shape)
        try:
            os.utime(self.path(ref.sha256))  # begins its grace anew, so that no sweep takes it before the commit
        except FileNotFoundError:
            with self._new_file(ref.sha256) as file:
                _save(array, file)
        return ref

    @contextmanager
    def receiving(self, sha256: str) -> Iterator[Callable[[bytes], None]]:
        """Take a blob part by part from elsewhere; BrokenModel, and nothing stored, when its SHA-256 differs."""
        hashing = hashlib.sha256()
        with self._new_file(sha256) as file:

            def receive(part: bytes) -> None:
                hashing.update(part)
                file.write(part)

            yield receive
            if hashing.hexdigest() != sha256:
                raise BrokenModel(f"blob {sha256[:12]} came with another checksum, or is not in the database")

    def parts(self, sha256: str) -> Iterator[bytes]:
        """A blob's bytes, cut for the database."""
        with self.path(sha256).open("rb") as file:
            while part := file.read(PART_BYTES):
                yield part

    def open(self, ref: BlobRef, *, verify: bool) -> NDArray[Any]:
        """The array, memory-mapped read-only and shared with every process of the host.

        FileNotFoundError where it is not here. BrokenModel for a file of another size, type or shape, and, with
        `verify`, of another checksum; a file is hashed once per process, so unchanged arrays cost nothing later.
        """
        path = self.path(ref.sha256)
        try:
            array = _map(path)
        except (ValueError, EOFError, OSError) as error:
            if isinstance(error, FileNotFoundError):
                raise
            raise BrokenModel(f"blob {ref.sha256[:12]} cannot be read: {error}") from error
        if array.dtype.str != ref.dtype or array.shape != ref.shape:
            raise BrokenModel(f"blob {ref.sha256[:12]} is {array.dtype.str}{array.shape}, not {ref.dtype}{ref.shape}")
        if verify:
            self._verify(path, ref.sha256)
        return array

    def remove(self, sha256: str) -> None:
        """Unlink a blob. Processes that have it mapped keep what they mapped until they let go."""
        self.path(sha256).unlink(missing_ok=True)
        self._verified.pop(sha256, None)

    def sweep(self, kept: Iterable[str]) -> int:
        """Unlink every blob that is not to be kept and is older than its grace; returns how many."""
        names = set(kept)
        horizon = time.time() - GRACE_SECONDS
        stale = [
            path
            for path in self.folder.glob("*")
            if path.stem not in names and path.suffix != ".lock" and path.stat().st_mtime < horizon
        ]
        for path in stale:
            path.unlink(missing_ok=True)
        return len(stale)

    @contextmanager
    def try_lock(self) -> Iterator[bool]:
        """Whether this process is the host's downloader now; the kernel frees the lock of a killed one."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "download.lock").open("wb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True

    def _verify(self, path: Path, sha256: str) -> None:
        stat = path.stat()
        mark = (stat.st_ino, stat.st_size, stat.st_mtime_ns)
        if self._verified.get(sha256) == mark:
            return
        hashing = hashlib.sha256()
        with path.open("rb") as file:
            while chunk := file.read(HASH_BYTES):
                hashing.update(chunk)
        if hashing.hexdigest() != sha256:
            raise BrokenModel(f"blob {sha256[:12]} has another checksum")
        self._verified[sha256] = mark

    @contextmanager
    def _new_file(self, sha256: str) -> Iterator[Any]:
        """A file that appears under its name whole, synced, or not at all."""
        self.folder.mkdir(parents=True, exist_ok=True)
        temporary = self.folder / f"{sha256}.{uuid4().hex}.part"
        try:
            with temporary.open("wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            temporary.rename(self.path(sha256))
            _sync_folder(self.folder)
        finally:
            temporary.unlink(missing_ok=True)


class _Hashing:
    """A file that only hashes; numpy writes to it in chunks, so no copy of the array is made."""

    def __init__(self, hashing: Any) -> None:
        self._hashing = hashing

    def write(self, data: bytes, /) -> int:
        self._hashing.update(data)
        return len(data)


def _save(array: NDArray[Any], sink: _Sink) -> None:
    np.lib.format.write_array(sink, np.ascontiguousarray(array), allow_pickle=False)


def _map(path: Path) -> NDArray[Any]:
    with path.open("rb") as file:
        version = np.lib.format.read_magic(file)
        if version != (1, 0):
            raise ValueError(f"version {version} of the .npy format")
        shape, fortran, dtype = np.lib.format.read_array_header_1_0(file)
        offset = file.tell()
        expected = offset + int(np.prod(shape)) * dtype.itemsize
        if fortran or dtype.hasobject or os.fstat(file.fileno()).st_size != expected:
            raise ValueError("another size than its header says")
        if expected == offset:  # nothing to map
            return np.empty(shape, dtype)
        mapped = np.memmap(file, dtype=dtype, mode="r", offset=offset, shape=shape)
    # As a plain array: the memmap class makes every slice several microseconds dearer.
    return mapped.view(np.ndarray)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
