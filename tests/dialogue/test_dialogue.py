"""Every step of the contract: what it changes in the session, and what is written of it."""

import uuid
from typing import Any, get_args

import pytest

from giftwise.dialogue.dialogue import ReactionWord
from giftwise.dialogue.session import Session, Track
from giftwise.errors import InvalidRequest, NotFound
from tests.dialogue.conftest import Table

WIDE = "sport"


def ids(track: Track) -> list[str]:
    """The ideas of a track."""
    return [one.id for one in track.hypotheses]


def titles(session: Session) -> list[str]:
    """Of every idea in sight."""
    return [one.title for track in session.tracks for one in track.hypotheses]


async def history(table: Table) -> list[tuple[Any, ...]]:
    """What was done, oldest first."""
    return await table.rows("SELECT action_type, target_type, target_id, value FROM interactions ORDER BY created_at")


async def test_a_quiz_becomes_a_session_and_a_recipient(table: Table) -> None:
    """Two interests are two topics with three ideas each; the recipient has every fact that was said, and no other."""
    session = await table.begin("coffee", "lego", recipient_name="Anna", relationship="friend", budget=5000)
    assert [track.status for track in session.tracks] == ["ready", "ready"]
    assert session.topics == [track.topic_name for track in session.tracks]
    assert [len(track.hypotheses) for track in session.tracks] == [3, 3]
    assert session.current_probe is None
    person = await table.recipients.read(str(session.recipient.id))
    assert (person.user_id, person.name, person.relation, person.age) == ("7", "Anna", "friend", 30)
    assert person.interests == ["coffee", "lego"]
    assert person.facts == {"budget": 5000, "language": "en"}
    rows = await table.rows("SELECT id::text, title, is_shown, user_reaction, model_name FROM hypotheses")
    shown = {one.id: one.title for track in session.tracks for one in track.hypotheses}
    assert {row[0]: row[1] for row in rows} == shown
    assert {row[2:] for row in rows} == {(True, None, "rules")}
    assert await table.rows("SELECT id FROM users") == [("7",)]


async def test_an_anonymous_session_works_in_full_and_stores_nobody(table: Table) -> None:
    """No recipient and no user; every idea can be reacted to, and every step is taken."""
    session = await table.begin("coffee", user=None, recipient_name="Anna")
    assert (session.recipient.id, session.recipient.name) == (None, "Anna")
    for idea in ids(session.tracks[0]):
        for reaction in get_args(ReactionWord):
            await table.dialogue.react(idea, reaction)
        assert len(await table.dialogue.products(idea)) == 15
    session = await table.do(session, "shortlist", 3, target_type="product")
    session = await table.do(session, "load_more_hypotheses", session.tracks[0].topic_id)
    assert len(session.tracks[0].hypotheses) == 6
    assert await table.rows("SELECT (SELECT count(*) FROM recipients) + (SELECT count(*) FROM users)") == [(0,)]
    assert await table.rows("SELECT DISTINCT recipient_id FROM interactions") == [(None,)]


async def test_a_known_recipient_is_told_what_is_new_and_what_they_got_stays_away(table: Table) -> None:
    """A second quiz merges: newest wins, silence keeps; what was bought and liked before counts in it."""
    first = await table.begin("coffee", recipient_name="Anna", recipient_gender="f", budget=3000)
    person = str(first.recipient.id)
    await table.do(first, "purchase", 2, target_type="product")
    await table.do(first, "dislike", 3, target_type="product")
    await table.do(first, "like", 4, target_type="product")
    second = await table.begin("lego", recipient=person, recipient_age=31)
    assert (second.recipient.id, second.recipient.name) == (person, "Anna")
    known = await table.recipients.read(person)
    assert (known.age, known.gender, known.interests, known.facts["budget"]) == (31, "f", ["lego"], 3000)
    assert len(await table.recipients.said(person, 10)) == 2
    previews = {gift.id for idea in second.tracks[0].hypotheses for gift in idea.preview_products}
    assert previews == {1, 4, 5, 6}
    assert table.shop.searches[-1][1:] == (["4", "2"], ["3"])
    await table.do(second, "purchase", 1, target_type="product")
    assert 1 not in {gift.id for gift in await table.dialogue.products(ids(first.tracks[0])[0])}
    for wrong in (str(uuid.uuid4()), "nonsense"):
        with pytest.raises(NotFound):
            await table.begin("lego", recipient=wrong)
    with pytest.raises(NotFound):
        await table.begin("lego", user="8", recipient=person)


async def test_a_quiz_without_topics_asks_one_probe_and_its_answer_adds_a_track(table: Table) -> None:
    """An answer to the probe is read as an interest; who skips it is given hints instead of nothing."""
    session = await table.begin()
    assert session.tracks == []
    assert session.current_probe is not None
    skipped = await table.do(session, "answer_probe", None)
    assert (skipped.current_probe, skipped.tracks) == (None, [])
    assert skipped.topic_hints
    session = await table.do(session, "answer_probe", "coffee in the morning")
    assert [track.topic_id for track in session.tracks] == ["coffee"]
    assert session.current_probe is None
    assert (await history(table))[-1] == ("answer_probe", "navigation", None, "coffee in the morning")


async def test_a_wide_topic_asks_and_an_answer_refines_it(table: Table) -> None:
    """A branch by its name, or own words; the track keeps its id. In a hurry nobody is asked."""
    session = await table.begin(WIDE)
    (track,) = session.tracks
    assert (track.status, track.hypotheses) == ("question", [])
    assert track.question is not None
    session = await table.do(session, "select_branch", track.question.options[0], topic_id=track.topic_id)
    (refined,) = session.tracks
    assert (refined.topic_id, refined.status, refined.question, len(refined.hypotheses)) == (WIDE, "ready", None, 3)
    assert session.selected_topic_id == WIDE
    assert (await history(table))[-1][:3] == ("select_branch", "navigation", WIDE)
    skipped = await table.do(await table.begin(WIDE), "answer_probe", None, topic_id=WIDE)
    assert skipped.tracks[0].status == "ready"
    quick = await table.begin(WIDE, session_mode="quick_fix")
    assert (quick.tracks[0].status, len(quick.tracks[0].hypotheses)) == ("ready", 2)


async def test_an_answer_to_a_ready_track_narrows_it_and_keeps_what_is_liked(table: Table) -> None:
    """Ideas that go out of sight can still be reacted to, and their titles do not come back."""
    session = await table.begin("coffee")
    track = session.tracks[0]
    liked, gone, _ = ids(track)
    await table.do(session, "like_hypothesis", liked)
    session = await table.do(session, "select_branch", "espresso at home", topic_id=track.topic_id)
    now = session.tracks[0]
    assert ids(now)[0] == liked
    assert len(now.hypotheses) == 4
    assert not {one.title for one in now.hypotheses[1:]} & {one.title for one in track.hypotheses}
    await table.dialogue.react(gone, "dislike")
    assert gone in (await table.dialogue.session(session.session_id)).disliked_hypotheses


async def test_an_answer_that_leads_to_nothing_changes_nothing(table: Table) -> None:
    """No product is left for the narrower topic: the ideas stay in sight, and more of them can be asked for later."""
    session = await table.begin("coffee")
    everything, table.shop.gone = table.shop.gone, {str(number) for number in range(1, 41)}
    after = await table.do(session, "select_branch", "espresso", topic_id="coffee")
    assert after.tracks == session.tracks
    table.shop.gone = everything
    after = await table.do(session, "load_more_hypotheses", "coffee")
    assert len(after.tracks[0].hypotheses) == 6


async def test_more_ideas_never_repeat_a_title(table: Table) -> None:
    """Until the topic has no more; then nothing is added, and nothing breaks."""
    session = await table.begin("coffee", "lego")
    topic = session.tracks[0].topic_id
    for _ in range(5):
        session = await table.do(session, "load_more_hypotheses", topic)
        assert len(titles(session)) == len(set(titles(session)))
    assert len(session.tracks[0].hypotheses) == 10
    assert len(session.tracks[1].hypotheses) == 3
    session = await table.do(session, "select_track", session.tracks[1].topic_id)
    session = await table.do(session, "load_more_hypotheses")  # of the selected one
    assert len(session.tracks[1].hypotheses) == 6


async def test_hints_may_be_followed(table: Table) -> None:
    """suggest_topics fills the hints; to select one adds its track."""
    session = await table.do(await table.begin("coffee"), "suggest_topics")
    assert session.topic_hints
    hint = session.topic_hints[0]
    assert hint.id not in [track.topic_id for track in session.tracks]
    session = await table.do(session, "select_track", hint.id)
    assert session.selected_topic_id == hint.id
    assert session.tracks[-1].topic_id == hint.id


async def test_a_liked_idea_is_selected_and_looked_into(table: Table) -> None:
    """Its products become a deep dive within the budget; unlike takes the like back, and dislike turns it round."""
    session = await table.begin("coffee", budget=2000)
    idea = ids(session.tracks[0])[1]
    session = await table.do(session, "like_hypothesis", idea)
    assert (session.liked_hypotheses, session.selected_hypothesis_id) == ([idea], idea)
    assert session.selected_topic_id == session.tracks[0].topic_id
    deep = session.tracks[0].hypotheses[1].preview_products
    assert [gift.id for gift in deep] == list(range(1, 16))
    assert deep == await table.dialogue.products(idea)
    assert await reactions(table) == ["like"]
    session = await table.do(session, "dislike_hypothesis", idea)
    assert (session.liked_hypotheses, session.disliked_hypotheses) == ([], [idea])
    assert session.selected_hypothesis_id is None
    assert await reactions(table) == ["dislike"]
    session = await table.do(session, "unlike_hypothesis", idea)  # it is not liked any more
    assert session.disliked_hypotheses == [idea]
    session = await table.do(session, "undislike_hypothesis", idea)
    assert session.disliked_hypotheses == []
    session = await table.do(session, "like_hypothesis", None, hypothesis_id=idea)  # metadata where value is empty
    session = await table.do(session, "unlike_hypothesis", idea.upper())  # a UUID is one in either case
    assert (session.liked_hypotheses, session.selected_hypothesis_id) == ([], None)
    assert await reactions(table) == []
    assert (await table.store.load(session.session_id)).reactions == []


async def reactions(table: Table) -> list[str]:
    """What is thought of ideas, as their rows have it."""
    found = await table.rows("SELECT user_reaction FROM hypotheses WHERE user_reaction IS NOT NULL")
    return [row[0] for row in found]


async def test_products_over_budget_say_so(table: Table) -> None:
    """A deep dive is within the budget; where nothing is, a tenth above it, and marked."""
    session = await table.begin("coffee", budget=1000)
    idea = ids(session.tracks[0])[0]
    assert max(gift.price or 0 for gift in await table.dialogue.products(idea)) == 1000
    table.shop.gone = {str(number) for number in range(1, 11)}
    relaxed = await table.dialogue.products(idea)
    assert [(gift.price, gift.budget_relaxed) for gift in relaxed] == [(1100.0, True)]


async def test_steps_on_products(table: Table) -> None:
    """Shortlists hold a gift once; a purchase takes it from sight; each is in the history with its target."""
    session = await table.begin("coffee")
    for action in ("select_gift", "shortlist", "select_gift"):
        session = await table.do(session, action, 3, target_type="product")
    assert session.shortlisted_products == [3]
    assert [gift.title for gift in session.shortlist] == ["Gift 3"]
    session = await table.do(session, "purchase", None, target_type="product", product_id=2)
    shown = {gift.id for idea in session.tracks[0].hypotheses for gift in idea.preview_products}
    assert shown == {1, 3, 4}
    await table.do(session, "view", 9, target_type="product")
    await table.do(session, "dislike", 4, target_type="product", reason="too_expensive")
    state = await table.store.load(session.session_id)
    assert (state.owned, state.disliked, state.liked) == (["2"], ["4"], ["3", "2"])
    assert [(one.verdict, one.reason) for one in state.reactions] == [
        ("shortlist", None), ("purchase", None), ("dislike", "too_expensive"),
    ]  # fmt: skip
    assert state.reactions[0].topic_id == "coffee"
    assert [row[:3] for row in await history(table)] == [
        ("select_gift", "product", "3"), ("shortlist", "product", "3"), ("select_gift", "product", "3"),
        ("purchase", "product", "2"), ("view", "product", "9"), ("dislike", "product", "4"),
    ]  # fmt: skip


async def test_a_gift_that_was_shown_may_be_bought_though_sold_out(table: Table) -> None:
    """What nobody has shown and the shop does not have is not found, private presents included."""
    session = await table.begin("coffee")
    table.shop.gone = {"1", "40"}
    assert (await table.do(session, "purchase", 1, target_type="product")).session_id
    with pytest.raises(NotFound):
        await table.do(session, "shortlist", 40, target_type="product")


async def test_like_of_an_idea_by_the_short_word(table: Table) -> None:
    """`like` with the id of an idea is about the idea, unless it says that it is about a product."""
    session = await table.begin("coffee")
    idea = ids(session.tracks[0])[0]
    assert (await table.do(session, "like", idea)).liked_hypotheses == [idea]
    with pytest.raises(NotFound):
        await table.do(session, "like", idea, target_type="product")


async def test_three_rejections_in_a_row_bring_a_question(table: Table) -> None:
    """Not if a like comes in between; the answer brings more ideas where they were rejected; skipping it is fine."""
    session = await table.begin("coffee", "lego")
    first, second, third = ids(session.tracks[1])
    for idea in (first, second):
        session = await table.do(session, "dislike_hypothesis", idea)
    session = await table.do(session, "shortlist", 1, target_type="product")
    session = await table.do(session, "dislike_hypothesis", third)
    assert session.current_probe is None
    for number in (5, 6):
        session = await table.do(session, "dislike", number, target_type="product")
    assert session.current_probe is not None
    assert session.current_probe.question == "Big or small?"
    lego = session.tracks[1].topic_id
    await table.do(session, "select_track", lego)
    session = await table.do(session, "answer_probe", "Small")
    assert session.current_probe is None
    assert (await table.store.load(session.session_id)).answers == ["Small"]
    assert [len(track.hypotheses) for track in session.tracks] in ([3, 6], [6, 3])


async def test_any_other_action_is_a_navigation_and_nothing_else(table: Table) -> None:
    """It is recorded with what it said; the session is as it was."""
    session = await table.begin("coffee")
    assert await table.do(session, "back_to_quiz", "page 2", anything={"deep": [1]}) == session
    rows = await table.rows("SELECT action_type, target_type, value, metadata_json FROM interactions")
    assert rows == [("back_to_quiz", "navigation", "page 2", {"anything": {"deep": [1]}})]


async def test_unknown_targets_are_not_found_and_missing_ones_invalid(table: Table) -> None:
    """Nothing of such a step is recorded, and the session is as it was."""
    session = await table.begin("coffee")
    for action in ("select_track", "load_more_hypotheses", "like_hypothesis", "unlike_hypothesis",
                   "dislike_hypothesis", "undislike_hypothesis", "select_gift", "like", "purchase"):  # fmt: skip
        with pytest.raises(NotFound):
            await table.do(session, action, "no such thing", target_type="product")
    for action in ("load_more_hypotheses", "like_hypothesis", "dislike_hypothesis", "select_gift", "view"):
        with pytest.raises(InvalidRequest):
            await table.do(session, action, None)
    for call in (table.dialogue.products, lambda one: table.dialogue.react(one, "like")):
        for unknown in (str(uuid.uuid4()), "nonsense"):
            with pytest.raises(NotFound):
                await call(unknown)
    assert await table.dialogue.session(session.session_id) == session
    assert await history(table) == []


async def test_where_nothing_fits_the_session_asks_instead_of_being_empty(table: Table) -> None:
    """A budget that buys nothing: the tracks say so, and a probe is asked."""
    session = await table.begin("coffee", budget=1)
    assert [track.status for track in session.tracks] == ["error"]
    assert session.tracks[0].preview_text
    assert session.current_probe is not None


async def test_the_history_of_a_recipient_is_of_all_sessions_newest_first(table: Table) -> None:
    """Each step of each session once, with its session."""
    first = await table.begin("coffee")
    second = await table.begin("lego", recipient=first.recipient.id)
    await table.do(first, "shortlist", 1, target_type="product")
    await table.do(second, "shortlist", 2, target_type="product")
    await table.do(first, "view", 3, target_type="product")
    deeds = await table.recipients.history(str(first.recipient.id), 100)
    sessions = [str(deed.session_id) for deed in deeds]
    assert [deed.target_id for deed in deeds] == ["3", "2", "1"]
    assert sessions == [first.session_id, second.session_id, first.session_id]


@pytest.mark.parametrize("age", [0, 17, 120, 150])
@pytest.mark.parametrize("language", ["ru", "en"])
async def test_every_age_that_a_quiz_may_name_gets_a_session(table: Table, age: int, language: str) -> None:
    """With interests and without; there is always something to look at or to answer."""
    for interests in ((), ("coffee",), ("кофе и вино",)):
        session = await table.begin(*interests, user=None, recipient_age=age, language=language)
        assert session.current_probe is not None or any(track.status != "error" for track in session.tracks)
