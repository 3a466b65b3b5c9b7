"""The mapping file: the contract's schema by default, and faults named by section and key."""

from pathlib import Path

import pytest

from giftwise.db.mapping import load_mapping
from giftwise.errors import MappingError
from giftwise.interactions.event import Kind

MINIMAL = '[items]\ntable = "goods"\nid = "id"\npublic = "TRUE"\n'


def test_the_default_is_the_contract() -> None:
    """Without a file the contract's tables are read: presents, likes, clicks, purchases where present, users."""
    mapping = load_mapping()
    assert (mapping.items.table, mapping.items.public) == ("handpicked_presents", "user_id IS NULL")
    assert [(source.kind, source.table, source.optional) for source in mapping.interactions] == [
        ("like", "handpicked_likes", False),
        ("click", "handpicked_present_clicks", False),
        ("purchase", "handpicked_purchases", True),
    ]
    assert mapping.users is not None
    assert mapping.users.optional


def test_every_kind_of_interaction_can_be_mapped(tmp_path: Path) -> None:
    """The kinds that a mapping may name are exactly those that arrays know."""
    for kind in Kind:
        section = f'[[interactions]]\nkind = "{kind.name.lower()}"\ntable = "t"\nuser = "u"\nitem = "i"\n'
        assert load_mapping(_write(tmp_path, MINIMAL + section)).interactions[0].kind == kind.name.lower()


@pytest.mark.parametrize(
    ("toml", "told"),
    [
        (MINIMAL + 'prise = "cost"', "items.prise: Extra inputs"),
        ('[items]\ntable = "goods"\nid = "id"', "items.public: Field required"),
        (MINIMAL.replace('"id"', '""'), "items.id: String should have at least 1 character"),
        (MINIMAL + '[[interactions]]\nkind = "hug"\ntable = "t"\nuser = "u"\nitem = "i"', "interactions.0.kind: Input"),
        (MINIMAL + "[users", "is not TOML"),
    ],
)
def test_a_fault_is_named_by_section_and_key(tmp_path: Path, toml: str, told: str) -> None:
    """An operator reads where the mapping is wrong, and in which file."""
    with pytest.raises(MappingError, match=r"mine\.toml") as raised:
        load_mapping(_write(tmp_path, toml))
    assert told in str(raised.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """MAIN_MAPPING naming no file says so, rather than falling back on the default in silence."""
    with pytest.raises(MappingError, match=r"nowhere\.toml: No such file"):
        load_mapping(tmp_path / "nowhere.toml")


def _write(folder: Path, toml: str) -> Path:
    file = folder / "mine.toml"
    file.write_text(toml)
    return file
