"""Closings: processes that close what dead nodes left open, each within a bound."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from adapters.process.child import Child, module_command
from dolphin_strategies.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from adapters.run_state.run_state import RunState

MODULE: Final = "live.guarding.closing.closing_command"
CHECK_S: Final = 60.0
"""How long the check of the configuration may take, with its imports."""
CLOSING_S: Final = 90.0
"""How long a closing may take, with its imports."""
_WRONG: Final = {
    0: "",
    4: "it was not closed: another process has the right to real orders of it, see the line above",
}
"""What the codes of a closing say, by its command; it alone loads NautilusTrader."""


class Closings:
    """Starts a closing for each dead node with real orders; says why not for others.

    Parameters
    ----------
    config : Path, optional
        The settings of the nodes; None: nothing is closed.
    live_orders : bool
        Whether real orders were asked for once more.

    Raises
    ------
    ConfigError
        If the configuration does not ask for real orders, twice, or a key is missing.

    """

    def __init__(self, config: Path | None, *, live_orders: bool) -> None:
        self._words: Final = [] if config is None else [str(config.absolute())]
        if live_orders:
            self._words.append("--live-orders")
        self._running: Final[dict[Path, tuple[Child, float]]] = {}
        if config is not None:
            self._check()

    def _check(self) -> None:
        child = Child(module_command(MODULE, *self._words), output="inherited")
        child.wait(CHECK_S)
        code = child.exit_code
        child.stop()
        if code != 0:
            msg = "--close cannot be used; see the line above"
            raise ConfigError(msg)

    def begin(self, path: Path, state: RunState) -> str:
        """Begin to close what a node left open; return a line about it."""
        if state.orders != "live":
            return (
                f"nothing can be closed: the paper account ended with its process; lost: "
                f"{state.left_open()}"
            )
        if not self._words:
            return (
                "nothing is closed, for want of --close CONFIG.toml --live-orders; open at the "
                f"exchange: {state.left_open()}"
            )
        if path in self._running:
            return "is being closed already"
        command = module_command(MODULE, *self._words, "--state", path)
        self._running[path] = Child(command, output="inherited"), time.monotonic() + CLOSING_S
        return "is being closed through a connection of its own"

    @property
    def are_running(self) -> bool:
        """Whether a closing runs."""
        return bool(self._running)

    def ended(self) -> list[tuple[Path, str]]:
        """Return the states whose closing has ended since the last call, with what went wrong."""
        found: list[tuple[Path, str]] = []
        for path, (child, until_s) in [*self._running.items()]:
            code = child.exit_code
            if code is None and time.monotonic() < until_s:
                continue
            if code is None:
                child.kill()
                wrong = f"the closing took over {CLOSING_S:g} s"
            else:
                wrong = _WRONG.get(code, f"the closing ended with code {code}")
            child.stop()
            del self._running[path]
            found.append((path, wrong))
        return found

    def close(self) -> None:
        """Wait for closings, within their bounds."""
        while self._running:
            self.ended()
            time.sleep(0.05)
