"""How soon a node halts: from the command's send to the state that holds, and to the answer."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from live.switching.kept_trading import journal_at
from live.switching.switch_client import ask, running_nodes
from live.switching.switch_words import Request
from tests.benchmarks import processes
from tests.benchmarks.report import Group, Row, Target, require

if TYPE_CHECKING:
    import subprocess

    from live.switching.switch_client import Node
    from tests.benchmarks.report import Options

COUNT: Final = 500
QUICK_COUNT: Final = 100
PAUSE_S: Final = 0.01
START_S: Final = 60.0
LIMIT_MS: Final = 50.0
CASES: Final = ("event", "spin")

PATH: Final = """
  switch.py's client                 run_node.py: the demo, 200 records/s and 200 quotes/s
  command --> socket --> node's loop: the state holds --> journal, fsync --> answer
          |<---------- holds, at the latest --------->|
          |<----------------------- acknowledged ---------------------------->|
"""


def run(options: Options) -> Group:
    """Halt and resume a node in turn; with each way of waiting for factors, and a bare file."""
    count = QUICK_COUNT if options.is_quick else COUNT
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for wait in CASES:
            rows += _rows(wait, Path(folder) / wait, count)
        rows.append(_row("peer: a line and fsync into such a file", _bare(Path(folder), count)))
    remarks = [
        "holds, at the latest: the instant in the journal, taken once the state holds and its "
        "orders are sent, less the instant before the send; both of the wall clock",
        "acknowledged: also the line on the disk and the answer's way back",
    ]
    return Group("switch: from a halt's send to its effect, ms", PATH, rows, remarks)


def _rows(wait: str, path: Path, count: int) -> list[Row]:
    words = [sys.executable, "live/run_node.py", "--wait", wait, "--journal", str(path)]
    sent_ns, answered = [], []
    with processes.running(words) as process:
        node = _node(process)
        for _ in range(count):
            sent_ns.append(time.time_ns())
            began_s = time.monotonic()
            answer = ask(node, Request("halt"))
            answered.append((time.monotonic() - began_s) * 1e3)
            require(answer["state"] == "HALTED" and answer["is_written"], str(answer))
            ask(node, Request("resume"))
            time.sleep(PAUSE_S)
    written = [e["at_ns"] for e in journal_at(path).entries() if e.get("command") == "halt"]
    require(len(written) == count, f"{len(written)} of {count} halts in the journal")
    held = [(at - sent) / 1e6 for at, sent in zip(written, sent_ns, strict=True)]
    return [
        _row(f"{wait}: holds, at the latest", held, Target("p99", "<=", LIMIT_MS)),
        _row(f"{wait}: acknowledged", answered),
    ]


def _node(process: subprocess.Popen[str]) -> Node:
    """Return the node that a process runs, once it answers."""
    until_s = time.monotonic() + START_S
    while time.monotonic() < until_s:
        found: list[Any] = [n for n in running_nodes() if n.pid == process.pid]
        if found and found[0].state is not None and found[0].state.phase == "running":
            return found[0]  # type: ignore[no-any-return]
        time.sleep(0.05)
    msg = f"no node within {START_S:g} s"
    raise processes.ChildError(msg)


def _bare(folder: Path, count: int) -> list[float]:
    journal = journal_at(folder / "bare")
    found = []
    for _ in range(count):
        began_s = time.monotonic()
        journal.append(event="change", command="halt", who="a user (pid 1)", why="")
        found.append((time.monotonic() - began_s) * 1e3)
        time.sleep(PAUSE_S)
    return found


def _row(name: str, values: list[float], *targets: Target) -> Row:
    p50, p99, p999 = np.percentile(values, (50, 99, 99.9))
    figures = {"p50": p50, "p99": p99, "p99.9": p999, "max": max(values), "n": len(values)}
    return Row(name, {k: float(v) for k, v in figures.items()}, targets)
