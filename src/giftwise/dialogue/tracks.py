"""Tracks of a session: topics in; ideas that have products behind them, or a question that leads to some, out."""

import asyncio
import uuid
from collections.abc import Sequence
from typing import Final

from giftwise.dialogue import questions, topics
from giftwise.dialogue.brain import Brain
from giftwise.dialogue.gates import Gates
from giftwise.dialogue.quiz import Facts
from giftwise.dialogue.session import Draft, Find, Gift, Hypothesis, Question, Shelf, Track
from giftwise.dialogue.state import State
from giftwise.dialogue.steering import Steering
from giftwise.dialogue.stems import names
from giftwise.dialogue.store import Shown
from giftwise.dialogue.taxonomy import Topic
from giftwise.recommend.reasons import Language

RELAXED: Final = 1.1  # times the budget, where nothing is within it
LOOK: Final = 2  # times as many products are looked at as are shown, as some may not be given to everyone
MOST_TRACKS: Final = 12  # of one session; a list of thirty interests would be thirty searches

NOTHING: Final[dict[Language, str]] = {
    "ru": "Пока ничего подходящего: попробуйте другой бюджет или расскажите подробнее.",
    "en": "Nothing fits yet: try another budget, or tell a little more.",
}


class Tracks:
    """Makes and changes the tracks of a session. What is given is changed in place; new ideas are answered."""

    def __init__(self, brain: Brain, shelf: Shelf) -> None:
        self._brain = brain
        self._shelf = shelf

    async def find(self, state: State, interests: Sequence[str], description: str | None = None) -> list[Shown]:
        """A track for each topic that these words name; a probe is asked where nothing came of any."""
        gates = Gates.of(state.facts)
        named = topics.find_topics(interests, description, state.session.language)
        return await self.add(state, [topic for topic in named if gates.lets_topic(topic)])

    async def add(self, state: State, found: Sequence[Topic]) -> list[Shown]:
        """A track for each topic that has none yet; a probe is asked where no track has anything to show."""
        session = state.session
        there = {track.topic_id for track in session.tracks}
        new = {topic.id: topic for topic in found if topic.id not in there}
        room = max(MOST_TRACKS - len(session.tracks), 0)
        opened = await asyncio.gather(*(self._open(state, topic) for topic in list(new.values())[:room]))
        shown: list[Shown] = []
        for track, drafts in opened:
            session.tracks.append(track)
            session.topics.append(track.topic_name)
            shown += _show(state, track, drafts)
        session.current_probe = None
        if all(track.status == "error" for track in session.tracks):
            self._ask(state, questions.probe(state.facts, state.asked))
        return shown

    async def refine(self, state: State, track: Track, answer: str | None) -> list[Shown]:
        """A track's ideas after an answer to its question, or within a narrower topic; what is liked stays.

        No answer means that the question is skipped: the topic as a whole, then. Where an answer leads to nothing that
        can be given, the track stays as wide as it was.
        """
        answers = state.narrowed.setdefault(track.topic_id, [])
        if answer:
            answers.append(answer)
        ideas = await self._ideas(state, self.topic(state, track.topic_id), state.count)
        if not ideas and answer:
            answers.pop()
            if track.hypotheses:
                return []
            ideas = await self._ideas(state, self.topic(state, track.topic_id), state.count)
        liked = set(state.session.liked_hypotheses)
        state.archive.setdefault(track.topic_id, []).extend(one for one in track.hypotheses if one.id not in liked)
        track.hypotheses = [one for one in track.hypotheses if one.id in liked]
        track.question = None
        return _show(state, track, ideas)

    async def more(self, state: State, track: Track) -> list[Shown]:
        """More ideas for a track, of which none was shown before."""
        state.rounds += 1
        ideas = await self._ideas(state, self.topic(state, track.topic_id), state.count)
        if ideas:
            track.question = None
        return _show(state, track, ideas)

    async def next_question(self, state: State) -> None:
        """Ask what would tell most about what is left to show."""
        candidates: list[Gift] = [
            gift for track in state.session.tracks for one in track.hypotheses for gift in one.preview_products
        ]
        question = await self._brain.question(state.facts, self.steering(state), candidates, asked=state.asked)
        if question is not None:
            self._ask(state, question)
            state.rejections = 0

    async def deep(self, state: State, topic_id: str, idea: Hypothesis, limit: int) -> list[Gift]:
        """Products of an idea within the budget: those that it was shown with, what its queries find, then what its
        topic's words find. Where there are none at all, some a little above the budget, and they say so."""
        facts, steering = state.facts, self.steering(state)
        gates, find = Gates.of(facts), self._find(state)
        unwanted = {*state.owned, *state.disliked}
        shown = await self._shelf.gifts([str(gift.id) for gift in idea.preview_products])
        found = [gift for gift in shown.values() if facts.budget is None or (gift.price or 0) <= facts.budget]
        wider = list(topics.words_of(self.topic(state, topic_id), state.session.language))
        for factor in (1.0, RELAXED):
            for queries in (idea.search_queries, wider):
                found += await find(queries, facts, limit=limit * LOOK, price_factor=factor)
                fit = {str(gift.id): gift for gift in found if gates.lets(gift) and steering.affordable(gift)}
                wanted = [gift for gift_id, gift in fit.items() if gift_id not in unwanted]
                if len(wanted) >= limit:
                    break
            if wanted:  # what the idea names comes before what only sounds like it
                wanted.sort(key=lambda gift: not any(names(gift.title, query) for query in idea.search_queries))
                return wanted[:limit]
        return []

    def topic(self, state: State, topic_id: str) -> Topic:
        """A topic as far as answers have narrowed it."""
        language = state.session.language
        topic = topics.topic_by_id(topic_id, language)
        for answer in state.narrowed.get(topic_id, []):
            topic = topics.narrow(topic, answer, language)
        return topic

    def steering(self, state: State) -> Steering:
        """What the giver's reactions say of what to show next."""
        shown = {str(gift.id) for _, idea in state.ideas() for gift in idea.preview_products}
        return Steering.of(state.reactions, state.answers, shown=shown)

    async def _open(self, state: State, topic: Topic) -> tuple[Track, list[Draft]]:
        name = topic.name(state.session.language)
        track = Track(topic_id=topic.id, topic_name=name, status="ready", title=name, preview_text="")
        if topic.wide and state.quiz.session_mode != "quick_fix":
            track.question = questions.branch_question(topic, state.facts)
            return track, []
        return track, await self._ideas(state, topic, state.count)

    async def _ideas(self, state: State, topic: Topic, count: int) -> list[Draft]:
        return await self._brain.hypotheses(
            topic,
            state.facts,
            self.steering(state),
            self._find(state),
            seen=frozenset(state.titles),
            count=count,
            seed=state.seed + state.rounds,
            account=state,
        )

    def _find(self, state: State) -> Find:
        """The search, with what is known of this recipient's taste in it."""

        async def find(
            queries: Sequence[str],
            facts: Facts,
            *,
            limit: int,
            price_factor: float = 1.1,
            liked: Sequence[str] = (),
            disliked: Sequence[str] = (),
        ) -> list[Gift]:
            return await self._shelf(
                queries,
                facts,
                limit=limit,
                price_factor=price_factor,
                liked=list(dict.fromkeys([*state.liked, *liked])),
                disliked=list(dict.fromkeys([*state.disliked, *disliked])),
            )

        return find

    def _ask(self, state: State, question: Question) -> None:
        state.session.current_probe = question
        state.asked.append(question.question)


def _show(state: State, track: Track, drafts: Sequence[Draft]) -> list[Shown]:
    """Put ideas into a track. Those of a title that another track came to show meanwhile are left out."""
    shown: list[Shown] = []
    for draft in drafts:
        if draft.title in state.titles:
            continue
        state.titles.append(draft.title)
        shown.append(Shown(str(uuid.uuid4()), track.topic_id, track.topic_name, draft))
    track.hypotheses += [
        Hypothesis(
            id=one.id,
            title=one.draft.title,
            description=one.draft.description,
            reasoning=one.draft.reasoning,
            primary_gap=one.draft.primary_gap,
            preview_products=list(one.draft.products),
            search_queries=list(one.draft.search_queries),
            model_name=one.draft.model_name,
        )
        for one in shown
    ]
    _dress(track, state.session.language)
    return shown


def _dress(track: Track, language: Language) -> None:
    """The track's status and the text of its card, by what is in it."""
    if track.question is not None:
        track.status, track.preview_text = "question", track.question.question
    elif track.hypotheses:
        track.status, track.preview_text = "ready", " · ".join(one.title for one in track.hypotheses)
    else:
        track.status, track.preview_text = "error", NOTHING[language]
