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
    A write that fails is told once, and trading goes on.

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
        self._earlier = ""
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
        self._earlier = _left_by(self._file.earlier)
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
        if self._earlier:
            self._tell(self._earlier)
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
        self._state = replace(
            self._state,
            strategy_id=strategy_id,
            phase=phase,
            reason=reason,
            factors=factors,
            trading=trading,
            **_rows(found),
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
        rows: dict[str, Any] = {} if found is None else _rows(found)
        self._state = replace(self._state, phase="ended", code=code, reason=reason, **rows)
        self._write()

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


def _left_by(written: Written | None) -> str:
    """Return what a run that did not end left open, for the user of the next one; or nothing."""
    if written is None:
        return ""
    try:
        state = RunState.decode(written.content)
    except BadStateError:
        return ""
    if state.is_flat:
        return ""
    what = f"the run before this one (pid {state.process.pid}) left open: {state.left_open()}"
    if state.orders == "live":
        return f"{what}; it is read back from the exchange before the strategy starts"
    return f"{what}; its paper account ended with it, so this run starts flat"
