"""What the two bridge programs share: their options, and a run from its settings to its code."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from adapters.command import json_lines
from adapters.command.terminal import say, say_json
from adapters.process.safe_files import open_or_make
from adapters.run_state.service_beat import ServiceBeat
from dolphin_strategies import DolphinError
from live.bridging.bridge import Program
from live.metrics import metrics_endpoint
from live.metrics.figures.process_figures import ProcessFigures

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from live.bridging.bridge import Bridge

BAD_USAGE: Final = 2


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that a supervisor and a monitoring system need."""
    parser.add_argument("--state", type=Path, metavar="FILE",
                        help="where a supervisor reads that this turns")  # fmt: skip
    metrics_endpoint.add_option(parser)
    json_lines.add_option(parser)


def run_bridge(name: str, options: argparse.Namespace, make: Callable[[Program], Bridge]) -> int:
    """Run a bridge until it is stopped; return the program's exit code.

    Parameters
    ----------
    name : str
        The program's name, without its ending.
    options : argparse.Namespace
        With those of :func:`add_options`.
    make : callable
        Returns the bridge; what its settings have wrong is a DolphinError.

    """
    script = f"{name}.py"
    if options.log_json:
        say_json(script)
    try:
        beat = ServiceBeat(options.state, name, open_or_make, lambda text: say(text, sys.stderr))
        figures = ProcessFigures(metrics_endpoint.MetricsEndpoint(options.metrics))
        bridge = make(Program(name, beat, figures))
    except DolphinError as error:
        say(f"{script}: {error}", sys.stderr)
        return BAD_USAGE
    try:
        with figures:
            asyncio.run(bridge.run())
    except DolphinError as error:
        say(f"{script}: {error}", sys.stderr)
        beat.ended(1, str(error))
        return 1
    beat.ended(0, "stopped as asked")
    say(f"{name}: {bridge.summary()}")
    return 0
