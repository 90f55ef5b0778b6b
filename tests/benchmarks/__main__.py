"""The benchmarks' command line: ``uv run python -m tests.benchmarks``."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Final

from adapters.process.stop_signals import (
    LEFT_AT_ONCE,
    interrupt_at_stop_signals,
    leave_at_stop_signals,
)

if __name__ == "__main__":
    # Before the other imports, which take seconds.
    leave_at_stop_signals("tests.benchmarks", LEFT_AT_ONCE)

from live.latency import machine
from tests.benchmarks.groups import (
    backfill,
    backtest,
    bus,
    busy,
    calls,
    catalog,
    compute,
    computed,
    demo,
    exf,
    node,
    peers,
    record,
    streams,
    throughput,
)
from tests.benchmarks.groups.operations import aeron, fleet, monitor, switch
from tests.benchmarks.groups.research import comparison, envelope, evaluate, exits, sweep
from tests.benchmarks.processes import ChildError
from tests.benchmarks.report import IncorrectError, Options

GROUPS: Final = {
    "calls": (calls.run, "what one write or read costs from Python"),
    "throughput": (throughput.run, "one writer at 1,000,000 records/s and a reader that checks"),
    "node": (node.run, "producer process -> on_factors in a live node, spin and event; idle CPU"),
    "busy": (busy.run, "the same beside 1,000 quotes/s from a local exchange, and without"),
    "demo": (demo.run, "the demo's own summary, and that of another checkout"),
    "record": (record.run, "what recording its session costs a node, in pairs of runs"),
    "aeron": (aeron.run, "between two machines to on_factors; a dead subscriber and the others"),
    "bus": (bus.run, "messages per second through the message bus of one node"),
    "catalog": (catalog.run, "a million records to a catalog and back into engine data"),
    "backtest": (backtest.run, "records per second through a backtest engine, and its memory"),
    "backfill": (backfill.run, "zipped archives into a catalog, beside pandas reading them"),
    "computed": (computed.run, "market data to the values of all factors of one instrument"),
    "comparison": (
        comparison.run,
        "factors to a strategy in a backtest: here, in Nautilus, elsewhere",
    ),
    "compute": (compute.run, "events per second through computed factors, over a catalog"),
    "envelope": (envelope.run, "coverage and delay to warn on known laws, beside a tuned CUSUM"),
    "evaluate": (evaluate.run, "100 factors x a year of five minutes, beside alphalens-reloaded"),
    "exf": (exf.run, "the ExtF service: CPU, schedule, from an exchange's change to on_factors"),
    "exits": (exits.run, "what a decision about an open position costs; training on known laws"),
    "monitor": (monitor.run, "what the monitor and scrapes cost, and a node that is watched"),
    "streams": (streams.run, "exchange's push -> on_factors against polling; CPU; 20,000/s"),
    "sweep": (sweep.run, "trials per hour of a sweep, beside plain loops, and a worker's memory"),
    "switch": (switch.run, "from the send of a halt to the state that holds, and to the answer"),
    "fleet": (fleet.run, "start and latency of ten nodes on one region, beside one alone"),
    "peers": (peers.run, "the same 680 bytes through other transports, without Nautilus"),
}
RUNS: Final = 5
QUICK_RUNS: Final = 3


def _parser() -> argparse.ArgumentParser:
    groups = "\n".join(f"  {name:<12}{what}" for name, (_, what) in GROUPS.items())
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks",
        description="Measure Dolphin on this machine. Prints one table a group, with the target\n"
        "beside each figure; a target that is not met is shown, never an error.",
        epilog=f"groups:\n{groups}\n  {'all':<12}all of them (default)\n\n"
        "The exit code is 0 unless something was delivered wrongly or could not run. Nothing\n"
        "else should run on the machine meanwhile: the spinning rows need two whole cores.\n"
        "All groups take about 40 minutes, with --quick 13.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "group", nargs="?", default="all", choices=[*GROUPS, "all"], help="what to measure"
    )
    parser.add_argument("--quick", action="store_true", help="shorter runs, and fewer of them")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    parser.add_argument(
        "--runs",
        type=int,
        metavar="N",
        help=f"runs that a median is of ({RUNS}; with --quick {QUICK_RUNS})",
    )
    parser.add_argument(
        "--against",
        type=Path,
        metavar="FOLDER",
        help="bus, demo: another checkout with its .venv, measured in the same runs, in turn",
    )
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run the groups asked for; return the exit code."""
    parser = _parser()
    asked = parser.parse_args(arguments)
    runs = asked.runs if asked.runs is not None else (QUICK_RUNS if asked.quick else RUNS)
    if runs < 1:
        parser.error(f"--runs: expected at least 1, found {runs}")
    if asked.json and not asked.json.parent.is_dir():
        parser.error(f"--json: there is no folder {asked.json.parent}")
    against = asked.against and asked.against.absolute()
    if against and not (against / ".venv/bin/python").exists():
        parser.error(f"--against: {against} has no .venv/bin/python; run `uv sync` there")
    options = Options(is_quick=asked.quick, runs=runs, against=against)
    described = machine.describe()
    print("machine: " + ", ".join(f"{name} {value}" for name, value in described.items()))
    results, failed = [], False
    for name in GROUPS if asked.group == "all" else [asked.group]:
        print(flush=True)
        disturbance = machine.Disturbance()
        try:
            group = GROUPS[name][0](options)
        except (IncorrectError, ChildError) as error:
            failed = True
            print(f"== {name} == FAILED: {error}", file=sys.stderr)
            continue
        group.remarks.append(str(disturbance))
        print(group, flush=True)
        results.append(group.as_dict())
    if asked.json:
        document = {"machine": described, "quick": asked.quick, "runs": runs, "groups": results}
        asked.json.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    return int(failed)


if __name__ == "__main__":
    # The children are ended and the regions removed on the way out.
    interrupt_at_stop_signals()
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(LEFT_AT_ONCE)
