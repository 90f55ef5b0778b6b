"""One turn of a case: its sides started, warmed, measured at each rate, and ended."""

from __future__ import annotations

import json
import shutil
import time
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

from live.latency.phase3.sides.side import Side
from live.latency.phase3.turns.log_file import LogFile, Part

if TYPE_CHECKING:
    from pathlib import Path

    from live.latency.phase3.turns.cases import Built, Case

WARM_HZ: Final = 20_000
WARM_COUNT: Final = 40_000
"""Before anything is measured: the virtual machine compiles what has run 10,000 times."""
FLOOD_COUNT: Final = 100_000
"""Records without pause: 68 MB."""
PAUSE_S: Final = 0.2
"""Between two runs: a reader that is behind catches up, so that the next figures are their own."""
SLACK_S: Final = 120.0
READY_PREFIXES: Final = ("ready", "aeron_driver: media driver at")


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What one turn measured at one rate, 0 for without pause.

    Attributes
    ----------
    rate_hz : int
        Records a second.
    part : Part
        The records.
    said : dict
        The producer's figures: ``sent``, ``refused``, ``send_ns``, ``longest_ns``, ``wall_ns``.
    cpu : dict of str to float
        Cores that each side kept busy: ``producer``, ``reader``, ``driver``.

    """

    rate_hz: int
    part: Part
    said: dict[str, int]
    cpu: dict[str, float]


class Turn:
    """The sides of one turn, in a folder of their own, which is removed with it.

    Parameters
    ----------
    case : Case
        What is measured.
    built : Built
        What was built for it.
    folder : Path
        In shared memory; made here.

    """

    def __init__(self, case: Case, built: Built, folder: Path) -> None:
        self._case: Final = case
        self._built: Final = built
        self._folder: Final = folder
        self._stack: Final = ExitStack()
        self.sides: Final[dict[str, Side]] = {}
        folder.mkdir(mode=0o700)
        self._stack.callback(shutil.rmtree, folder, ignore_errors=True)
        self._address: Final = case.address(folder)

    def __enter__(self) -> Self:
        try:
            if command := self._case.driver_command(self._built, self._folder):
                driver = self._start("driver", command)
                while not driver.answer().startswith(READY_PREFIXES):
                    pass
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _start(self, name: str, command: list[str]) -> Side:
        side = self._stack.enter_context(Side(name, command))
        self.sides[name] = side
        return side

    def producer(self, number: int = 1) -> Side:
        """Start a producer; it opens nothing yet."""
        sent = self._sent(number)
        sent.write_bytes(bytes(8))
        command = self._case.producer_command(self._built, self._address, sent, number)
        return self._start("producer" if number == 1 else f"producer {number}", command)

    def reader(self, rows: int, idle: str = "spin", name: str = "reader") -> Side:
        """Start a reader; it opens nothing yet."""
        log = self._folder / f"{name}.log"
        command = self._case.reader_command(self._built, self._address, log, rows, idle)
        return self._start(name, command)

    def open(self, producer: Side, *readers: Side) -> None:
        """Wait until the sides are up, and let them open the engine."""
        for side in (producer, *readers):
            side.expect("up")
        if self._case.reader_opens_first:
            for reader in readers:
                reader.send("open")
                reader.expect("ready")
        producer.send("open")
        producer.expect("ready")
        if not self._case.reader_opens_first:
            for reader in readers:
                reader.send("open")
                reader.expect("ready")

    def end(self, producer: Side, *readers: str) -> list[LogFile]:
        """Let the producer send its last record, and return the logs of the readers."""
        producer.send("end")
        producer.expect("ended")
        for name in readers:
            self.sides[name].expect("ended")
        return [LogFile(self._folder / f"{name}.log") for name in readers]

    def sent(self, number: int = 1) -> int:
        """Return how many records a producer has handed over; also of one that was killed."""
        return int.from_bytes(self._sent(number).read_bytes(), "little")

    def _sent(self, number: int) -> Path:
        return self._folder / f"sent_{number}"


def begin(producer: Side, rate_hz: int, count: int) -> None:
    """Let a producer send records, and return at once."""
    producer.send(f"run {rate_hz} {count}")


def figures(producer: Side, expected_s: float) -> dict[str, int]:
    """Return the figures of what a producer was let to send, once it has."""
    found: dict[str, int] = json.loads(producer.answer(expected_s + SLACK_S))
    return found


def run(producer: Side, rate_hz: int, count: int) -> dict[str, int]:
    """Let a producer send records, and return its figures."""
    begin(producer, rate_hz, count)
    return figures(producer, count / rate_hz if rate_hz else 0)


def measure(
    case: Case, built: Built, folder: Path, seconds: float, rates_hz: tuple[int, ...]
) -> list[Measured]:
    """Measure a case at each rate, and without pause.

    Parameters
    ----------
    case, built, folder
        As of :class:`Turn`.
    seconds : float
        At each rate.
    rates_hz : tuple of int
        Records a second.

    Raises
    ------
    ChildError
        If a side ends or does not answer.

    """
    runs = [(rate, max(int(rate * seconds), 1)) for rate in rates_hz] + [(0, FLOOD_COUNT)]
    with Turn(case, built, folder) as turn:
        producer = turn.producer()
        reader = turn.reader(WARM_COUNT + sum(count for _, count in runs) + 1)
        turn.open(producer, reader)
        run(producer, WARM_HZ, WARM_COUNT)
        taken = []
        for rate, count in runs:
            time.sleep(PAUSE_S)
            before = {name: side.cpu_s() for name, side in turn.sides.items()}
            said = run(producer, rate, count)
            wall_s = said["wall_ns"] / 1e9
            cpu = {n: (side.cpu_s() - before[n]) / wall_s for n, side in turn.sides.items()}
            taken.append((rate, count, said, cpu))
        (log,) = turn.end(producer, "reader")
    first, measured = WARM_COUNT, []
    for rate, count, said, cpu in taken:
        part = log.part(first, count)
        measured.append(Measured(rate_hz=rate, part=part, said=said, cpu=cpu))
        first += count
    return measured
