"""The demo's producer: writes the factors of a simulated market into a region.

Started by run_node.py; see live/producers/producer_protocol.py for the protocol. With ``--alone``
it is a service of a fleet, to which nobody is a parent.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from adapters.command.terminal import say
from adapters.market.simulated_path import SCHEMA, STEP_NS, SimulatedPath
from adapters.process.safe_files import open_or_make
from adapters.run_state.service_beat import ServiceBeat
from adapters.shm import FactorWriter
from dolphin_strategies import DolphinError
from live.producers.producer_protocol import ProducerProcess, report


def main() -> int:
    """Write one record for each step until asked to stop; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--region", type=Path, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--shuffle-factors", action="store_true")
    parser.add_argument("--alone", action="store_true", help="begin at once, without a parent")
    parser.add_argument("--start-ns", type=int, default=0, help="with --alone: the instant of "
                        "step 0, UNIX nanoseconds (default: now)")  # fmt: skip
    parser.add_argument("--state", type=Path, help="where a supervisor reads that this turns")
    options = parser.parse_args()

    path = SimulatedPath(options.seed, shuffle_factors=options.shuffle_factors)
    try:
        with (
            ServiceBeat(
                options.state, "demo producer", open_or_make, lambda text: say(text, sys.stderr)
            ) as beat,
            FactorWriter(options.region, SCHEMA) as writer,
        ):

            def turned() -> None:
                writer.heartbeat()
                beat.beat()

            process = ProducerProcess(turned, has_parent=not options.alone)
            start_ns = options.start_ns or time.time_ns()
            if not options.alone:
                start_ns = process.wait_for_start()
            if start_ns is not None:
                write_steps(path, start_ns, writer, process)
            report(published=writer.published)
            beat.ended(0, "stopped as asked")
    except DolphinError as error:
        sys.stderr.write(f"demo_producer: {error}\n")
        return 2
    return 0


def write_steps(
    path: SimulatedPath, start_ns: int, writer: FactorWriter, process: ProducerProcess
) -> None:
    """Write each step's factors when they are due, and only the newest if late or just started.

    A step's factors are due at any instant of its 5 ms, drawn anew for each: a real producer
    knows nothing of the instants at which a market quotes.

    Parameters
    ----------
    path : SimulatedPath
        The market.
    start_ns : int
        The instant of step 0, UNIX nanoseconds.
    writer : FactorWriter
        The region's writer.
    process : ProducerProcess
        Waits until an instant or a request to stop.

    """
    step = max(0, (time.time_ns() - start_ns) // STEP_NS)
    while process.wait_until(due_ns := start_ns + step * STEP_NS + path.delay_ns(step)):
        writer.write_values(path.factors(step), due_ns)
        step = max(step + 1, (time.time_ns() - start_ns) // STEP_NS)


if __name__ == "__main__":
    sys.exit(main())
