"""Tastes in words: what is said, what is done, and how items answer to both."""

import numpy as np
import pytest

from giftwise.algorithms.content import score_content
from giftwise.algorithms.topics import NOTHING, TasteParams, score_taste, stated_taste, whole_taste
from giftwise.catalog.model import Model
from tests.support.places import business, place_model

NONE = np.empty(0, np.int32), np.empty(0, np.float32)


@pytest.fixture
def town() -> Model:
    """0, 1 coffee (1 for its tag alone), 2 board games, 3 a shop of which nothing is known, 4 coffee in its text."""
    return place_model(
        business(10, ["Coffee"], ["wifi"]),
        business(11, ["Bakery"], ["coffee"]),
        business(12, ["Board games"]),
        business(13),
        business(14, ["Garden"], text="Plants, and coffee on Sundays"),
    )


def history(*pairs: tuple[int, float]) -> tuple[np.ndarray, np.ndarray]:
    """Places and weights from pairs."""
    return np.array([place for place, _ in pairs], np.int32), np.array([weight for _, weight in pairs], np.float32)


def test_an_interest_finds_categories_before_tags_before_texts(town: Model) -> None:
    """Whatever its spelling; an item without the word is not touched."""
    scores = score_taste(town.topics, stated_taste(town, ["COFFEE!"]))
    assert scores[0] > scores[1] > scores[4] > 0
    assert scores[[2, 3]].tolist() == [0, 0]


def test_an_interest_of_several_words_counts_whole_and_in_parts(town: Model) -> None:
    """ "board game" is the category; "old games" shares a word with it, which counts less."""
    whole = score_taste(town.topics, stated_taste(town, ["board game"]))[2]
    part = score_taste(town.topics, stated_taste(town, ["old games", "coffee"]))[2]
    assert whole > part > 0


def test_what_nobody_sells_is_no_taste(town: Model) -> None:
    """Unknown words, blanks and doubles say nothing; the weights of the others sum to 1."""
    assert len(stated_taste(town, ["yachts", "", "  "])) == 0
    assert stated_taste(town, ["coffee", "Coffee", "yachts"]).weights.tolist() == [1]
    assert stated_taste(town, ["coffee", "wifi"]).weights.sum() == pytest.approx(1)


def test_doing_outweighs_saying_in_time(town: Model) -> None:
    """One view of a coffee house does not undo a stated interest in games; many likes do."""
    games = stated_taste(town, ["board games"])
    few = score_taste(town.topics, whole_taste(town, *history((0, 0.5)), games))
    many = score_taste(town.topics, whole_taste(town, *history((0, 90), (1, 90)), games))
    assert few[2] > few[0] > 0
    assert many[0] > many[2] > 0


def test_a_history_speaks_by_categories_and_tags_alone(town: Model) -> None:
    """A word said in passing in a text is no taste of who came; many tags speak no louder than few."""
    taste = whole_taste(town, *history((4, 3)), NOTHING)
    assert [town.facts["words"]["topics"][code] for code in taste.codes] == ["garden"]
    for place in (0, 2, 4):
        assert whole_taste(town, *history((place, 3)), NOTHING).weights.sum() == pytest.approx(1)


def test_a_dislike_pushes_away(town: Model) -> None:
    """Negative weights make negative tastes."""
    assert score_taste(town.topics, whole_taste(town, *history((0, -3)), NOTHING))[0] < 0


def test_content_hears_what_is_said_before_anything_is_done(town: Model) -> None:
    """Without a history only items that share a word are spoken of; the rest are silence, not 0."""
    scores = score_content(town, *NONE, stated=stated_taste(town, ["coffee"]))
    assert np.isnan(scores).tolist() == [False, False, True, True, False]
    assert np.isnan(score_content(town, *NONE)).all()


def test_a_catalog_without_topics_is_scored_as_ever(model: Model) -> None:
    """Presents have no such words: stated interests find nothing there and change nothing."""
    assert len(stated_taste(model, ["kitchen"])) == 0
    assert len(whole_taste(model, *history((0, 3)), NOTHING, TasteParams())) == 0
