"""Writes the reference pages that come from the code; `tests/test_docs.py` fails where one is out of date.

Run it with `uv run python docs/generate.py` after changing a setting.
"""

from pathlib import Path

from pydantic import SecretStr

from giftwise.settings import Settings

PAGE = Path(__file__).parent / "reference" / "settings.md"
HEAD = """# Settings

Every setting is an environment variable, or a line of `.env`. This page is generated from
`src/giftwise/settings.py` by `docs/generate.py`; `giftwise check` prints the values in force.

| name | default | what it is |
|---|---|---|
"""


def settings_page() -> str:
    """The settings as a page."""
    rows = []
    for name, field in Settings.model_fields.items():
        default = field.get_default()
        shown = "-" if default is None or isinstance(default, SecretStr) or default == "" else f"`{_word(default)}`"
        rows.append(f"| `{name.upper()}` | {shown} | {field.description} |")
    return HEAD + "\n".join(rows) + "\n"


def _word(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


if __name__ == "__main__":
    PAGE.write_text(settings_page(), encoding="utf-8")
