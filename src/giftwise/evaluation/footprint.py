"""What a piece of work costs: seconds, and the most memory that the process held while it ran."""

import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_STATUS = Path("/proc/self/status")
_RESET = Path("/proc/self/clear_refs")
_RESET_PEAK = "5"  # proc(5): sets the peak back to what is held now


@dataclass(slots=True)
class Footprint:
    """Filled when the block ends. `peak_mb` is resident memory, all that was loaded before included."""

    seconds: float = 0.0
    peak_mb: float = 0.0


@contextmanager
def measured() -> Iterator[Footprint]:
    """Measure the block: wall seconds, and the kernel's own high-water mark of resident memory (VmHWM).

    The mark is set back at the start, so that each block has its own peak and nothing runs slower for being watched.
    Where the system has no such mark, the peak is that of the whole process so far (ru_maxrss).
    """
    footprint = Footprint()
    resets = _reset_peak()
    started = time.perf_counter()
    try:
        yield footprint
    finally:
        footprint.seconds = round(time.perf_counter() - started, 3)
        footprint.peak_mb = round(_peak_kb(resets) / 1024, 1)


def _reset_peak() -> bool:
    try:
        _RESET.write_text(_RESET_PEAK)
    except OSError:
        return False
    return True


def _peak_kb(own_mark: bool) -> float:
    if own_mark:
        for line in _STATUS.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return float(line.split()[1])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1024 if sys.platform == "darwin" else float(peak)
