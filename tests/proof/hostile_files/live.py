"""Read and write a region while another process changes its bytes.

``python -m tests.proof.hostile_files.live MUTATIONS SEED FOLDER`` prints counts, one a line. Every
call returns, or raises one of the region's errors; nothing else.
"""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.proof.sanitizers import modules

if __name__ == "__main__":
    modules.use_built_modules()

import numpy as np

from adapters.shm import FactorReader, FactorWriter, RegionError
from adapters.shm.region import region_files

if TYPE_CHECKING:
    from collections.abc import Callable

NAMES: Final = [f"f{i}" for i in range(9)]
CAPACITY: Final = 16
MUTATOR: Final = Path(__file__).with_name("mutator.py")


class Followers:
    """Two readers of one path, attached again whenever the file under them became unusable."""

    def __init__(self, path: Path, counted: Counter[str]) -> None:
        self._path = path
        self._counted = counted
        self._readers: list[FactorReader | None] = [None, None]
        self._values = np.empty(len(NAMES))
        self.refusals = 0

    def _reader(self, at: int) -> FactorReader | None:
        if self._readers[at] is None:
            try:
                self._readers[at] = FactorReader(self._path)
                self._counted["attached"] += 1
                self.refusals = 0
            except RegionError:
                self._counted["refused"] += 1
                self.refusals += 1
        return self._readers[at]

    def read(self, draw: random.Random) -> None:
        """Make one call of any kind with one of the readers, and time it."""
        at = draw.randrange(2)
        reader = self._reader(at)
        if reader is None:
            return
        calls: tuple[Callable[[], object], ...] = (
            reader.read_latest, reader.read_next, lambda: reader.read_batch(5),
            lambda: reader.latest_into(self._values), reader.status, reader.is_current,
            lambda: reader.spin(2_000), reader.sleep, lambda: reader.wait(0), reader.drain,
        )  # fmt: skip
        call = draw.choice(calls)
        begin = time.thread_time_ns()
        try:
            call()
        except RegionError:
            self._counted["errors"] += 1
            reader.close()
            self._readers[at] = None
        took = time.thread_time_ns() - begin
        self._counted["reads"] += 1
        self._counted["longest_cpu_us"] = max(self._counted["longest_cpu_us"], took // 1000)

    def close(self) -> None:
        """Release the readers."""
        for reader in self._readers:
            if reader is not None:
                reader.close()


def _write(writer: FactorWriter | None, path: Path, draw: random.Random) -> FactorWriter | None:
    """Write, beat, or open a writer again; None if there is none for now."""
    if writer is None:
        with suppress(RegionError):
            return FactorWriter(path, NAMES, capacity=CAPACITY)
        # No region any more, nor a writer's to replace: who runs a producer removes it.
        region_files.remove(path)
        return None
    try:
        if draw.random() < 0.05:
            writer.heartbeat()
        writer.write_values(np.full(len(NAMES), draw.random()))
        if draw.random() < 0.002:
            writer.close()
            return None
    except RegionError:
        writer.abandon()
        return None
    return writer


def drive(mutations: int, seed: int, folder: Path) -> Counter[str]:
    """Read and write until the mutator has made so many mutations."""
    path = folder / "region"
    draw = random.Random(seed)  # noqa: S311 - what is drawn has to be drawn again
    counted: Counter[str] = Counter()
    writer: FactorWriter | None = FactorWriter(path, NAMES, capacity=CAPACITY)
    followers = Followers(path, counted)
    mutator = subprocess.Popen(
        [sys.executable, str(MUTATOR), str(path), str(mutations), str(seed)],
        stdout=subprocess.PIPE, text=True, env={},
    )  # fmt: skip
    try:
        while mutator.poll() is None:
            for _ in range(20):
                followers.read(draw)
            if writer is not None and followers.refusals > 5:
                # "Start its producer again", says the error; somebody does.
                writer.abandon()
                writer = None
            writer = _write(writer, path, draw)
            counted["writes"] += writer is not None
        counted["mutations"] = int(mutator.communicate()[0])
    finally:
        if mutator.poll() is None:
            mutator.kill()
            mutator.wait()
    followers.close()
    if writer is not None:
        writer.abandon()
    # When nobody changes bytes any more, all is as before.
    region_files.remove(path)
    with FactorWriter(path, NAMES, capacity=CAPACITY) as again, FactorReader(path) as reader:
        again.write_values(np.arange(len(NAMES), dtype=float))
        record = reader.read_latest()
        if record is None or list(record.values()) != [float(n) for n in range(len(NAMES))]:
            msg = f"after the mutations a record is {record}"
            raise AssertionError(msg)
    return counted


if __name__ == "__main__":
    for what, count in drive(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])).items():
        print(what, count)
