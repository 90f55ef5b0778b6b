"""The producer process of a replay: writes a recording's factors when they are due.

Run as ``python -m live.producers.replay_producer`` by a process that follows
:mod:`live.producers.producer_protocol`.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from adapters.market.delivery_counter import DeliveryCounter
from adapters.market.replay_clock import ReplayClock
from adapters.market.tick_factors import TickFactors
from adapters.market.tick_files import TickFiles
from adapters.shm import FactorWriter
from dolphin_strategies.errors import DolphinError
from live.producers.producer_protocol import ProducerProcess, report

if TYPE_CHECKING:
    from collections.abc import Sequence

HAND_OVER_POLL_S: Final = 50e-6


def main(arguments: Sequence[str] | None = None) -> int:
    """Replay a recording's factors into a region; return the exit code."""
    parser = argparse.ArgumentParser(prog="replay_producer", description=__doc__)
    parser.add_argument("--region", type=Path, required=True, help="the region to write")
    parser.add_argument("--folder", type=Path, required=True, help="the recording")
    parser.add_argument("--speed", type=float, default=1.0, help="recorded seconds a second")
    parser.add_argument("--hand-over", type=Path, required=True, help="the node's event counter")
    options = parser.parse_args(arguments)
    if not 0 < options.speed < float("inf"):
        parser.error(f"--speed: expected a positive number, found {options.speed}")
    try:
        recording = TickFiles.load(options.folder)
        stream = TickFactors.of(recording)
        hand_over = DeliveryCounter.open(options.hand_over)
        with FactorWriter(options.region, stream.schema) as writer:
            process = ProducerProcess(writer.heartbeat)
            start_ns = process.wait_for_start()
            if start_ns is not None:
                clock = ReplayClock(
                    start_ns=start_ns, first_ns=recording.first_ns, speed=options.speed
                )
                write_all(stream, clock, hand_over, writer, process)
    except DolphinError as error:
        sys.stderr.write(f"replay_producer: {error}\n")
        return 2
    return 0


def write_all(
    stream: TickFactors,
    clock: ReplayClock,
    hand_over: DeliveryCounter,
    writer: FactorWriter,
    process: ProducerProcess,
) -> None:
    """Write each record when it is due and the node has received all of its inputs.

    Parameters
    ----------
    stream : TickFactors
        The records.
    clock : ReplayClock
        The instants at which records are due.
    hand_over : DeliveryCounter
        The number of market events that the node has received.
    writer : FactorWriter
        The region's writer.
    process : ProducerProcess
        Waits until an instant or a request to stop.

    """
    due_ns: list[int] = clock.due_ns(stream.ts).tolist()
    after_event: list[int] = stream.after_event.tolist()
    values, late_ns = np.empty(len(stream.schema)), np.zeros(len(due_ns), dtype=np.int64)
    n = waited = 0
    for n, due in enumerate(due_ns):
        if not process.wait_until(due):
            break
        if hand_over.events < after_event[n]:
            waited += 1
            while hand_over.events < after_event[n] and process.wait(HAND_OVER_POLL_S):
                pass
            if not process.wait(0):
                break
        values[:] = stream.values[n]
        writer.write_values(values, due)
        late_ns[n] = time.time_ns() - due
    else:
        n = len(due_ns)
    late_ms = late_ns[:n] / 1e6 if n else np.zeros(1)
    p50, p99 = np.percentile(late_ms, [50, 99])
    report(
        published=n,
        waited_for_node=waited,
        late_p50_ms=round(float(p50), 3),
        late_p99_ms=round(float(p99), 3),
        late_max_ms=round(float(late_ms.max()), 3),
    )


if __name__ == "__main__":
    sys.exit(main())
