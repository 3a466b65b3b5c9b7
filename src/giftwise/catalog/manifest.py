"""What a generation consists of: the references of its arrays, its facts and its time, to and from JSON."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from giftwise.catalog.blobs import BlobRef


@dataclass(frozen=True, slots=True)
class Manifest:
    """A generation without its arrays' bytes."""

    generation: int
    made_at: datetime
    arrays: Mapping[str, BlobRef]
    facts: Mapping[str, Any]

    @classmethod
    def of_json(cls, generation: int, value: Mapping[str, Any]) -> "Manifest":
        """From the row of our database, or the file that a host keeps of it."""
        refs = {name: BlobRef.of_json(ref) for name, ref in value["arrays"].items()}
        return cls(generation, datetime.fromisoformat(value["made_at"]), refs, value["facts"])

    def as_json(self) -> dict[str, Any]:
        """The manifest as JSON."""
        refs = {name: ref.as_json() for name, ref in self.arrays.items()}
        return {"made_at": self.made_at.isoformat(), "arrays": refs, "facts": dict(self.facts)}
