"""The monitor as a user starts it, and over real nodes."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shlex
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Final

import pytest

from live.monitoring.watching.node_watch import NodeWatch
from live.monitoring.watching.problems import of_node
from live.monitoring.watching.watcher import Watcher
from tests.support.eventually import eventually
from tests.support.guarding.guarded_nodes import OPEN, node_with_state
from tests.support.nodes.node_process import ROOT, node

if TYPE_CHECKING:
    from pathlib import Path

    from textual.pilot import Pilot

MONITOR: Final = ROOT / "live" / "monitor.py"
PAGES: Final = ("monitor.md", "metrics.md")


def commands() -> list[str]:
    """Return the commands that the pages show and that end by themselves."""
    found = []
    for page in PAGES:
        text = (ROOT / "docs" / page).read_text(encoding="utf-8")
        for block in re.findall(r"```bash\n(.*?)```", text, re.DOTALL):
            found += block.splitlines()
    return [c for c in found if "--once" in c or "--seconds" in c]


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run monitor.py without a terminal."""
    return subprocess.run(
        [sys.executable, MONITOR, *map(str, arguments)],
        capture_output=True, text=True, check=False, cwd=ROOT, timeout=300,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip


def test_without_a_terminal_it_says_what_to_do() -> None:
    """Exit code 2."""
    done = run()
    assert done.returncode == 2
    assert "--once" in done.stderr


def test_once_prints_a_problem_and_tells_it_by_its_code(tmp_path: Path) -> None:
    """Here a region that is not there."""
    done = run("--once", tmp_path / "missing")
    assert done.returncode == 1
    assert "nothing lies at the path" in done.stdout


@pytest.mark.long
def test_without_textual_the_error_names_the_extra(tmp_path: Path) -> None:
    """And --once works; a terminal is needed to get so far."""
    (tmp_path / "textual.py").write_text("raise ModuleNotFoundError(name='textual')\n")
    code = (
        f"import sys; sys.path[0:0] = [{str(tmp_path)!r}, {str(ROOT)!r}]; import pty, os\n"
        "from live.monitoring.monitor_command import main\n"
        "told = os.fdopen(os.dup(2), 'w'); a, b = pty.openpty()\n"
        "for fd in (0, 1, 2): os.dup2(b, fd)\n"
        "sys.stdin, sys.stdout, sys.stderr = open(0), open(1, 'w'), open(2, 'w')\n"
        "code = main([]); os.set_blocking(a, False)\n"
        "told.write(os.read(a, 9999).decode()); told.close(); os._exit(code)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "TERM": "xterm"},
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 2, done.stderr
    assert "uv run --extra monitor" in done.stderr


@pytest.mark.long
@pytest.mark.parametrize("command", commands())
def test_the_commands_of_the_pages_run(command: str) -> None:
    """As they are shown; --log-json gives objects, between Nautilus's own lines."""
    words = shlex.split(command)[2:]
    done = subprocess.run(
        [sys.executable, *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=400,
    )
    assert done.returncode in ((0, 1) if "--once" in command else (0,)), done.stderr
    if "--log-json" in command:
        rows = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        assert {row["program"] for row in rows} == {"run_node.py"}
        assert any("latency" in row["text"] for row in rows)


@pytest.mark.long
def test_a_node_that_is_killed_is_said_to_have_died_with_what_it_left(tmp_path: Path) -> None:
    """Its position as it was; before that, its figures."""
    state = tmp_path / "state"
    watch = NodeWatch(state=state)
    with node_with_state("HoldsPosition", state) as trader:
        eventually(
            lambda: (found := watch.look().state) is not None and found.positions, "a position"
        )
        assert watch.look().is_running
        trader.signal(signal.SIGKILL)
        trader.exit_code()
        found = watch.look()
    assert not found.is_running
    assert any("died" in text and OPEN[:40] in text for text in of_node(found))


@pytest.mark.long
def test_a_running_node_on_its_page() -> None:
    """Found by itself; latency, orders and profit come from the node's own figures."""
    pytest.importorskip("textual")
    from live.monitoring.screens.lines_screen import LinesScreen
    from live.monitoring.screens.monitor_app import MonitorApp
    from tests.integration.monitoring.test_screens import open_line, see

    with node() as trader:
        trader.wait_for_factors(200)
        (folder,) = trader.run_folders()
        watcher = Watcher()

        async def play(app: MonitorApp, pilot: Pilot[None]) -> None:
            await see(app, "NODES")
            screen = app.screen
            assert isinstance(screen, LinesScreen)
            await open_line(app, pilot, f"node:{folder}")
            await see(app, "PnL", "orders", "records", "LATENCY", "#")

        async def drive() -> None:
            app = MonitorApp(watcher)
            async with app.run_test(size=(80, 24)) as pilot:
                await play(app, pilot)

        asyncio.run(drive())
        watcher.close()
        trader.signal(signal.SIGINT)
        assert trader.exit_code() == 0, trader.output
