"""The picture is well-formed, says who was judged, and puts every mean inside its bar."""

from xml.etree import ElementTree

import pytest

from giftwise.evaluation.contest import Cost
from giftwise.evaluation.figures import Figures
from giftwise.evaluation.picture import draw
from giftwise.evaluation.report import Report

SVG = "{http://www.w3.org/2000/svg}"


def figures(ndcg: float) -> Figures:
    """An algorithm that reaches this NDCG, give or take a tenth of it."""
    spans = {"ndcg": (0.9 * ndcg, 1.1 * ndcg)}
    return Figures(12, 0.1, ndcg, 0.5, 0.2, 0.3, 4.0, 0.8, spans, {})


def report(**ndcg: float) -> Report:
    """A report of these algorithms for users of three and more, and of nobody else."""
    rows = {name: {"3+": figures(value)} for name, value in ndcg.items()}
    costs = {name: Cost(0.0, 0.0, 0.0) for name in ndcg}
    return Report(20, 0, 100, 12, 0, 0, 1.0, rows, {"3+": "popular"}, costs)


def test_means_stand_in_their_bars_best_first() -> None:
    """A bar a line, the dot within, all within the frame, ordered by the mean."""
    drawn = ElementTree.fromstring(draw(report(popular=0.1, collaborative=0.25), "Fit & <well>"))
    width = float(drawn.attrib["width"])
    bars = [line for line in drawn.iter(f"{SVG}line") if "bar" in line.attrib["class"]]
    dots = list(drawn.iter(f"{SVG}circle"))
    assert len(bars) == len(dots) == 2
    for bar, dot in zip(bars, dots, strict=True):
        assert 0 < float(bar.attrib["x1"]) < float(dot.attrib["cx"]) < float(bar.attrib["x2"]) < width
    assert float(dots[0].attrib["cx"]) > float(dots[1].attrib["cx"])
    words = list(drawn.itertext())
    assert "Fit & <well>" in words
    assert "3 interactions and more: 12 users" in words


@pytest.mark.parametrize("ndcg", [0.0, 1e-5, 1.0])
def test_any_scale_can_be_drawn(ndcg: float) -> None:
    """Nothing foreseen, hardly anything, everything."""
    assert ElementTree.fromstring(draw(report(popular=ndcg), "t")).tag == f"{SVG}svg"


def test_nothing_judged_is_drawn_as_nothing() -> None:
    """A host that starts today."""
    assert ElementTree.fromstring(draw(report(), "t")).tag == f"{SVG}svg"
