"""A node with an open position and a watchdog over it; a fault; the time to the alarm."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, Final, NamedTuple

from tests.proof.figures import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ODD: Final = "tests.support.strategies.odd_strategies"
START_S: Final = 240.0
NOTICE_S: Final = 20.0
_OPEN: Final = re.compile(
    r"left open: position \+0\.01 BTCUSDT-PERP\.BINANCE at 6\d{4}(\.\d+)?, "
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


FAULTS: Final = {
    "kill": Fault(fault_id="D02", what="SIGKILL", kind="DIED", number=signal.SIGKILL),
    "abort": Fault(fault_id="D02", what="SIGABRT", kind="DIED", number=signal.SIGABRT),
    "stop": Fault(fault_id="D04", what="SIGSTOP", kind="STOPPED", number=signal.SIGSTOP),
    "hang": Fault(
        fault_id="D04",
        what="a C call that keeps the interpreter's lock",
        kind="HANG",
        strategy="HangsAloud",
    ),
}


class Pair(NamedTuple):
    """A node that holds a position, its output, and the file of the alarms over it."""

    node: subprocess.Popen[str]
    output: IO[str]
    alarms: Path


class Noticed(NamedTuple):
    """An alarm."""

    after_s: float
    names_what_is_open: bool


@contextmanager
def start(folder: Path, fault: Fault) -> Iterator[Pair]:
    """Start a watchdog and a node, and wait until the node holds its position; end both."""
    folder.mkdir()
    state, alarms = folder / "state", folder / "alarms"
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with (folder / "out").open("w") as out, (folder / "guard").open("w") as guard_out:
        guard = subprocess.Popen(
            [sys.executable, "live/watchdog.py", "--node", str(state),
             "--alarm-only", "--alarm-file", str(alarms)],
            cwd=ROOT, stdout=guard_out, stderr=subprocess.STDOUT, env=environment,
        )  # fmt: skip
        node = subprocess.Popen(
            [sys.executable, "live/run_node.py", "--state", str(state),
             "--strategy", f"{ODD}:{fault.strategy}"],
            cwd=ROOT, stdout=out, stderr=subprocess.STDOUT, env=environment, text=True,
        )  # fmt: skip
        try:
            with (folder / "out").open() as output:
                _wait_for(output, "HOLDING 0.01", node)
                yield Pair(node, output, alarms)
        finally:
            for process in (node, guard):
                process.kill()
                process.wait()


def _wait_for(output: IO[str], text: str, node: subprocess.Popen[str]) -> str:
    """Return the first line with a text."""
    deadline_s = time.monotonic() + START_S
    while time.monotonic() < deadline_s and node.poll() is None:
        line = output.readline()
        if text in line:
            return line
        if not line:
            time.sleep(0.005)
    msg = f"the node did not print {text!r}"
    raise RuntimeError(msg)


def noticed(pair: Pair, fault: Fault, delay_s: float) -> Noticed | None:
    """Inject a fault some time after the position is there; return its alarm, None without."""
    if fault.number:
        time.sleep(delay_s)
        since_ns = time.time_ns()
        pair.node.send_signal(fault.number)
    else:
        line = _wait_for(pair.output, "HANGS NOW", pair.node)
        since_ns = int(line.split()[2])
    deadline_s = time.monotonic() + NOTICE_S
    while time.monotonic() < deadline_s:
        for row in _rows(pair.alarms):
            if row["kind"] == fault.kind and row["at_ns"] >= since_ns:
                after_s = (row["at_ns"] - since_ns) / 1e9
                return Noticed(after_s, bool(_OPEN.search(row["text"])))
        time.sleep(0.01)
    return None


def _rows(alarms: Path) -> list[dict[str, Any]]:
    if not alarms.exists():
        return []
    return [json.loads(line) for line in alarms.read_text().splitlines()]
