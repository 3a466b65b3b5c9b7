"""What work costs is measured for that work alone."""

import sys
import time
from pathlib import Path

import numpy as np
import pytest

from giftwise.evaluation import footprint
from giftwise.evaluation.footprint import measured

HUNDRED_MB = 100 * 2**20


def test_seconds_are_those_of_the_block() -> None:
    """Wall time, also where the block fails."""
    with pytest.raises(ZeroDivisionError), measured() as slept:
        time.sleep(0.05)
        raise ZeroDivisionError
    assert 0.05 <= slept.seconds < 30


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the mark that is set back is Linux's")
def test_each_block_has_its_own_peak() -> None:
    """100 MB held for a moment are in the peak of that block, and no longer in the next one's."""
    with measured() as before:
        pass
    with measured() as large:
        np.ones(HUNDRED_MB, np.uint8)
    with measured() as after:
        pass
    assert 90 < large.peak_mb - before.peak_mb < 150
    assert large.peak_mb - after.peak_mb > 50


def test_without_such_a_mark_the_peak_is_the_process_s(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A system that has no clear_refs still gets a figure."""
    monkeypatch.setattr(footprint, "_RESET", tmp_path / "absent" / "clear_refs")
    with measured() as cost:
        pass
    assert cost.peak_mb > 10
