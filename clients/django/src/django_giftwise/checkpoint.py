"""How far a sync has come: a file that is there while one is unfinished."""

import json
from pathlib import Path


class Checkpoint:
    """The last primary key told of each model, written whole or not at all."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._last: dict[str, str] = {}
        self._done: set[str] = set()

    def load(self) -> bool:
        """Read what an unfinished sync left; False where there is none that can be read."""
        try:
            found = json.loads(self.path.read_text(encoding="utf-8"))
            self._last, self._done = dict(found["last"]), set(found["done"])
        except (OSError, ValueError, KeyError, TypeError):
            return False
        return True

    def last(self, label: str) -> str | None:
        """The last primary key of a model that was told; None to begin with the first."""
        return self._last.get(label)

    def is_done(self, label: str) -> bool:
        """Whether all of a model was told."""
        return label in self._done

    def reach(self, label: str, pk: str) -> None:
        """All up to this primary key are told."""
        self._last[label] = pk
        self._write()

    def finish(self, label: str) -> None:
        """All of this model are told."""
        self._done.add(label)
        self._write()

    def remove(self) -> None:
        """The sync is complete."""
        self.path.unlink(missing_ok=True)

    def _write(self) -> None:
        beside = self.path.with_name(self.path.name + ".new")
        beside.write_text(json.dumps({"last": self._last, "done": sorted(self._done)}), encoding="utf-8")
        beside.replace(self.path)
