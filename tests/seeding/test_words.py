"""The word files: complete in every language, and refused with a clear word where they are not."""

from pathlib import Path

import pytest

from giftwise.seeding import words
from giftwise.seeding.words import FOLDER, LANGUAGES, MOTIFS, load_world


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the word files that a test may spoil."""
    for path in FOLDER.glob("*.toml"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    monkeypatch.setattr(words, "FOLDER", tmp_path)
    return tmp_path


def test_every_category_and_taste_has_words_in_every_language() -> None:
    """Languages are equal: the same categories, tastes, seasons and motifs, each with words of its own."""
    world = load_world()
    assert (len(world.categories), len(world.tastes), len(world.languages)) == (14, 24, len(LANGUAGES))
    for language in world.languages:
        assert len(language.nouns) == len(language.details) == len(language.sentences) == len(world.categories)
        assert len(language.occasions) == len(world.seasons)
        assert [len(motifs) for motifs in language.motifs] == [MOTIFS] * len(world.tastes)
        every = [motif for motifs in language.motifs for motif in motifs]
        assert len(set(every)) >= len(every) - 2, "motifs tell groups of presents apart"


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("ru", "pets = [", "cattle = [", r"ru.toml \[nouns\] pets: needs at least one word"),
        ("en", '"with corgis", ', "", r"en.toml \[motifs\] dogs: has 5 motifs"),
        ("en", '"with corgis"', '"with\\ttabs"', r"en.toml \[motifs\] dogs: 'with\\ttabs' has"),
        ("world", "cats           = { categories = { pets = 0.70", "cats = { categories = { pets = 0.5", "add up to 1"),
        ("world", "ages = [1, 3, 4, 3, 2, 1]", "ages = [1, 3, 4, 3, 2, 0]", "above 0"),
    ],
)
def test_a_mistake_is_named(folder: Path, file: str, old: str, new: str, message: str) -> None:
    """Who extends a word file is told the file, the section and the entry that is wrong."""
    path = folder / f"{file}.toml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(ValueError, match=message):
        load_world.__wrapped__()
