"""A dialogue's shapes, as the contract has them on the wire, and what a session remembers beside them."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from pydantic import BaseModel, Field

from giftwise.dialogue.quiz import Facts, Quiz
from giftwise.recommend.reasons import Language

Gap = Literal["the_mirror", "the_optimizer", "the_catalyst", "the_anchor", "the_permission"]
Verdict = Literal["like", "dislike", "shortlist", "purchase", "view"]


class Gift(BaseModel):
    """One product. Both ids are the catalog's, of its own kind."""

    id: int | str
    gift_id: int | str
    title: str
    description: str | None = None
    price: float | None = None
    currency: str
    image_url: str | None = None
    product_url: str | None = None
    merchant: str | None = None
    category: str | None = None
    delivery_days: int | None = None
    is_customizable: bool = False
    budget_relaxed: bool = Field(False, description="shown although it costs more than the budget")


class Question(BaseModel):
    """What is asked of the giver, by a track or by the session (a probe)."""

    question: str
    options: list[str] = []
    can_skip: bool = True
    context_tags: list[str] = []


class Hypothesis(BaseModel):
    """An idea of a gift, with products behind it."""

    id: str
    title: str
    description: str
    reasoning: str
    primary_gap: Gap
    preview_products: list[Gift] = []
    search_queries: list[str] = []
    model_name: str = Field("rules", description="what wrote it: `rules`, or a language model's name")


class Track(BaseModel):
    """One topic of a session: ideas, or a question that leads to them."""

    topic_id: str
    topic_name: str
    status: Literal["ready", "question", "error"]
    title: str
    preview_text: str
    hypotheses: list[Hypothesis] = []
    question: Question | None = None


class TopicHint(BaseModel):
    """A topic that the giver may not have thought of, as a question."""

    id: str
    question: str
    reasoning: str


class SessionRecipient(BaseModel):
    """Whom the session is for; no id in an anonymous one."""

    id: str | None = None
    name: str | None = None


class Session(BaseModel):
    """A dialogue as the giver sees it."""

    session_id: str
    recipient: SessionRecipient
    topics: list[str] = []
    language: Language = "ru"
    tracks: list[Track] = []
    liked_hypotheses: list[str] = Field([], description="their ids")
    disliked_hypotheses: list[str] = Field([], description="their ids")
    shortlisted_products: list[int | str] = Field([], description="their ids; `shortlist` has them whole")
    shortlist: list[Gift] = []
    topic_hints: list[TopicHint] = []
    selected_topic_id: str | None = None
    selected_hypothesis_id: str | None = None
    current_probe: Question | None = None
    created_at: datetime

    def track(self, topic_id: str | None) -> Track | None:
        """The track of a topic."""
        return next((track for track in self.tracks if track.topic_id == topic_id), None)


class Reaction(BaseModel, frozen=True):
    """What the giver thinks of an idea or a product that was shown. What is undone is no reaction any more."""

    verdict: Verdict
    target: Literal["hypothesis", "product"]
    target_id: str
    topic_id: str | None = None
    gap: Gap | None = None
    category: str | None = None  # of the product
    price: float | None = None  # of the product, or the middle price of the idea's
    title: str = ""
    reason: str | None = None  # as said: too_expensive, has_it, or words


def common_category(gifts: Sequence[Gift]) -> str | None:
    """The category of more than half of the products, if there is one."""
    counted = Counter(gift.category for gift in gifts if gift.category).most_common(1)
    return counted[0][0] if counted and 2 * counted[0][1] > len(gifts) else None


@dataclass(frozen=True, slots=True)
class Draft:
    """An idea that nobody has seen yet: texts in the session's language, and products found by its queries."""

    title: str
    description: str
    reasoning: str
    primary_gap: Gap
    search_queries: tuple[str, ...]
    products: tuple[Gift, ...] = field(default=())
    model_name: str = "rules"


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
        return next((found for found in self.ideas() if found[1].id == hypothesis_id), None)


class Find(Protocol):
    """Finds products by words: the best first, within price_factor x the budget, none of what is owned."""

    async def __call__(
        self,
        queries: Sequence[str],
        facts: Facts,
        *,
        limit: int,
        price_factor: float = 1.1,
        liked: Sequence[str] = (),
        disliked: Sequence[str] = (),
    ) -> list[Gift]:
        """At most `limit` products that fit any of the queries."""
        ...


class Shelf(Find, Protocol):
    """Also tells of single products."""

    async def gifts(self, ids: Sequence[str]) -> dict[str, Gift]:
        """Those of the items that are public and in stock, by their ids as text."""
        ...
