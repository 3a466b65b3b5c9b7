"""A dialogue's shapes: sessions and gifts as the contract has them on the wire, reactions, drafts, and the search."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field

from giftwise.dialogue.quiz import Facts
from giftwise.recommend.reasons import Language

Gap = Literal["the_mirror", "the_optimizer", "the_catalyst", "the_anchor", "the_permission"]
Verdict = Literal["like", "dislike", "shortlist", "purchase", "view"]

GIFT: Final[dict[str, Any]] = {
    "id": 311,
    "gift_id": 311,
    "title": "Pour-over coffee set, ceramic",
    "description": "A dripper, a server and a hundred filters.",
    "price": 3900.0,
    "currency": "RUB",
    "image_url": "https://img.example/311.jpg",
    "product_url": "https://shop.example/311",
    "merchant": "ozon",
    "category": "kitchen",
    "delivery_days": 2,
    "is_customizable": False,
    "budget_relaxed": False,
}
IDEA: Final[dict[str, Any]] = {
    "id": "0b6a2c0e-6f5e-4d9f-8a55-0f9a5f0c6a11",
    "title": "A new way to brew",
    "description": "A gift that makes one want to try more.",
    "reasoning": "Since your friend loves coffee, it will be fun to try something new in it.",
    "primary_gap": "the_catalyst",
    "preview_products": [GIFT],
    "search_queries": ["pour-over set", "moka pot"],
    "model_name": "rules",
}


class Gift(BaseModel):
    """One product. Both ids are the catalog's, of its own kind."""

    model_config = ConfigDict(json_schema_extra={"example": GIFT})

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

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "session_id": "3a1f0f7e-54a0-4b58-9d2b-2f1f6f6b7a01",
                "recipient": {"id": "7f1c4f0a-2f0b-4c3a-9d0e-5a6b7c8d9e0f", "name": "Anna"},
                "topics": ["Coffee"],
                "language": "en",
                "tracks": [
                    {
                        "topic_id": "coffee",
                        "topic_name": "Coffee",
                        "status": "ready",
                        "title": "Coffee",
                        "preview_text": "A new way to brew",
                        "hypotheses": [IDEA],
                        "question": None,
                    }
                ],
                "liked_hypotheses": [],
                "disliked_hypotheses": [],
                "shortlisted_products": [311],
                "shortlist": [GIFT],
                "topic_hints": [],
                "selected_topic_id": "coffee",
                "selected_hypothesis_id": None,
                "current_probe": None,
                "created_at": "2025-06-01T12:00:00Z",
            }
        }
    )

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
