"""SwitchDesk: a node's trading state in one hand: asked for, changed, told and written down."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from nautilus_trader.model import TradingState

from adapters.process.whole_files import write_private
from dolphin_strategies.order_gates.risk.trading import Change, Trading
from live.switching.kept_trading import KeptTrading
from live.switching.switch_server import SwitchServer
from live.switching.switch_words import STATE_PATH_NAME, STATUS

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable
    from pathlib import Path

    from dolphin_strategies.order_gates.risk.node_risk import NodeRisk
    from live.switching.switch_words import Request


class SwitchDesk:
    """Carries requests to the switch of a node, and each change of it into the journal.

    Parameters
    ----------
    journal : Path, optional
        The journal; None: a change ends with the run.
    tell : callable
        Takes a line for the user.

    Raises
    ------
    ConfigError
        See :class:`KeptTrading`.

    Notes
    -----
    On the node's thread. A change holds before it is written, and is acknowledged after that.

    """

    def __init__(self, journal: Path | None, tell: Callable[[str], object]) -> None:
        self.kept: Final = KeptTrading(journal, tell)
        self._tell: Final = tell
        self._risk: NodeRisk | None = None
        self._server: SwitchServer | None = None
        self._is_written = True
        self._was_flat = True

    def open(
        self,
        loop: asyncio.AbstractEventLoop,
        folder: Path,
        risk: NodeRisk,
        *,
        state: Path | None,
        **who: Any,
    ) -> None:
        """Begin to hear requests; the journal gets a line of who runs.

        Parameters
        ----------
        loop : AbstractEventLoop
            The node's loop.
        folder : Path
            The run's folder.
        risk : NodeRisk
            What is switched.
        state : Path, optional
            Where the run's state is.
        **who
            For the journal.

        """
        write_private(folder / STATE_PATH_NAME, "" if state is None else str(state.absolute()))
        self._risk = risk
        risk.switch.listeners.append(self._on_change)
        self._was_flat = not risk.switch.trading.wants_flat
        self._server = SwitchServer(loop, folder, self._carry_out, self._tell)
        self.kept.append(event="start", **who)
        last = self.kept.last
        if last is not None and self.state != TradingState.ACTIVE:
            self._tell(
                f"{self.state.name}: {last}, before this run; `live/switch.py resume` ends it"
            )

    @property
    def state(self) -> TradingState:
        """The trading state."""
        return TradingState.ACTIVE if self._risk is None else self._risk.switch.trading.state

    def look(self) -> None:
        """Tell once that a node which was told to be flat is so."""
        risk = self._risk
        if risk is None or self._was_flat or not risk.switch.is_flat:
            return
        self._was_flat = True
        self.kept.append(event="flat reached")
        self._tell("flat: nothing is open")

    def _carry_out(self, request: Request, who: str) -> dict[str, Any]:
        risk = self._risk
        if risk is None:
            return {"error": "the node has no strategy yet"}
        self._is_written = True
        if request.command != STATUS:
            command: Any = request.command
            risk.switch.change(Change(command=command, who=who, why=request.why))
        trading: Trading = risk.switch.trading
        return {
            "state": trading.state.name,
            "last": str(trading.last or ""),
            "is_flat": risk.switch.is_flat,
            "is_written": self._is_written,
            "refused": risk.gate.refused,
        }

    def _on_change(self, change: Change) -> None:
        self._was_flat = change.command != "flat"
        self._is_written = self.kept.append(
            event="change", command=change.command, who=change.who, why=change.why
        )
        self._tell(f"{self.state.name}: {change}")

    def close(self, **how: Any) -> None:
        """Hear nothing more; the journal gets a line of how the run ended."""
        if self._server is not None:
            self._server.close()
            self._server = None
            self.kept.append(event="end", **how)
        self.kept.close()
