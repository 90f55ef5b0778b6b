"""A live node whose wall clock is set while it runs."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from adapters.shm import FactorWriter
from tests.support.eventually import eventually
from tests.support.lengths import long
from tests.support.nodes.processes import ROOT
from tests.support.nodes.set_clock import SetClock, faketime_library

if TYPE_CHECKING:
    from pathlib import Path


class Told:
    """The lines that the node prints: its first word, and when it came."""

    def __init__(self, node: subprocess.Popen[str]) -> None:
        self.lines: list[str] = []
        assert node.stdout is not None
        self._stdout = node.stdout
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        self.lines.extend(line.split()[0] for line in self._stdout)


@pytest.mark.parametrize("step_s", [-3600, long(3600)])
def test_a_set_wall_clock_does_not_keep_a_dead_producers_factors_fresh(
    region_path: Path, tmp_path: Path, step_s: int
) -> None:
    """Fault A17: set by an hour while records come, then without any: stale all the same, and
    before that, set back, not stale for a moment.
    """
    library = faketime_library()
    if library is None:
        pytest.skip("needs libfaketime (Debian: faketime)")
    clock = SetClock(tmp_path / "clock", library)
    command = [sys.executable, "-m", "tests.support.nodes.clock_step_node", str(region_path)]
    with (
        FactorWriter(region_path, ["basis"]) as writer,
        subprocess.Popen(
            command, cwd=ROOT, env=clock.environment, stdout=subprocess.PIPE, text=True
        ) as node,
    ):
        try:
            told = Told(node)

            def comes(count: int) -> bool:
                writer.write({"basis": 1.0})
                time.sleep(0.05)
                return told.lines.count("factors") >= count

            eventually(lambda: comes(5), "the node gets factors")
            told.lines.clear()
            clock.set(step_s)
            if step_s < 0:
                # For longer than the limit of three seconds.
                eventually(lambda: comes(90), "factors after the clock was set")
                assert "stale" not in told.lines
            else:
                writer.write({"basis": 1.0})
            eventually(lambda: "stale" in told.lines, "stale without records", timeout_s=60)
        finally:
            node.kill()
