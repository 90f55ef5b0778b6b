"""A node with an open position and a watchdog over it; a fault; the time to the alarm."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, Final, NamedTuple

from tests.proof.figures import ROOT
from tests.support.nodes.forkserver import ForkedProcess

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ODD: Final = "tests.support.strategies.odd_strategies"
START_S: Final = 240.0
NOTICE_S: Final = 20.0
_LOOK_S: Final = 0.005
_OPEN: Final = re.compile(
    r"left open: position \+0\.01 BTCUSDT-PERP\.BINANCE at \d+(\.\d+)?, "
    r"order BUY LIMIT 0\.01 BTCUSDT-PERP\.BINANCE at 30000 \(O-[\d-]+-2\)"
)


@dataclass(frozen=True, kw_only=True)
class Fault:
    """A fault: what is done to a node, and the alarm that has to follow."""

    fault_id: str
    what: str
    kind: str
    """The kind of the alarm."""
    strategy: str = "HoldsPosition"
    number: int = 0
    """The signal; 0: the strategy does it by itself, and prints ``HANGS NOW``."""
    is_repeated: bool = False
    """Whether a node goes on after it."""


FAULTS: Final = {
    "kill": Fault(fault_id="D02", what="SIGKILL", kind="DIED", number=signal.SIGKILL),
    "abort": Fault(fault_id="D02", what="SIGABRT", kind="DIED", number=signal.SIGABRT),
    "stop": Fault(
        fault_id="D04", what="SIGSTOP", kind="STOPPED", number=signal.SIGSTOP, is_repeated=True
    ),
    "hang": Fault(
        fault_id="D04",
        what="a C call that keeps the interpreter's lock",
        kind="HANG",
        strategy="HangsAgainAndAgain",
        is_repeated=True,
    ),
}


class Pair(NamedTuple):
    """A node that holds a position, its output, and the file of the alarms over it."""

    node: ForkedProcess
    output: IO[str]
    alarms: Path


class Noticed(NamedTuple):
    """An alarm."""

    after_s: float
    text: str

    @property
    def names_what_is_open(self) -> bool:
        """Whether it has the position and the resting order, with their quantities."""
        return bool(_OPEN.search(self.text))


@contextmanager
def start(folder: Path, fault: Fault) -> Iterator[Pair]:
    """Start a watchdog and a node, and wait until the node holds its position; end both.

    Both are forks of a process that has imported everything.
    """
    folder.mkdir()
    state, alarms = folder / "state", folder / "alarms"
    environment = {k: v for k, v in os.environ.items() if not k.startswith("BINANCE_")}
    environment["PYTHONPATH"] = str(ROOT)
    with (folder / "out").open("wb") as out, (folder / "guard").open("wb") as guard_out:
        guard = ForkedProcess(
            [ROOT / "live/watchdog.py", "--node", state, "--alarm-only", "--alarm-file", alarms],
            stdout=guard_out,
            stderr=guard_out,
            env=environment,
        )
        node = ForkedProcess(
            [ROOT / "live/run_node.py", "--state", state, "--strategy", f"{ODD}:{fault.strategy}"],
            stdout=out,
            stderr=out,
            env=environment,
        )
        try:
            with (folder / "out").open() as output:
                _wait_for(output, "HOLDING 0.01", node)
                yield Pair(node, output, alarms)
        finally:
            for process in (node, guard):
                process.kill()
                process.wait(START_S)


def _wait_for(output: IO[str], text: str, node: ForkedProcess) -> str:
    """Return the first line with a text."""
    deadline_s = time.monotonic() + START_S
    while time.monotonic() < deadline_s:
        line = output.readline()
        if text in line:
            return line
        if not line and node.poll() is not None:
            break
        if not line:
            time.sleep(_LOOK_S)
    output.seek(0)
    msg = f"the node (exit code {node.poll()}) did not print {text!r}: {output.read()[-2000:]}"
    raise RuntimeError(msg)


def noticed(pair: Pair, fault: Fault, delay_s: float) -> Noticed | None:
    """Inject a fault some time after the position is there; return its alarm, None without."""
    if fault.number:
        time.sleep(delay_s)
        since_ns = time.time_ns()
        pair.node.send_signal(fault.number)
    else:
        # What was printed already is a hang of before.
        pair.output.read()
        since_ns = int(_wait_for(pair.output, "HANGS NOW", pair.node).split()[2])
    found = _alarm_since(pair.alarms, fault.kind, since_ns)
    if fault.number == signal.SIGSTOP:
        _go_on(pair)
    return found


def _go_on(pair: Pair) -> None:
    """Let a stopped node go on, until the watchdog says that it turns: then a stop is another."""
    said = pair.alarms.parent / "guard"
    before = said.read_text().count("turns again")
    pair.node.send_signal(signal.SIGCONT)
    deadline_s = time.monotonic() + NOTICE_S
    while said.read_text().count("turns again") == before and time.monotonic() < deadline_s:
        time.sleep(_LOOK_S)


def _alarm_since(alarms: Path, kind: str, since_ns: int) -> Noticed | None:
    deadline_s = time.monotonic() + NOTICE_S
    while time.monotonic() < deadline_s:
        for row in _rows(alarms):
            if row["kind"] == kind and row["at_ns"] >= since_ns:
                return Noticed((row["at_ns"] - since_ns) / 1e9, row["text"])
        time.sleep(_LOOK_S)
    return None


def _rows(alarms: Path) -> list[dict[str, Any]]:
    if not alarms.exists():
        return []
    # The last line may be half written.
    *lines, _ = alarms.read_text().split("\n")
    return [json.loads(line) for line in lines]
