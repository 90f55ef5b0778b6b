"""A node with a state of its own, and a watchdog over it: both as a user starts them."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.support.nodes.node_process import ROOT, NodeProcess, node

if TYPE_CHECKING:
    from collections.abc import Iterator

WATCHDOG: Final = ROOT / "live" / "watchdog.py"
ODD: Final = "tests.support.strategies.odd_strategies"
OPEN: Final = "left open: position +0.01 BTCUSDT-PERP.BINANCE at 6"
RESTING: Final = "order BUY LIMIT 0.01 BTCUSDT-PERP.BINANCE at 30000 (O-"


@contextmanager
def watchdog(*arguments: object) -> Iterator[NodeProcess]:
    """Run watchdog.py and see to it that it ends."""
    with node(*arguments, script=WATCHDOG) as process:
        yield process


@contextmanager
def node_with_state(strategy: str, state: Path) -> Iterator[NodeProcess]:
    """Run a node with a strategy of ``odd_strategies``."""
    with node("--strategy", f"{ODD}:{strategy}", "--state", state) as process:
        yield process


def command_of(pid: int) -> str:
    """Return a process's command line."""
    return Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8")


def hang_watch_of(process: NodeProcess) -> int:
    """Return the pid of the watch that a node itself started."""
    return next(pid for pid in process.children() if "hang_loop" in command_of(pid))
