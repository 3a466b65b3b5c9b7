"""The process that does runs: settings and the runs' ids on standard input, lines of progress on standard output.

Learning takes all of a core and much memory. In a process of its own it leaves the worker's event loop alone, gives
its memory back when it ends, and may be killed without taking the live tail with it. Settings come by pipe because
arguments and environments can be read by others. The pipe stays open: its end means that the parent is gone, and
a run without a parent ends at once.
"""

import asyncio
import json
import os
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from pydantic import SecretStr

from giftwise import log
from giftwise.jobs.execute import execute
from giftwise.settings import Settings

FAILED: Final = 1
ORPHANED: Final = 3


def encode_order(settings: Settings, run_ids: Sequence[str]) -> bytes:
    """One line for the child: the runs and every setting, secrets included."""
    values: dict[str, Any] = {}
    for name in Settings.model_fields:
        value = getattr(settings, name)
        if isinstance(value, SecretStr):
            value = value.get_secret_value()
        values[name] = str(value) if isinstance(value, Path) else value
    return json.dumps({"runs": list(run_ids), "settings": values}).encode() + b"\n"


def main() -> int:
    """Do the runs that standard input names; the exit status tells whether all ended well."""
    order = json.loads(sys.stdin.buffer.readline())
    threading.Thread(target=_die_with_parent, daemon=True).start()
    settings = Settings(**order["settings"])
    log.configure(settings.log_level, debug=settings.debug)
    return 0 if asyncio.run(execute(settings, order["runs"], _tell)) else FAILED


def _tell(run_id: str, step: str, percent: float, rows: int) -> None:
    sys.stdout.write(json.dumps([run_id, step, percent, rows]) + "\n")
    sys.stdout.flush()


def _die_with_parent() -> None:
    while os.read(0, 1):  # not through sys.stdin, whose lock a thread that waits would keep at the exit
        pass
    os._exit(ORPHANED)


if __name__ == "__main__":
    sys.exit(main())
