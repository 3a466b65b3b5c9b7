"""What a session remembers: what is shown to the giver, and everything that led to it."""

from collections.abc import Iterator

from pydantic import BaseModel

from giftwise.dialogue.quiz import Facts, Quiz
from giftwise.dialogue.session import Hypothesis, Reaction, Session
from giftwise.fields import text_id


class State(BaseModel):
    """Everything that a session remembers: what is shown, and what led to it."""

    version: int = 1
    user_id: str | None = None
    seed: int
    quiz: Quiz
    session: Session
    reactions: list[Reaction] = []  # oldest first
    titles: list[str] = []  # of every idea ever shown, none of which is shown again
    answers: list[str] = []  # to questions, oldest first
    narrowed: dict[str, list[str]] = {}  # by topic: the answers that led into it
    archive: dict[str, list[Hypothesis]] = {}  # by topic: ideas that are shown no longer, but may be reacted to
    rounds: int = 0  # how often more ideas were asked for
    asked: list[str] = []  # questions that were asked, so that none is asked twice
    rejections: int = 0  # in a row, since the last like or question
    llm_calls: int = 0  # how often a language model was asked
    liked: list[str] = []  # items that this recipient liked, in this session and earlier ones
    disliked: list[str] = []
    owned: list[str] = []  # items that they got already

    @property
    def facts(self) -> Facts:
        """What is known of the recipient and the occasion, as of now."""
        return Facts.of(self.quiz, answers=tuple(self.answers), owned=frozenset(self.owned))

    @property
    def count(self) -> int:
        """How many ideas a topic shows at once."""
        return 2 if self.quiz.session_mode == "quick_fix" else 3

    def ideas(self) -> Iterator[tuple[str, Hypothesis]]:
        """Every idea ever shown with its topic's id, those in sight first."""
        for track in self.session.tracks:
            yield from ((track.topic_id, one) for one in track.hypotheses)
        for topic_id, gone in self.archive.items():
            yield from ((topic_id, one) for one in gone)

    def idea(self, hypothesis_id: str) -> tuple[str, Hypothesis] | None:
        """An idea with its topic's id."""
        wanted = text_id(hypothesis_id)
        return next((found for found in self.ideas() if found[1].id == wanted), None)
