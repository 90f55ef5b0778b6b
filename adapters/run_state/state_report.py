"""StateReport: what a run tells while it goes on, to a watchdog beside it and to systemd."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Self

from adapters.run_state.process_identity import ProcessIdentity
from adapters.run_state.run_state import (
    MOST_ROWS,
    BadStateError,
    OpenOrder,
    OpenPosition,
    RunState,
)
from adapters.run_state.service_manager import ServiceManager
from adapters.run_state.state_file import SLOT_BYTES, STATE_NAME, StateWriter
from dolphin_strategies.errors import DolphinError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from adapters.run_state.state_file import Written


class StateUnusableError(DolphinError):
    """A state cannot be locked, or there is no room for it."""

    def __init__(self, path: Path, error: OSError) -> None:
        super().__init__(
            f"{path} cannot hold this run's state: {error.strerror}; it takes {2 * SLOT_BYTES:,} "
            "bytes, best in memory ($XDG_RUNTIME_DIR or /dev/shm)"
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenItems:
    """What is open at a moment."""

    positions: tuple[OpenPosition, ...] = ()
    orders: tuple[OpenOrder, ...] = ()


class StateReport:
    """Writes the state of a run, four times a second from the node's thread.

    Parameters
    ----------
    path : Path, optional
        The file; None: one in the run's folder, see :meth:`keep_in`.
    open_file : callable
        Opens a file of this user to read and write, and makes a missing one with mode 0600.
    tell : callable
        Takes a line for the user.

    Raises
    ------
    StateHeldError
        If another process writes it: the same node runs already.
    StateUnusableError
        If it cannot be locked, or there is no room for it.
    DolphinError
        As ``open_file`` raises it.

    Notes
    -----
    On the node's thread only. One write into a file in memory, and a datagram if systemd listens.
    A write that fails is told once, and trading goes on. What an earlier run with real orders has
    left open stays in the state until this one runs: a stop or a kill before that hides nothing.

    """

    def __init__(
        self,
        path: Path | None,
        open_file: Callable[[Path], int],
        tell: Callable[[str], object],
    ) -> None:
        self._open_file: Final = open_file
        self._tell: Final = tell
        self._manager: Final = ServiceManager()
        self._state = RunState(process=ProcessIdentity.own())
        self._is_told = False
        self._earlier: RunState | None = None
        self._is_unread = False
        self._file: StateWriter | None = None
        self.path = path
        """Where it is written; None until :meth:`keep_in`."""
        if path is not None:
            self._hold(path)

    def _hold(self, path: Path) -> None:
        self.path = path
        try:
            self._file = StateWriter(self._open_file(path), path)
        except OSError as error:
            raise StateUnusableError(path, error) from None
        self._earlier = earlier = _open_earlier(self._file.earlier)
        if earlier is not None and earlier.orders == "live":
            self._is_unread = True
            self._state = replace(
                earlier, process=self._state.process, phase="starting", code=0, reason=""
            )
        self._write()

    @property
    def phase(self) -> str:
        """The run's phase, one of ``PHASES``."""
        return self._state.phase

    def describe(
        self, *, strategy: str, trader_id: str, venue: str, orders: str, journal: str = ""
    ) -> None:
        """Set who runs; tell what an earlier run with the same file has left open."""
        self._state = replace(
            self._state,
            strategy=strategy,
            trader_id=trader_id,
            venue=venue,
            orders=orders,
            journal=journal,
        )
        if self._earlier is not None:
            self._tell(_left_by(self._earlier, orders))
        if self._is_unread and orders != "live":
            self._is_unread = False
            self._state = replace(self._state, **_rows(OpenItems()))
        self._write()

    def keep_in(self, folder: Path) -> None:
        """Write into a run's own folder, if no file was given."""
        if self._file is None:
            self._hold(folder / STATE_NAME)

    def turned(  # noqa: PLR0913 - what a watchdog is told
        self,
        found: OpenItems,
        *,
        strategy_id: str,
        factors: str,
        reason: str,
        is_running: bool,
        trading: str = "ACTIVE",
    ) -> None:
        """Tell that the thread turns, and what is open."""
        phase = "stopping" if reason else "running" if is_running else self._state.phase
        self._is_unread = self._is_unread and not is_running
        self._state = replace(
            self._state,
            strategy_id=strategy_id,
            phase=phase,
            reason=reason,
            factors=factors,
            trading=trading,
            **self._rows(found),
        )
        self._write()
        if self._manager.is_listening:
            self._manager.turned(
                is_running=phase == "running",
                is_stopping=phase == "stopping",
                status=f"{phase}, open: {self._state.left_open()}",
            )

    def ended(self, code: int, reason: str, found: OpenItems | None = None) -> None:
        """Tell that the run has ended, with which exit code, and what it leaves open."""
        rows: dict[str, Any] = {} if found is None else self._rows(found)
        self._state = replace(self._state, phase="ended", code=code, reason=reason, **rows)
        self._write()

    def _rows(self, found: OpenItems) -> dict[str, Any]:
        """Return what is open; what an earlier run left counts until the account is read."""
        is_known = not self._is_unread or found.positions or found.orders
        return _rows(found) if is_known else {}

    def _write(self) -> None:
        if self._file is None:
            return
        self._state = replace(self._state, at_ns=time.time_ns())
        try:
            self._file.write(self._state.encode())
        except (OSError, ValueError) as error:
            if not self._is_told:
                self._is_told = True
                self._tell(f"the state for a watchdog cannot be written: {error}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()


def _rows(found: OpenItems) -> dict[str, Any]:
    positions, orders = found.positions[:MOST_ROWS], found.orders[:MOST_ROWS]
    left_out = len(found.positions) + len(found.orders) - len(positions) - len(orders)
    return {"positions": positions, "open_orders": orders, "not_listed": left_out}


def _open_earlier(written: Written | None) -> RunState | None:
    """Return the state of an earlier run that left something open, or None."""
    if written is None:
        return None
    try:
        state = RunState.decode(written.content)
    except BadStateError:
        return None
    return None if state.is_flat else state


def _left_by(state: RunState, orders: str) -> str:
    """Return what an earlier run left open, for the user of one with these orders."""
    what = f"the run before this one (pid {state.process.pid}) left open: {state.left_open()}"
    if state.orders != "live":
        return f"{what}; its paper account ended with it, so this run starts flat"
    if orders != "live":
        return f"{what}; that is open at the exchange, and this run, with paper orders, leaves it"
    return f"{what}; it is read back from the exchange before the strategy starts"
