"""The recorder as a real process, producers for it, and a look at what is in its catalog."""

from __future__ import annotations

import json
import os
import re
import select
import subprocess
import sys
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import pyarrow.parquet as pq
from nautilus_trader.model import NautilusDataType
from nautilus_trader.persistence import ParquetDataCatalog

from adapters.shm import FactorWriter
from tests.support.eventually import TIMEOUT_S
from tests.support.nodes.forkserver import ROOT, ForkedProcess
from tests.support.transports.regions import factor_names, values_of, write_records

if TYPE_CHECKING:
    import signal
    from collections.abc import Iterator

FACTORS: Final = 5
_EQUATION: Final = re.compile(
    r"recorded ([\d,]+) \+ lost ([\d,]+) \+ dropped ([\d,]+)(?: \+ waiting ([\d,]+))? "
    r"(==|!=) published ([\d,]+)"
)


SCRIPT: Final = ROOT / "live" / "record_factors.py"
WITHOUT_COPIES: Final = Path(__file__).parent / "recorder_without_copies.py"


class Figures(NamedTuple):
    """What a line of the recorder's output says."""

    recorded: int
    lost: int
    dropped: int
    waiting: int
    published: int
    adds_up: bool


class RecorderProcess:
    """``live/record_factors.py`` as its user starts it."""

    def __init__(self, catalog: Path, region: Path, *options: str, script: Path = SCRIPT) -> None:
        command = [script, "--catalog", catalog, "--region", region, *options]
        self.popen: Final = ForkedProcess(command, stdout=subprocess.PIPE)
        self.pid: Final = self.popen.pid
        self._unread = b""

    def line(self, timeout_s: float = TIMEOUT_S) -> str:
        """Return the next line of its output, empty at the end."""
        assert self.popen.stdout is not None
        deadline = time.monotonic() + timeout_s
        while b"\n" not in self._unread:
            left = max(deadline - time.monotonic(), 0)
            assert select.select([self.popen.stdout], [], [], left)[0], "no line in time"
            more = os.read(self.popen.stdout.fileno(), 65536)
            if not more:
                return ""
            self._unread += more
        line, _, self._unread = self._unread.partition(b"\n")
        return line.decode() or " "

    def figures(self) -> Figures:
        """Return the next figures that it tells."""
        while line := self.line():
            if (found := _EQUATION.search(line)) is not None:
                return _figures(found)
        raise AssertionError("the recorder ended without figures")

    def started(self) -> None:
        """Wait until it says that it records."""
        assert self.line()

    def end(self, number: signal.Signals) -> tuple[int, Figures]:
        """Send a signal; return the exit code and the figures of the summary, the last ones."""
        self.popen.send_signal(number)
        figures = None
        while line := self.line():
            if (found := _EQUATION.search(line)) is not None:
                figures = _figures(found)
        assert figures is not None
        return self.popen.wait(TIMEOUT_S), figures

    def kill(self) -> None:
        """End it with SIGKILL."""
        self.popen.kill()
        self.popen.wait(TIMEOUT_S)


def _figures(found: re.Match[str]) -> Figures:
    recorded, lost, dropped, waiting, equals, published = found.groups("0")
    numbers = [int(n.replace(",", "")) for n in (recorded, lost, dropped, waiting)]
    total = int(published.replace(",", ""))
    assert (sum(numbers) == total) == (equals == "==")
    return Figures(numbers[0], numbers[1], numbers[2], numbers[3], total, equals == "==")


@contextmanager
def recorder(
    catalog: Path, region: Path, *options: str, script: Path = SCRIPT
) -> Iterator[RecorderProcess]:
    """Run the recorder; it has begun when this returns."""
    running = RecorderProcess(catalog, region, *options, script=script)
    try:
        running.started()
        yield running
    finally:
        running.kill()
        assert running.popen.stdout is not None
        running.popen.stdout.close()


def publish_steadily(
    path: str, per_s: float, factors: int = FACTORS, capacity: int = 4096
) -> None:
    """Publish at a rate until standard input says stop; then print how many there are."""
    with FactorWriter(path, factor_names(factors), capacity=capacity) as writer:
        print(writer.published, flush=True)
        start_s, first = time.monotonic(), writer.published
        while not select.select([sys.stdin], [], [], 0.001)[0]:
            due = first + int((time.monotonic() - start_s) * per_s)
            write_records(writer, max(due - writer.published, 0))
            writer.heartbeat()
        print(writer.published, flush=True)
        sys.stdin.readline()
        sys.stdin.readline()


# ---- what is in a catalog, read without the project's own code -------------------------------


def factor_files(catalog: Path) -> list[Path]:
    """Return the Parquet files of factors."""
    return sorted((catalog / "data" / "custom" / "ExternalFactors").rglob("*.parquet"))


def recorded(catalog: Path) -> Counter[tuple[str, int]]:
    """Return how often each record, a stream and a sequence, is there; check its values."""
    found: Counter[tuple[str, int]] = Counter()
    for path in factor_files(catalog):
        table = pq.ParquetFile(path).read()
        stream = table.schema.metadata[b"dolphin.stream_id"].decode()
        sequences = table.column("sequence").to_numpy()
        names = [n for n in table.column_names if n.startswith("factor_")]
        first = int(names[0].removeprefix("factor_"))
        for i, name in enumerate(names):
            expected = values_of(0, len(names))[i] + 512.0 * sequences
            assert np.array_equal(table.column(name).to_numpy(), expected), (path, name, first)
        found.update((stream, n) for n in sequences.tolist())
    return found


def sequences_once(catalog: Path) -> list[int]:
    """Return the sequences of a catalog of one stream, in order; fail if any is there twice."""
    found = recorded(catalog)
    assert len({stream for stream, _ in found}) <= 1
    assert all(count == 1 for count in found.values()), "duplicates"
    return sorted(n for _, n in found)


def nautilus_sequences(catalog: Path) -> list[int]:
    """Return the sequences as Nautilus's own catalog reads them, in its order."""
    data = ParquetDataCatalog(str(catalog)).query(NautilusDataType.Custom("ExternalFactors"))
    stamps = [d.data.ts_init for d in data]
    assert stamps == sorted(stamps)
    return [d.data.sequence for d in data]


def journal(catalog: Path, name: str | None = None) -> list[dict[str, Any]]:
    """Return the journal lines of one recording, or of all."""
    pattern = f"recordings/{name or '*'}/journal.jsonl"
    texts = [p.read_text() for p in sorted(catalog.glob(pattern))]
    return [json.loads(line) for text in texts for line in text.splitlines()]


def told_gaps(catalog: Path, name: str | None = None) -> list[int]:
    """Return the sequences that the journals say were lost."""
    return [
        n
        for event in journal(catalog, name)
        if event["event"] == "gap"
        for n in range(event["after_sequence"] + 1, event["after_sequence"] + event["lost"] + 1)
    ]
