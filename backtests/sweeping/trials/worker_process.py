"""A worker: runs the trials that it is sent, in a process of its own."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from adapters.process.stop_signals import ignore_stop_signals

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backtests.sweeping.trials.trial_runner import TrialRunner

READY = "ready"
"""The first line of a worker."""


def runner_of(arguments: Sequence[str]) -> TrialRunner:
    """Return what runs trials as a command line of sweep.py says.

    Raises
    ------
    ConfigError
        If its settings cannot be used.

    """
    from backtests.sweeping.setup.command_line import parse, settings_of  # noqa: PLC0415
    from backtests.sweeping.trials.trial_runner import TrialRunner  # noqa: PLC0415

    options = parse(arguments)
    settings, sweep = settings_of(options)
    return TrialRunner(options.catalog, settings, sweep.currency)


def main(arguments: Sequence[str]) -> int:
    """Run the jobs of standard input until it ends; answer each with one line.

    Returns
    -------
    int
        0, or 1 if the sweep has gone while a trial ran.

    """
    ignore_stop_signals()
    # Before numpy is imported: each worker has one core, and threads that wait for work spin.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # A strategy may print: what it prints must not be read as an answer.
    answers = os.dup(1)
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    from backtests.sweeping.trials.trial_job import TrialJob  # noqa: PLC0415 - a second of imports

    runner = runner_of(arguments)
    with os.fdopen(answers, "w", buffering=1, encoding="utf-8") as out:
        try:
            out.write(READY + "\n")
            for line in sys.stdin:
                out.write(runner.run(TrialJob.from_line(line)).to_line() + "\n")
        except BrokenPipeError:
            # The sweep is gone: what is left of an answer goes where nobody reads it.
            os.dup2(quiet, answers)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
