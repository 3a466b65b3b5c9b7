"""A ranked list as it is kept between requests: arrays in, compact bytes out, and back."""

from typing import Self

import msgspec
import numpy as np

from giftwise.interactions.history import History
from giftwise.people.demographics import Segment
from giftwise.recommend.ladder import Ranked


class KeptList(msgspec.Struct, frozen=True, array_like=True):
    """The head of a list, its true total, and the facts from which the rest can be ranked again, to the same order.

    Item positions are those of one snapshot; the key that this is kept under names that snapshot.
    """

    places: bytes  # int32, best first
    scores: bytes  # float32
    rungs: bytes  # uint8, positions in the ladder
    total: int
    gender: str | None
    age: str | None
    geo: int | None
    history_places: bytes  # int32, newest first
    history_kinds: bytes  # int8
    history_at: bytes  # int64, unix seconds

    @classmethod
    def of(cls, ranked: Ranked, segment: Segment, history: History) -> Self:
        """What to keep of a list."""
        return cls(
            ranked.places.astype(np.int32).tobytes(),
            ranked.scores.astype(np.float32).tobytes(),
            ranked.rungs.tobytes(),
            ranked.total,
            segment.gender,
            segment.age,
            segment.geo,
            history.places.tobytes(),
            history.kinds.tobytes(),
            history.at.tobytes(),
        )

    @property
    def ranked(self) -> Ranked:
        """The kept head of the list."""
        return Ranked(
            np.frombuffer(self.places, np.int32),
            np.frombuffer(self.scores, np.float32),
            np.frombuffer(self.rungs, np.uint8),
            self.total,
        )

    @property
    def segment(self) -> Segment:
        """Who was asked for."""
        return Segment(self.gender, self.age, self.geo)

    @property
    def history(self) -> History:
        """What the user had done when the list was made."""
        return History(
            np.frombuffer(self.history_places, np.int32),
            np.frombuffer(self.history_kinds, np.int8),
            np.frombuffer(self.history_at, np.int64),
        )


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(KeptList)


def pack(kept: KeptList) -> bytes:
    """A list as bytes: about 9 bytes a place."""
    return _encoder.encode(kept)


def unpack(data: bytes) -> KeptList | None:
    """The list of these bytes; None where they are no such list (another version's, or damaged)."""
    try:
        return _decoder.decode(data)
    except (msgspec.DecodeError, msgspec.ValidationError):
        return None
