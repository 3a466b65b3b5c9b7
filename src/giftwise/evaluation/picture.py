"""A report in; a picture of quality by how much is known of the user, with intervals, as SVG out."""

from collections.abc import Iterator
from html import escape

from giftwise.evaluation.figures import Figures
from giftwise.evaluation.report import ALL, FEW, NEW_ITEMS, NOBODY, Report

WIDTH, LEFT, RIGHT = 860, 230, 130
ROW, HEAD, GAP, TOP, FOOT = 22, 30, 14, 64, 44
TICKS = 5  # at most so many steps on the scale, each 1, 2 or 5 times a power of ten
STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#1d2733}.dim{fill:#5f6b7a;font-size:12px}.title{font-size:17px;"
    "font-weight:600}.group{font-weight:600}.grid{stroke:#e3e7ec}.ours{fill:#0b6e4f;stroke:#0b6e4f}"
    ".base{fill:#8a94a1;stroke:#8a94a1}.other{fill:#2b6cb0;stroke:#2b6cb0}.bar{stroke-width:2.5}"
)
GROUPS = {
    ALL: "all users with a history",
    "3+": "3 interactions and more",
    FEW: "the same, of whom only the newest 2 are told",
    "1-2": "1-2 interactions",
    NOBODY: "no history",
    NEW_ITEMS: "new items alone (users with a history)",
}
OURS = ("collaborative", "served", "mixed")


def draw(report: Report, title: str, measure: str = "ndcg") -> str:
    """One block a group, one line an algorithm, best first: the mean as a dot, its 95 % interval as a bar."""
    blocks = [(words, _rows(report, group, measure)) for group, words in GROUPS.items()]
    blocks = [(words, rows) for words, rows in blocks if rows]
    top = max((figures.intervals[measure][1] for _, rows in blocks for _, figures in rows), default=1.0) or 1.0
    height = TOP + FOOT + sum(HEAD + GAP + ROW * len(rows) for _, rows in blocks)
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}"'
            f' role="img"><title>{escape(title)}</title><style>{STYLE}</style>',
            f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
            f'<text class="title" x="24" y="32">{escape(title)}</text>',
            f'<text class="dim" x="24" y="52">{measure.replace("_", " ").upper()}@{report.k}: mean over users,'
            " bar = 95 % bootstrap interval</text>",
            *_scale(top, height),
            *_blocks(blocks, top, measure),
            "</svg>\n",
        )
    )


def counted(users: int) -> str:
    """A number of users in words."""
    return "1 user" if users == 1 else f"{users:,} users"


def _rows(report: Report, group: str, measure: str) -> list[tuple[str, Figures]]:
    rows = [(name, groups[group]) for name, groups in report.figures.items() if group in groups]
    return sorted(rows, key=lambda row: -float(getattr(row[1], measure)))


def _scale(top: float, height: int) -> Iterator[str]:
    step = next(step for size in range(-6, 3) for digit in (1, 2, 5) if (step := digit * 10.0**size) * TICKS >= top)
    for tick in range(int(top / step) + 1):
        x, value = _x(tick * step, top), tick * step
        yield f'<line class="grid" x1="{x}" x2="{x}" y1="{TOP}" y2="{height - FOOT + 6}"/>'
        yield f'<text class="dim" x="{x}" y="{height - FOOT + 24}" text-anchor="middle">{round(value, 6):g}</text>'


def _blocks(blocks: list[tuple[str, list[tuple[str, Figures]]]], top: float, measure: str) -> Iterator[str]:
    y = TOP
    for words, rows in blocks:
        y += HEAD
        yield f'<text class="group" x="24" y="{y - 8}">{escape(words)}: {counted(rows[0][1].users)}</text>'
        for name, figures in rows:
            mean, (low, high) = float(getattr(figures, measure)), figures.intervals[measure]
            kind = "ours" if name in OURS else "base" if name == "popular" else "other"
            middle = y + ROW / 2
            yield f'<text x="{LEFT - 12}" y="{middle + 4}" text-anchor="end">{escape(name)}</text>'
            yield f'<line class="bar {kind}" x1="{_x(low, top)}" x2="{_x(high, top)}" y1="{middle}" y2="{middle}"/>'
            yield f'<circle class="{kind}" cx="{_x(mean, top)}" cy="{middle}" r="4.5"/>'
            yield f'<text class="dim" x="{WIDTH - RIGHT + 16}" y="{middle + 4}">{mean:.4f}</text>'
            y += ROW
        y += GAP


def _x(value: float, top: float) -> float:
    return round(LEFT + (WIDTH - LEFT - RIGHT) * value / top, 1)
