"""ServiceBeat: what a service that trades nothing tells a supervisor: that it runs and turns."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, Self

from adapters.run_state.state_report import OpenItems, StateReport

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

INTERVAL_S: Final = 0.25


class ServiceBeat:
    """Writes the state of a service, at most four times a second, and tells systemd.

    Parameters
    ----------
    path : Path, optional
        The file of the state; None: only systemd is told, if it listens.
    what : str
        The service's name in the state, where a node has its strategy's.
    open_file, tell : callable
        As for :class:`StateReport`.

    Raises
    ------
    StateHeldError
        If another process writes the state: the same service runs already.
    StateUnusableError
        If it cannot be locked, or there is no room for it.
    DolphinError
        As ``open_file`` raises it.

    """

    def __init__(
        self,
        path: Path | None,
        what: str,
        open_file: Callable[[Path], int],
        tell: Callable[[str], object],
    ) -> None:
        self._report: Final = StateReport(path, open_file, tell)
        self._report.describe(strategy=what, trader_id="", venue="", orders="none")
        self._due_s = 0.0
        self._last = (False, "", "")

    def beat(self, *, is_running: bool = True, stopping: str = "", trouble: str = "") -> None:
        """Tell that the service turns.

        Parameters
        ----------
        is_running : bool
            Whether it does its work by now.
        stopping : str
            Why it is about to end; empty: it is not.
        trouble : str
            What is wrong with its work; empty: nothing.

        """
        now_s, said = time.monotonic(), (is_running, stopping, trouble)
        if now_s < self._due_s and said == self._last:
            return
        self._due_s, self._last = now_s + INTERVAL_S, said
        self._report.turned(
            OpenItems(), strategy_id="", factors=trouble, reason=stopping, is_running=is_running
        )

    def ended(self, code: int, reason: str) -> None:
        """Tell that the service has ended, with which exit code."""
        self._report.ended(code, reason)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._report.__exit__()
