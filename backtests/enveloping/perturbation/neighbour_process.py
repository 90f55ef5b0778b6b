"""The process of one neighbour's backtest: a request on standard input, an answer, its files."""

from __future__ import annotations

import dataclasses
import json
import os
import sys
import threading
from pathlib import Path
from typing import Any

from adapters.command.instants import Instant
from adapters.process.stop_signals import ignore_stop_signals
from dolphin_strategies.errors import ConfigError, describe_error


def answer(request: dict[str, Any]) -> dict[str, str]:
    """Run the backtest of a request and write its files.

    Parameters
    ----------
    request : dict
        ``config`` (the file of the first run, or None), ``strategy`` and its ``values``,
        ``catalog``, ``start_ns``, ``end_ns``, ``delay``, and the ``folder`` of the files.

    Returns
    -------
    dict
        ``refused``: why there is no such run; ``failed``: why it did not reach its end. Both are
        empty if it did.

    """
    # Loading takes a second, in which the parent may die.
    from adapters.session.envelope.envelope_settings import EnvelopeSettings  # noqa: PLC0415
    from backtests.run.command_line import parse, settings_of  # noqa: PLC0415
    from backtests.run.delay_runs import run_each  # noqa: PLC0415
    from backtests.run.preparation import prepare  # noqa: PLC0415

    try:
        words = ["--catalog", request["catalog"], "--strategy", request["strategy"]]
        if request["config"] is not None:
            words += ["--config", request["config"]]
        settings = settings_of(parse(words))
        start, end = Instant(request["start_ns"]), Instant(request["end_ns"])
        settings = dataclasses.replace(
            settings,
            backtest=dataclasses.replace(settings.backtest, start=start, end=end),
            strategy=dataclasses.replace(settings.strategy, config=request["values"]),
            # An envelope belongs to one configuration, which this is not.
            envelope=EnvelopeSettings(),
        )
        prepared = prepare(Path(request["catalog"]), settings, request["delay"] or None)
    except ConfigError as error:
        return {"refused": str(error), "failed": ""}
    folder = Path(request["folder"])
    run_each(prepared.delays, prepared.data, prepared.settings, folder, lambda: False)
    return {"refused": "", "failed": ""}


def main() -> int:
    """Answer one request; end at once if the parent does."""
    ignore_stop_signals()
    answers = os.dup(1)
    # A strategy may print, and a progress bar of each of several processes is none.
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    request = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        found = answer(request)
    except Exception as error:  # noqa: BLE001 - whatever a strategy raises is an answer
        found = {"refused": "", "failed": describe_error(error)}
    os.write(answers, f"{json.dumps(found)}\n".encode())
    return 0


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
