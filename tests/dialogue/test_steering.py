"""Steering: what is liked grows, what is disliked fades, prices are heard, and questions ask what tells most."""

import pytest

from giftwise.dialogue.gates import Gates
from giftwise.dialogue.questions import branch_question, hints, information, next_question, probe
from giftwise.dialogue.quiz import Facts
from giftwise.dialogue.session import Gap, Gift, Reaction, Verdict, common_category
from giftwise.dialogue.steering import Steering, read_reason
from giftwise.dialogue.taxonomy import load_taxonomy
from giftwise.dialogue.topics import find_topics, topic_by_id
from giftwise.dialogue.wording import load_wording
from giftwise.recommend.reasons import Language


def reaction(
    verdict: Verdict, *, gap: Gap = "the_mirror", title: str = "", price: float | None = None,
    category: str | None = None, reason: str | None = None,
) -> Reaction:  # fmt: skip
    """What is thought of a product of the topic coffee."""
    return Reaction(
        verdict=verdict, target="product", target_id="1", topic_id="coffee", gap=gap, title=title, price=price,
        category=category, reason=reason,
    )  # fmt: skip


def gift(number: int, title: str = "Mug", price: float = 100.0, category: str | None = "kitchen") -> Gift:
    """A product."""
    return Gift(id=number, gift_id=number, title=title, price=price, currency="RUB", category=category)


def test_knowing_nothing_changes_nothing() -> None:
    """Every weight is 1."""
    steering = Steering.of([])
    assert steering.gap("the_anchor") == steering.topic("coffee") == steering.product(gift(1)) == 1.0
    assert steering.affordable(gift(1, price=1e9))


def test_a_liked_gap_grows_and_a_disliked_one_fades() -> None:
    """Topic, category and the words of the title with it, and the more the oftener."""
    liked = Steering.of([reaction("like", title="Cat mug", category="kitchen")])
    disliked = Steering.of([reaction("dislike", title="Cat mug", category="kitchen")])
    for steering, sign in ((liked, 1), (disliked, -1)):
        for weight in (
            steering.gap("the_mirror"),
            steering.topic("coffee"),
            steering.product(gift(2, title="Another cat")),
            steering.product(gift(2, title="Bowl")),
        ):
            assert (weight - 1) * sign > 0
    assert liked.gap("the_anchor") == 1.0
    twice = Steering.of([reaction("dislike"), reaction("dislike")])
    assert twice.gap("the_mirror") < Steering.of([reaction("dislike")]).gap("the_mirror")
    often = Steering.of([reaction("dislike")] * 50)
    assert often.gap("the_mirror") >= 0.1  # nothing is ever out of the question


def test_views_say_nothing() -> None:
    """Looking is not liking."""
    assert Steering.of([reaction("view", category="kitchen")]) == Steering.of([])


@pytest.mark.parametrize("said", ["too_expensive", "слишком дорого", "It is too expensive!", "а подешевле?"])
def test_too_expensive_lowers_the_price_and_blames_nothing_else(said: str) -> None:
    """The next costs at most 0.7 of it; the gap and the topic stay welcome."""
    steering = Steering.of([reaction("dislike", price=1000, reason=said)])
    assert steering.price_cap == pytest.approx(700)
    assert steering.affordable(gift(1, price=700)) and not steering.affordable(gift(1, price=701))
    assert steering.gap("the_mirror") == 1.0


def test_already_has_it_asks_for_a_better_one_or_another_kind() -> None:
    """Things of that name fade, what they are for does not, and what they have is known."""
    steering = Steering.of([reaction("dislike", title="Coffee grinder", price=500, reason="уже есть")])
    assert steering.phrase("coffee grinder") < 0.3
    assert steering.gap("the_mirror") == 1.0
    assert [price for _, price in steering.owned] == [500]


def test_reasons_are_read_in_both_languages() -> None:
    """Other words are no reason of these."""
    assert read_reason("у неё такой есть") == "has_it"
    assert read_reason("she already has one") == "has_it"
    assert read_reason("хочется чего-то солиднее") == "too_cheap"
    assert read_reason("скучно") is None
    assert read_reason(None) is None


@pytest.mark.parametrize("language", ["ru", "en"])
def test_every_option_that_is_offered_is_understood(language: Language) -> None:
    """Prices, categories and gaps: an answer that we wrote ourselves changes what comes next."""
    words, facts = load_wording(language), Facts(age=30, language=language)
    gifts = [gift(n, price=100.0 * n * n, category=("kitchen", "books", "sport")[n % 3]) for n in range(1, 13)]
    asked: list[str] = []
    while question := next_question(facts, Steering(), gifts, asked=asked):
        asked.append(question.question)
        for option in question.options:
            if option != words.categories["other"]:
                assert Steering.of([], [option]) != Steering.of([]), option
    assert {words.split["price"], words.split["category"], words.split["gap"]} <= set(asked)


def test_the_question_is_the_one_that_tells_most() -> None:
    """Where all cost about the same, the category is asked; where all are of one category, the price."""
    facts = Facts(age=30, language="en")
    of_kinds = [gift(n, price=100.0, category=("kitchen", "books", "sport")[n % 3]) for n in range(9)]
    of_prices = [gift(n, price=100.0 * 3**n, category="kitchen") for n in range(9)]
    split = load_wording("en").split
    by_kind = next_question(facts, Steering(), of_kinds, asked=[])
    by_price = next_question(facts, Steering(), of_prices, asked=[])
    assert by_kind is not None and by_kind.question == split["category"]
    assert by_price is not None and by_price.question == split["price"] and len(by_price.options) == 3
    after = next_question(facts, Steering(), of_prices, asked=[split["price"]])
    assert after is not None and after.question == split["gap"]
    assert next_question(facts, Steering(), of_prices, asked=[split["price"], split["gap"]]) is None


def test_information_is_entropy_in_bits() -> None:
    """Two even answers tell one bit, four tell two, one tells nothing."""
    assert information({"a": 2.0, "b": 2.0}) == pytest.approx(1)
    assert information(dict.fromkeys("abcd", 1.0)) == pytest.approx(2)
    assert information({"a": 5.0}) == information({}) == 0


def test_a_probe_is_for_the_age_and_leads_somewhere() -> None:
    """Each option of each probe names a topic; children are not asked about their back."""
    for language in ("ru", "en"):
        for age in (6, 40):
            facts = Facts(age=age, language=language)
            asked: list[str] = []
            for _ in range(3):
                question = probe(facts, asked)
                assert question.question not in asked
                asked.append(question.question)
                for option in question.options:
                    found = find_topics([option], None, language)
                    assert found and all(topic.known for topic in found), option
                    assert any(Gates.of(facts).lets_topic(topic) for topic in found)


def test_branches_and_hints_pass_the_gates() -> None:
    """A wide topic offers its branches; hints are new, begin beside what is known, and are the same by seed."""
    facts = Facts(age=30, language="ru")
    question = branch_question(topic_by_id("sport", "ru"), facts)
    assert "Бег" in question.options and question.can_skip
    known = [topic_by_id("running", "ru")]
    found = hints(facts, known, 3)
    assert found == hints(facts, known, 3)
    assert len({hint.id for hint in found}) == 3 and "running" not in {hint.id for hint in found}
    child = hints(Facts(age=5, language="ru"), [], 3)
    assert all(load_taxonomy().topics[hint.id].ages[0] <= 5 for hint in child)


def test_the_common_category_is_that_of_most() -> None:
    """More than half of the products have it."""
    assert common_category([gift(1), gift(2), gift(3, category="books")]) == "kitchen"
    assert common_category([gift(1), gift(2, category="books")]) is None
    assert common_category([]) is None
