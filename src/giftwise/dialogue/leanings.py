"""A relationship, a goal, an effort and a mood in; how well each gap suits them out."""

from collections.abc import Mapping
from typing import Final

from giftwise.dialogue.quiz import Facts
from giftwise.dialogue.session import Gap
from giftwise.dialogue.stems import Stems, holds_phrase, stems

# Factors in the order mirror, optimizer, catalyst, anchor, permission; 1 is neither for nor against.
Row = tuple[float, float, float, float, float]

_ORDER: Final[tuple[Gap, ...]] = ("the_mirror", "the_optimizer", "the_catalyst", "the_anchor", "the_permission")
_RELATIONSHIP: Final[Mapping[str, Row]] = {
    "partner": (1.0, 0.7, 0.9, 1.6, 1.3),
    "friend": (1.3, 1.0, 1.1, 1.1, 1.0),
    "best_friend": (1.3, 0.8, 1.1, 1.4, 1.0),
    "relative": (1.0, 1.1, 0.9, 1.4, 1.1),
    "colleague": (1.1, 1.5, 1.0, 0.5, 1.0),
    "child": (1.1, 0.7, 1.7, 0.8, 1.0),
    "unknown": (1.0, 1.1, 1.0, 0.8, 1.2),
}
_GOAL: Final[Mapping[str, Row]] = {
    "impress": (1.3, 0.7, 1.2, 1.1, 1.3),
    "care": (0.9, 1.5, 0.8, 1.2, 1.3),
    "protocol": (1.0, 1.4, 0.8, 0.6, 1.2),
    "apology": (1.0, 0.7, 0.7, 1.5, 1.5),
    "joke": (1.8, 0.7, 1.1, 1.0, 1.1),
    "growth": (0.8, 1.2, 2.0, 0.8, 0.6),
}
_EFFORT: Final[Mapping[str, Row]] = {
    "no_effort": (1.0, 1.2, 0.8, 0.8, 1.2),
    "high": (1.1, 0.8, 1.3, 1.4, 0.9),
}
# Words of a mood, and what they ask for.
_MOODS: Final[tuple[tuple[str, Row], ...]] = (
    ("уют уютный тёплый спокойный cozy cosy warm calm hygge", (1.0, 1.0, 0.8, 1.3, 1.5)),
    ("практичный полезный удобный practical useful handy", (0.9, 1.9, 1.0, 0.7, 0.7)),
    ("весёлый смешной забавный funny fun playful witty", (1.6, 0.7, 1.2, 1.1, 1.2)),
    ("роскошный премиум статусный luxury luxurious premium elegant", (1.2, 0.8, 0.8, 1.0, 1.7)),
    ("трогательный душевный романтичный sentimental touching romantic heartfelt", (1.0, 0.6, 0.8, 1.9, 1.1)),
    ("активный необычный приключение творческий active adventurous unusual creative", (1.1, 0.8, 1.8, 1.0, 0.9)),
)
_MOOD_STEMS: Final[tuple[tuple[Stems, Row], ...]] = tuple((stems(words), row) for words, row in _MOODS)


def lean(facts: Facts, gap: Gap) -> float:
    """How well a gap suits what is known, as a factor around 1."""
    place = _ORDER.index(gap)
    said = stems(facts.vibe or "")
    rows = [_RELATIONSHIP[facts.relationship]]
    rows += [_GOAL[facts.goal]] if facts.goal else []
    rows += [_EFFORT[facts.effort]] if facts.effort in _EFFORT else []
    rows += [row for words, row in _MOOD_STEMS if any(holds_phrase(said, (word,)) for word in words)]
    factor = 1.0
    for row in rows:
        factor *= row[place]
    return factor
