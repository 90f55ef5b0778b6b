"""Trading: the trading state of a node, in Nautilus's words, and the commands that change it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from nautilus_trader.model import TradingState

type Command = Literal["halt", "reduce", "flat", "resume"]

COMMANDS: Final = ("resume", "reduce", "halt", "flat")
"""Each allows less than the one before."""
NODE: Final = "the node"
"""Who changes the state when a limit is reached."""
STATE_OF: Final = {
    "halt": TradingState.HALTED,
    "reduce": TradingState.REDUCING,
    "flat": TradingState.HALTED,
    "resume": TradingState.ACTIVE,
}
"""The state after each command."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """One change of the trading state.

    Attributes
    ----------
    command : str
        One of ``COMMANDS``.
    who : str
        A user, or the part of the node that noticed something.
    why : str
        The reason, one line; may be empty.

    """

    command: Command
    who: str
    why: str = ""

    def __str__(self) -> str:
        return f"{self.command} by {self.who}" + (f": {self.why}" if self.why else "")


class Trading:
    """What holds now; read by the gate at each order, changed by the switch alone."""

    __slots__ = ("last", "state", "wants_flat")

    def __init__(self, last: Change | None = None) -> None:
        self.last = last
        self.state = TradingState.ACTIVE if last is None else STATE_OF[last.command]
        self.wants_flat = last is not None and last.command == "flat"

    def take(self, change: Change) -> None:
        """Change the state."""
        self.last = change
        self.state = STATE_OF[change.command]
        self.wants_flat = change.command == "flat"
