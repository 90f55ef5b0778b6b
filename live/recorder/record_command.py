"""The command line of ``record_factors.py``: options, their limits, and the recorder's run."""

from __future__ import annotations

import argparse
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from adapters.catalog import RecordingWriter
from adapters.catalog.writing.resume_point import resume_after
from adapters.command import json_lines
from adapters.command.terminal import say, say_json
from adapters.process.safe_files import open_or_make
from adapters.run_state.service_beat import ServiceBeat
from adapters.run_state.state_file import StateHeldError
from adapters.shm.region.region_layout import DEFAULT_PATH
from adapters.shm.source import ShmSource
from dolphin_strategies import ConfigError, DolphinError
from live.metrics import metrics_endpoint
from live.metrics.figures.process_figures import ProcessFigures
from live.recorder.recording_run import FAILED, RecordingRun

if TYPE_CHECKING:
    from collections.abc import Sequence

DESCRIPTION: Final = "Record external factors: follow a region and write all of it to a catalog."
EXAMPLES: Final = """\
examples:
  record_factors.py --catalog recordings               record the producer at the default path
  record_factors.py --catalog recordings --seconds 60  a minute of it
  record_factors.py --catalog recordings --name btc    a name of your own; continued if it exists
  record_factors.py --catalog recordings --quiet       warnings and the summary only

It waits for a producer that is not there yet and goes on after what the catalog already has.
Ctrl-C or SIGTERM writes everything and prints a summary; a second one leaves at once.
exit codes: 0 stopped as asked; 1 something failed or did not add up; 2 bad usage or a catalog
that cannot be written; 130 left by a second signal.
"""

BAD_CONFIG: Final = 2


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        prog="record_factors.py",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--catalog", type=Path, metavar="DIR", required=True, help="where to write; made if "
        "missing")  # fmt: skip
    add("--region", type=Path, metavar="PATH", default=DEFAULT_PATH,
        help=f"the region of the producer (default: {DEFAULT_PATH})")  # fmt: skip
    add("--name", metavar="NAME", help="the recording's name (default: made of the time)")
    add("--rotate-mb", type=float, metavar="N", default=64.0,
        help="begin another file after so many megabytes (default: 64)")  # fmt: skip
    add("--rotate-s", type=float, metavar="N", default=900.0,
        help="and after so many seconds (default: 900)")  # fmt: skip
    add("--rotate-records", type=int, metavar="N", help="and after so many records, 0: never "
        "(default: half of the region's ring, so that files and ring overlap)")  # fmt: skip
    add("--flush-s", type=float, metavar="N", default=0.5,
        help="how long records may wait in memory (default: 0.5)")  # fmt: skip
    add("--seconds", type=float, metavar="N", default=0.0,
        help="stop after N seconds (default: at Ctrl-C)")  # fmt: skip
    add("--state", type=Path, metavar="FILE", help="where a supervisor reads that this turns")
    add("--quiet", action="store_true", help="no progress, only warnings and the summary")
    metrics_endpoint.add_option(parser)
    json_lines.add_option(parser)
    return parser.parse_args(arguments)


def check(options: argparse.Namespace) -> None:
    """Refuse numbers out of their range.

    Raises
    ------
    ConfigError
        With what was expected and found.

    """
    for name, lowest, highest in (
        ("rotate_mb", 1e-3, 1e6),
        ("rotate_s", 0.1, 1e9),
        ("flush_s", 0.0, 60.0),
        ("seconds", 0.0, math.inf),
    ):
        found = getattr(options, name)
        if not lowest <= found <= highest:
            option = name.replace("_", "-")
            expected = (
                f"{lowest:g} to {highest:g}" if highest < math.inf else f"{lowest:g} or more"
            )
            msg = f"--{option}: expected {expected}, found {found:g}"
            raise ConfigError(msg)
    if options.rotate_records is not None and options.rotate_records < 0:
        msg = f"--rotate-records: expected 0 or more, found {options.rotate_records}"
        raise ConfigError(msg)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    options = parse(sys.argv[1:] if arguments is None else arguments)
    if options.log_json:
        say_json("record_factors.py")
    region = options.region.absolute()
    try:
        check(options)
        figures = ProcessFigures(metrics_endpoint.MetricsEndpoint(options.metrics))
        writer = RecordingWriter(
            options.catalog,
            source=str(region),
            name=options.name,
            rotate_bytes=int(options.rotate_mb * (1 << 20)),
            rotate_s=options.rotate_s,
            flush_s=options.flush_s,
        )
        beat = ServiceBeat(
            options.state, "recorder", open_or_make, lambda text: say(text, sys.stderr)
        )
    except DolphinError as error:
        say(f"record_factors.py: {error}", sys.stderr)
        return FAILED if isinstance(error, StateHeldError) else BAD_CONFIG
    source = ShmSource(region, resume_after=resume_after(writer, str(region)))
    with figures:
        return RecordingRun(
            source,
            writer,
            seconds=options.seconds,
            rotate_records=options.rotate_records,
            is_quiet=options.quiet,
            beat=beat,
            figures=figures,
        ).run()
