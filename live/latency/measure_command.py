"""The command line of ``measure_latency.py``, and the rounds of its measurements."""

from __future__ import annotations

import argparse
import json
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Final

from adapters.command.output_place import check_out_file
from adapters.command.progress_bar import StepProgress
from adapters.command.terminal import say
from adapters.process.run_folder import RunFolder
from adapters.process.safe_files import UnusableFileError, write_private
from dolphin_strategies import DolphinError
from live.latency import machine
from live.latency.measured_cases import probes
from live.latency.measured_cluster import hazelcast_of
from live.latency.report import Report

if TYPE_CHECKING:
    from collections.abc import Sequence

DESCRIPTION: Final = "Measure every transport on this machine, in one run, and recommend one."
READS: Final = 1_000
"""Reads of the roadmap's phase 1, over all rounds."""
ROUNDS: Final = 5
SECONDS: Final = 2.0
RATE_HZ: Final = 200.0
FAILED: Final = 1
BAD_USAGE: Final = 2
EPILOG: Final = """\
examples:
  measure_latency.py                                 every transport, with a member of its own
  measure_latency.py --hazelcast none --rounds 2     only this machine's memory, in a minute
  measure_latency.py --json latency.json --html latency.html

Takes about five minutes; nothing else should run meanwhile, and spinning needs two whole cores.
docs/decision.md has our result, and says what follows from which figure.
exit codes: 0 measured; 1 no transport could be measured, or a file cannot be written; 2 bad usage;
130 ended by Ctrl-C.
"""


def measure(options: argparse.Namespace) -> Report:
    """Measure all cases one after the other, round by round."""
    count = max(int(options.seconds * options.rate), 1)
    disturbance = machine.Disturbance()
    with ExitStack() as stack:
        url, problem = hazelcast_of(options.hazelcast, stack)
        folder = stack.enter_context(RunFolder())
        all_probes = probes(url, problem, folder.region)
        bar = stack.enter_context(
            StepProgress(options.rounds * len(all_probes), "measurements"),
        )
        for number in range(1, options.rounds + 1):
            for probe in all_probes:
                if not probe.case.problem:
                    with bar.above():
                        say(f"round {number} of {options.rounds}: {probe.case.name}", sys.stderr)
                is_read = probe.case.key == "hazelcast/read"
                reads = -(-READS // options.rounds)
                probe.run(options.rate, reads if is_read else count)
                bar.add()
    how = (
        f"rounds: {options.rounds}, the cases in turn; 85 factors at {options.rate:g}/s from a "
        "process of its own; a latency is from the producer's write (for get + parse: from the "
        f"call) to the place named; {disturbance}"
    )
    return Report([probe.case for probe in all_probes], machine.describe(), how)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(
        prog="measure_latency.py",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--hazelcast", default="own", metavar="URL", help="the cluster to measure with, in an "
        "entry of its own; 'own' (default) starts a member here, 'none': without")  # fmt: skip
    add("--rounds", type=int, default=ROUNDS, metavar="N", help=f"default: {ROUNDS}")
    add("--seconds", type=float, default=SECONDS, metavar="N", help="of each case and round "
        f"(default: {SECONDS:g})")  # fmt: skip
    add("--rate", type=float, default=RATE_HZ, metavar="HZ", help=f"default: {RATE_HZ:g}")
    add("--json", type=Path, metavar="FILE", help="save the figures and every latency")
    add("--html", type=Path, metavar="FILE", help="save a page with the distributions")
    options = parser.parse_args(arguments)
    if options.rounds < 1 or not 0 < options.seconds < 3600 or not 1 <= options.rate <= 2000:
        parser.error("expected --rounds 1 or more, --seconds above 0, --rate 1 to 2000")
    try:
        check_out_file(options.json, "--json")
        check_out_file(options.html, "--html")
        report = measure(options)
    except DolphinError as error:
        say(f"measure_latency.py: {error}", sys.stderr)
        return BAD_USAGE
    say(report.text())
    try:
        if options.json:
            text = json.dumps(report.as_dict(), indent=1, ensure_ascii=False)
            write_private(options.json, text + "\n")
        if options.html:
            write_private(options.html, report.page())
    except UnusableFileError as error:
        say(f"measure_latency.py: {error}", sys.stderr)
        return FAILED
    return int(all(case.problem for case in report.cases))
