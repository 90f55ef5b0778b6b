"""What a run with real orders left open, in the state of the run after it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

from adapters.process.safe_files import open_file, open_or_make
from adapters.run_state.run_state import OpenPosition, RunState
from adapters.run_state.state_file import StateReader
from adapters.run_state.state_report import OpenItems, StateReport

if TYPE_CHECKING:
    from pathlib import Path

HELD: Final = OpenItems(
    positions=(OpenPosition(instrument="BTCUSDT-PERP.BINANCE", quantity="1", price="60000"),)
)
TURN: Final[dict[str, Any]] = {"strategy_id": "Small-001", "factors": "", "reason": ""}


def report(path: Path, orders: str = "live", told: list[str] | None = None) -> StateReport:
    """Begin a run."""
    lines: list[str] = [] if told is None else told
    found = StateReport(path, open_or_make, lines.append)
    found.describe(strategy="Small", trader_id="T-001", venue="binance", orders=orders)
    return found


def state(path: Path) -> RunState:
    """Return what is told."""
    written = StateReader(open_file(path, os.O_RDONLY), path).newest()
    assert written is not None
    return RunState.decode(written.content)


def leave_open(path: Path) -> None:
    """Have a run hold a position, and end without a word."""
    with report(path) as killed:
        killed.turned(HELD, **TURN, is_running=True)


def test_what_a_killed_run_left_stays_until_the_next_one_runs(tmp_path: Path) -> None:
    """Also if that is stopped, in order, before it has read the account."""
    path = tmp_path / "state"
    leave_open(path)
    with StateReport(path, open_or_make, print):
        assert (state(path).orders, state(path).positions) == ("live", HELD.positions)
    with report(path) as stopped:
        stopped.turned(OpenItems(), **TURN, is_running=False)
        stopped.ended(0, "SIGTERM", OpenItems())
    assert (state(path).phase, state(path).positions) == ("ended", HELD.positions)
    with report(path) as runs:
        assert (state(path).phase, state(path).positions) == ("starting", HELD.positions)
        runs.turned(OpenItems(), **TURN, is_running=True)
        assert state(path).is_flat
        runs.ended(0, "SIGTERM", OpenItems())
    assert state(path).is_flat


def test_a_paper_run_tells_that_it_leaves_it(tmp_path: Path) -> None:
    """It has no account in which to read it, and its own state is flat."""
    path, told = tmp_path / "state", list[str]()
    leave_open(path)
    with report(path, "sandbox", told):
        assert state(path).is_flat
    assert "with paper orders, leaves it" in told[0]
