"""The calls of a writer and a reader, timed in a process of its own.

``python -m …children.calls_process`` prints ``ready``, then for each line with a call and a number
on its stdin the seconds that so many calls took. It ends with its stdin.

It also runs over the packages of an older checkout, so it imports only what was there in the
first release: see ``module_over``.
"""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING, Final

import numpy as np

from adapters.shm import FactorReader, FactorWriter
from tests.benchmarks.report import require
from tests.benchmarks.workload import FACTOR_COUNT, NAMES, own_region

if TYPE_CHECKING:
    from collections.abc import Callable

WARM_UP_COUNT: Final = 3_000
CAPACITY: Final = 4_096


def timed(call: Callable[[], object], count: int) -> float:
    """Return the seconds that so many calls take."""
    begin = time.perf_counter()
    for _ in range(count):
        call()
    return time.perf_counter() - begin


def main() -> None:
    """Answer until stdin ends."""
    values = np.random.default_rng(1).random(FACTOR_COUNT)
    factors = dict(zip(NAMES, values.tolist(), strict=True))
    into = np.empty(FACTOR_COUNT)
    with own_region() as path:
        writer = FactorWriter(path, NAMES, capacity=CAPACITY)
        writer.write_values(values)
        reader, newest = FactorReader(path), FactorReader(path)

        def write_and_read_newest() -> None:
            writer.write_values(values)
            newest.latest_into(into)

        def next_records(count: int) -> float:
            """Let the reader catch up, write the records, and time reading them in order."""
            reader.read_latest()
            for _ in range(count):
                writer.write_values(values)
            before = reader.delivered
            seconds = timed(reader.read_next, count)
            require(reader.delivered == before + count, "read_next did not give every record")
            return seconds

        answers: dict[str, Callable[[int], float]] = {
            "write_values": lambda n: timed(lambda: writer.write_values(values), n),
            "write_dict": lambda n: timed(lambda: writer.write(factors), n),
            "newest": lambda n: timed(write_and_read_newest, n),
            "next": next_records,
        }
        for answer in answers.values():
            answer(WARM_UP_COUNT)
        print("ready", flush=True)
        for line in sys.stdin:
            name, _, count = line.partition(" ")
            before = writer.published
            print(json.dumps(answers[name](int(count))), flush=True)
            require(writer.published == before + int(count), f"{name} did not publish")
        require(np.array_equal(into, values), "latest_into gave other values")
        newest.close()
        reader.close()
        writer.close()


if __name__ == "__main__":
    main()
