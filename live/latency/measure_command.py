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
from adapters.process.stop_signals import ignore_stop_signals
from dolphin_strategies import DolphinError
from live.latency import machine
from live.latency.measured_cases import probes
from live.latency.measured_cluster import hazelcast_of
from live.latency.phase3.phase3_run import KILLS, Phase3Options, keys_of, measure_phase3
from live.latency.report import Report

if TYPE_CHECKING:
    from collections.abc import Sequence

    from live.latency.phase3.results import Results

DESCRIPTION: Final = "Measure every transport on this machine, in one run, and recommend one."
READS: Final = 1_000
"""Reads of the roadmap's phase 1, over all rounds."""
ROUNDS: Final = 5
SECONDS: Final = 2.0
RATE_HZ: Final = 200.0
MOST_KILLS: Final = 1_000
FAILED: Final = 1
BAD_USAGE: Final = 2
EPILOG: Final = """\
examples:
  measure_latency.py                                 every transport, with a member of its own
  measure_latency.py --hazelcast none --rounds 2     only this machine's memory, in a minute
  measure_latency.py --json latency.json --html latency.html
  measure_latency.py --phase3 --json phase3.json     the region beside the engines of a Java port
  measure_latency.py --phase3 --only region-java-java,chronicle --rounds 1 --kills 0

Takes about five minutes, with --phase3 about fifteen; nothing else should run meanwhile, and
spinning needs two whole cores.
--phase3: at 500 and at 20,000 records a second, and without pause, one process hands records over
and another one spins: the region, Chronicle Queue, Disruptor before it, Agrona's ring buffer and
Aeron. Then producers and readers are killed, and it counts what was lost and how long others
waited. It needs a JDK from 17 on (java, javac) and Maven (mvn), which fetches the engines once;
without cargo the rows of Rust are left out, without the extra `aeron` those of Aeron's C client.
docs/decision.md has our results, and says what follows from which figure.
exit codes: 0 measured; 1 nothing could be measured, or a file cannot be written; 2 bad usage, or a
tool is missing; 130 ended by Ctrl-C.
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


def phase3(options: argparse.Namespace) -> Results:
    """Measure the region beside the engines of the roadmap's Java port."""
    keys = keys_of(options.only or "")
    return measure_phase3(
        Phase3Options(
            rounds=options.rounds, seconds=options.seconds, kills=options.kills, keys=keys
        )
    )


def options_of(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return the options of a command line; leave with the code of bad usage if they are wrong."""
    parser = argparse.ArgumentParser(
        prog="measure_latency.py",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--hazelcast", metavar="URL", help="the cluster to measure with, in an entry of its own; "
        "'own' (default) starts a member here, 'none': without")  # fmt: skip
    add("--rounds", type=int, default=ROUNDS, metavar="N", help=f"default: {ROUNDS}")
    add("--seconds", type=float, default=SECONDS, metavar="N", help="of each case and round, with "
        f"--phase3 at each rate (default: {SECONDS:g})")  # fmt: skip
    add("--rate", type=float, metavar="HZ", help=f"default: {RATE_HZ:g}")
    add("--phase3", action="store_true", help="measure the region beside the engines of the "
        "roadmap's Java port instead, from Java, Python and Rust")  # fmt: skip
    add("--only", metavar="KEYS", help="with --phase3: these cases, separated by commas, such as "
        "region-python-python,chronicle; a wrong one prints all")  # fmt: skip
    add("--kills", type=int, metavar="N", help="with --phase3: kills of a producer of each "
        f"engine; 0: of none and of no reader (default: {KILLS})")  # fmt: skip
    add("--json", type=Path, metavar="FILE", help="save the figures; without --phase3 also every "
        "latency")  # fmt: skip
    add("--html", type=Path, metavar="FILE", help="save a page with the distributions")
    options = parser.parse_args(arguments)
    own = (options.hazelcast, options.rate, options.html)
    if options.phase3 and any(option is not None for option in own):
        parser.error("--phase3 has its own rates and no cluster: expected neither --hazelcast nor "
                     "--rate nor --html")  # fmt: skip
    if not options.phase3 and (options.only is not None or options.kills is not None):
        parser.error("--only and --kills are for --phase3")
    options.hazelcast = options.hazelcast or "own"
    options.rate = RATE_HZ if options.rate is None else options.rate
    options.kills = KILLS if options.kills is None else options.kills
    if options.rounds < 1 or not 0 < options.seconds < 3600 or not 1 <= options.rate <= 2000:
        parser.error("expected --rounds 1 or more, --seconds above 0, --rate 1 to 2000")
    if not 0 <= options.kills <= MOST_KILLS:
        parser.error(f"expected --kills 0 to {MOST_KILLS}")
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    options = options_of(arguments)
    try:
        check_out_file(options.json, "--json")
        check_out_file(options.html, "--html")
        report = phase3(options) if options.phase3 else measure(options)
    except DolphinError as error:
        say(f"measure_latency.py: {error}", sys.stderr)
        return BAD_USAGE
    say(report.text())
    try:
        if arguments is None:
            ignore_stop_signals()  # the end: its files are all there, or none
        if options.json:
            text = json.dumps(report.as_dict(), indent=1, ensure_ascii=False)
            write_private(options.json, text + "\n")
        if options.html and isinstance(report, Report):
            write_private(options.html, report.page())
    except UnusableFileError as error:
        say(f"measure_latency.py: {error}", sys.stderr)
        return FAILED
    return int(all(case.problem for case in report.cases))
