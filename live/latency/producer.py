"""The producer of a latency measurement: writes at a steady rate, then ends.

Started by probe.py; see live/producers/producer_protocol.py for the protocol.
"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from adapters.hazelcast_map import HazelcastPublisher, HazelcastSettings
from adapters.market.simulated_path import SCHEMA
from adapters.shm import FactorWriter
from dolphin_strategies import DolphinError
from live.producers.producer_protocol import ProducerProcess, report

if TYPE_CHECKING:
    from collections.abc import Mapping

CONNECT_S = 20.0


class Output(Protocol):
    """The destination of the states."""

    def write(self, factors: Mapping[str, Any]) -> None:
        """Publish a state."""

    def close(self) -> None:
        """Release the destination."""


def main() -> int:
    """Write the states that the command line describes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address", help="the path of a region, or a hazelcast:// URL")
    parser.add_argument("--rate", type=float, required=True)
    parser.add_argument("--count", type=int, required=True)
    options = parser.parse_args()
    values = np.random.default_rng(1).random(len(SCHEMA)).tolist()
    factors = dict(zip(SCHEMA.names, values, strict=True))
    try:
        output, heartbeat = _open(options.address, factors)
        process = ProducerProcess(heartbeat)
        start_ns = process.wait_for_start()
        if start_ns is not None:
            first, interval_ns = SCHEMA.names[0], 1e9 / options.rate
            for n in range(options.count):
                if not process.wait_until(start_ns + int(n * interval_ns)):
                    break
                factors[first] = float(n)
                output.write(factors)
        # Until the parent ends this process: a closed region is stale.
        while process.wait(1.0):
            pass
        output.close()
        report()
    except DolphinError as error:
        sys.stderr.write(f"latency_producer: {error}\n")
        return 2
    return 0


def _open(address: str, factors: dict[str, float]) -> tuple[Output, Any]:
    if "://" not in address:
        writer = FactorWriter(address, factors)
        return writer, writer.heartbeat
    publisher = HazelcastPublisher(HazelcastSettings.from_url(address))
    publisher.write(factors)
    if not publisher.flush(CONNECT_S):
        raise DolphinError(publisher.problem)
    return publisher, lambda: None


if __name__ == "__main__":
    sys.exit(main())
