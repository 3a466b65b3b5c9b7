"""What givers do in a session: an action on a session's state in, the changed state and what is written with it out."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from giftwise.dialogue import questions
from giftwise.dialogue.reactions import find_gift, of_idea, of_product, react, recent_topic
from giftwise.dialogue.session import Hypothesis, Shelf, Verdict
from giftwise.dialogue.state import State
from giftwise.dialogue.store import Change, Shown, Step
from giftwise.dialogue.tracks import Tracks
from giftwise.errors import FieldError, InvalidRequest, NotFound
from giftwise.fields import text_id

DEEP: Final = 15  # products of an idea that is looked into
PATIENCE: Final = 3  # rejections in a row after which it is better to ask
ON_PRODUCTS: Final[dict[str, Verdict]] = {
    "like": "like",
    "dislike": "dislike",
    "view": "view",
    "purchase": "purchase",
    "shortlist": "shortlist",
    "select_gift": "shortlist",
}
# A word for products that is said of an idea means the idea.
OF_IDEAS: Final = {"like": "like_hypothesis", "dislike": "dislike_hypothesis", "shortlist": "shortlist_hypothesis"}


@dataclass(frozen=True, slots=True)
class Action:
    """One step of a giver; `metadata` speaks where `value` is empty."""

    name: str
    value: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)

    def target(self, key: str) -> str:
        """The id that it is about, or ''."""
        return self.value or self.said(key) or ""

    def said(self, key: str) -> str | None:
        """A word of the metadata as text."""
        value = self.metadata.get(key)
        return str(value) if isinstance(value, int | str) and not isinstance(value, bool) and value != "" else None


@dataclass(frozen=True, slots=True)
class Effect:
    """What an action came to."""

    target_type: str
    target_id: str | None = None
    shown: Sequence[Shown] = ()
    reactions: Sequence[tuple[str, str | None]] = ()


Handler = Callable[[State, Action], Awaitable[Effect]]


class Actions:
    """Every action of the contract."""

    def __init__(self, tracks: Tracks, shelf: Shelf) -> None:
        self._tracks = tracks
        self._shelf = shelf
        self._handlers: dict[str, Handler] = {
            "answer_probe": self._answer,
            "select_branch": self._answer,
            "select_track": self._select_track,
            "suggest_topics": self._suggest,
            "load_more_hypotheses": self._more,
            "like_hypothesis": self._like_idea,
            "shortlist_hypothesis": self._like_idea,
            "unlike_hypothesis": self._undo_idea,
            "dislike_hypothesis": self._dislike_idea,
            "undislike_hypothesis": self._undo_idea,
        }

    async def apply(self, state: State, action: Action) -> Change:
        """The change that an action makes of a state, which is left as it is. NotFound, InvalidRequest."""
        state = state.model_copy(deep=True)
        effect = await self._handler(state, action)(state, action)
        step = Step(action.name, effect.target_type, effect.target_id, action.value, action.metadata)
        return Change(state, step, effect.shown, effect.reactions)

    def _handler(self, state: State, action: Action) -> Handler:
        if action.name in ON_PRODUCTS:
            of_idea = action.name in OF_IDEAS and action.said("target_type") != "product"
            if of_idea and state.idea(action.target("hypothesis_id")) is not None:
                return self._handlers[OF_IDEAS[action.name]]
            return self._product
        return self._handlers.get(action.name, _navigate)

    async def _answer(self, state: State, action: Action) -> Effect:
        """An answer to a track's question refines that track; one to anything else is about the whole session."""
        session, said = state.session, (action.value or "").strip()
        track = session.track(action.said("topic_id"))
        if track is not None:
            shown = await self._tracks.refine(state, track, said or None)
            session.selected_topic_id = track.topic_id
            return Effect("navigation", track.topic_id, shown)
        probe, session.current_probe = session.current_probe, None
        if not said:
            if probe is None:
                raise _missing("/value", "the text of an answer")
            return Effect("navigation") if session.tracks else await self._suggest(state, action)
        state.answers.append(said)
        recent = session.track(recent_topic(state)) if probe is not None else None
        if recent is not None:  # it was asked because of what was rejected there
            return Effect("navigation", recent.topic_id, await self._tracks.more(state, recent))
        return Effect("navigation", None, await self._tracks.find(state, [said]))

    async def _select_track(self, state: State, action: Action) -> Effect:
        session, topic_id = state.session, action.target("topic_id")
        shown: Sequence[Shown] = ()
        if session.track(topic_id) is None:
            if topic_id not in {hint.id for hint in session.topic_hints}:
                raise NotFound(f"there is no topic {topic_id} in this session")
            shown = await self._tracks.add(state, [self._tracks.topic(state, topic_id)])
        session.selected_topic_id = topic_id
        return Effect("navigation", topic_id, shown)

    async def _suggest(self, state: State, action: Action) -> Effect:
        session = state.session
        known = [self._tracks.topic(state, track.topic_id) for track in session.tracks]
        session.topic_hints = questions.hints(state.facts, known, state.seed + state.rounds)
        state.rounds += 1
        return Effect("navigation")

    async def _more(self, state: State, action: Action) -> Effect:
        session = state.session
        topic_id = action.target("topic_id") or session.selected_topic_id
        if not topic_id:
            raise _missing("/value", "the id of a topic")
        track = session.track(topic_id)
        if track is None:
            raise NotFound(f"there is no topic {topic_id} in this session")
        return Effect("navigation", topic_id, await self._tracks.more(state, track))

    async def _like_idea(self, state: State, action: Action) -> Effect:
        topic_id, idea = _idea(state, action)
        session = state.session
        verdict: Verdict = "shortlist" if action.name == "shortlist_hypothesis" else "like"
        react(state, of_idea(topic_id, idea, verdict))
        session.selected_hypothesis_id, session.selected_topic_id = idea.id, topic_id
        _add(session.liked_hypotheses, idea.id)
        _drop(session.disliked_hypotheses, idea.id)
        idea.preview_products = await self._tracks.deep(state, topic_id, idea, DEEP)
        return Effect("hypothesis", idea.id, reactions=[(idea.id, verdict)])

    async def _dislike_idea(self, state: State, action: Action) -> Effect:
        topic_id, idea = _idea(state, action)
        session = state.session
        _drop(session.liked_hypotheses, idea.id)
        _add(session.disliked_hypotheses, idea.id)
        if session.selected_hypothesis_id == idea.id:
            session.selected_hypothesis_id = None
        react(state, of_idea(topic_id, idea, "dislike", action.said("reason")))
        await self._ask_if_lost(state)
        return Effect("hypothesis", idea.id, reactions=[(idea.id, "dislike")])

    async def _undo_idea(self, state: State, action: Action) -> Effect:
        """Take back a like, or a dislike; whoever thinks the opposite by now still thinks so."""
        _, idea = _idea(state, action)
        session = state.session
        taken = "like" if action.name == "unlike_hypothesis" else "dislike"
        ids = session.liked_hypotheses if taken == "like" else session.disliked_hypotheses
        if idea.id not in ids:
            return Effect("hypothesis", idea.id)
        ids.remove(idea.id)
        state.reactions = [one for one in state.reactions if one.target_id != idea.id]
        if taken == "like" and session.selected_hypothesis_id == idea.id:
            session.selected_hypothesis_id = None
        if taken == "dislike":
            state.rejections = max(state.rejections - 1, 0)
        return Effect("hypothesis", idea.id, reactions=[(idea.id, None)])

    async def _product(self, state: State, action: Action) -> Effect:
        verdict = ON_PRODUCTS[action.name]
        product_id = text_id(action.target("product_id"))
        if not product_id:
            raise _missing("/value", "the id of a gift")
        gift = find_gift(state, product_id) or (await self._shelf.gifts([product_id])).get(product_id)
        if gift is None:
            raise NotFound(f"there is no gift {product_id}")
        session = state.session
        if verdict != "view":
            react(state, of_product(state, gift, verdict, action.said("hypothesis_id"), action.said("reason")))
        match verdict:
            case "shortlist":
                if gift.id not in session.shortlisted_products:
                    session.shortlisted_products.append(gift.id)
                    session.shortlist.append(gift)
            case "purchase":
                _add(state.owned, str(gift.id))
                for _, idea in state.ideas():
                    idea.preview_products = [one for one in idea.preview_products if one.id != gift.id]
            case "dislike":
                _drop(state.liked, str(gift.id))
                _add(state.disliked, str(gift.id))
                await self._ask_if_lost(state)
        if verdict not in ("view", "dislike"):
            _drop(state.disliked, str(gift.id))
            _add(state.liked, str(gift.id))
        return Effect("product", str(gift.id))

    async def _ask_if_lost(self, state: State) -> None:
        if state.rejections >= PATIENCE:
            await self._tracks.next_question(state)


async def _navigate(_: State, action: Action) -> Effect:
    return Effect("navigation", action.said("target_id"))


def _idea(state: State, action: Action) -> tuple[str, Hypothesis]:
    hypothesis_id = action.target("hypothesis_id")
    if not hypothesis_id:
        raise _missing("/value", "the id of a hypothesis")
    found = state.idea(hypothesis_id)
    if found is None:
        raise NotFound(f"there is no hypothesis {hypothesis_id} in this session")
    return found


def _add(ids: list[str], one: str) -> None:
    if one not in ids:
        ids.append(one)


def _drop(ids: list[str], one: str) -> None:
    if one in ids:
        ids.remove(one)


def _missing(pointer: str, what: str) -> InvalidRequest:
    message = f"{what} is needed"
    return InvalidRequest(f"{pointer}: {message}", (FieldError(pointer, message),))
