"""A process that ends what a sweep's Ray left, when the sweep ends by whatever means.

Ray 2.60 ends its servers with the process that started them, but not their agents.
"""

from __future__ import annotations

import os
import select
import shutil
import sys

from adapters.process.stop_signals import ignore_stop_signals
from backtests.sweeping.trials.on_ray.process_tree import (
    end_processes,
    processes_below,
    processes_with_files_in,
)

LOOK_S = 1.0


def main(folder: str) -> None:
    """Look at the processes under the parent until standard input ends; then end them."""
    ignore_stop_signals()
    parent = os.getppid()
    started: dict[int, int] = {}
    while not select.select([0], [], [], LOOK_S)[0]:
        started |= processes_below(parent)
    # An agent that came after the last look has its log open there.
    started |= processes_with_files_in(folder)
    for alive in (os.getpid(), os.getppid()):
        started.pop(alive, None)
    end_processes(started)
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(sys.argv[1])
