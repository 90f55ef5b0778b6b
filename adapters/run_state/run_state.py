"""RunState: what a node's run tells about itself: who it is, how far it is, what is open."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, Final, Self

import orjson

from adapters.run_state.process_identity import ProcessIdentity
from dolphin_strategies.errors import DolphinError

PHASES: Final = ("starting", "running", "stopping", "ended")
MOST_ROWS: Final = 100
"""Positions, and orders, that a state lists; of others it has the number."""
LONGEST_TEXT: Final = 200
_MOST: Final = (1 << 63) - 1
_MOST_PID: Final = 1 << 22
"""The kernel's limit, PID_MAX_LIMIT."""
_SIDES: Final = ("BUY", "SELL")


class BadStateError(DolphinError):
    """The content of a state is not one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenPosition:
    """An open position; ``quantity`` is below 0 if it is short, numbers are decimal text."""

    instrument: str
    quantity: str
    price: str
    """The average price at which it was opened."""

    def __str__(self) -> str:
        return f"{_signed(self.quantity)} {self.instrument} at {self.price}"


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenOrder:
    """An order that is open or on its way; numbers are decimal text."""

    id: str
    instrument: str
    side: str
    kind: str
    left: str
    """The quantity that is not filled."""
    price: str
    """Empty: it has none."""

    def __str__(self) -> str:
        price = f" at {self.price}" if self.price else ""
        return f"{self.side} {self.kind} {self.left} {self.instrument}{price} ({self.id})"


@dataclass(frozen=True, kw_only=True, slots=True)
class RunState:
    """The state of a run.

    Attributes
    ----------
    process : ProcessIdentity
        The node's process.
    strategy : str
        The strategy's name.
    strategy_id, trader_id : str
        Nautilus's identifiers; empty before the node exists.
    venue : str
        The market's name in the settings.
    orders : str
        ``sandbox`` or ``live``.
    phase : str
        One of ``PHASES``.
    code : int
        The exit code, once the run has ended.
    reason : str
        Why it ended or is ending.
    factors : str
        What is wrong with the factors; empty: nothing.
    at_ns : int
        When this was written, UNIX nanoseconds.
    positions : tuple of OpenPosition
        At most ``MOST_ROWS``.
    open_orders : tuple of OpenOrder
        At most ``MOST_ROWS``.
    not_listed : int
        Open positions and orders beyond these.
    trading : str
        Nautilus's name of the trading state: ``ACTIVE``, ``REDUCING`` or ``HALTED``.
    journal : str
        The path of the journal of commands; empty: there is none.

    """

    process: ProcessIdentity
    strategy: str = ""
    strategy_id: str = ""
    trader_id: str = ""
    venue: str = ""
    orders: str = "sandbox"
    phase: str = "starting"
    code: int = 0
    reason: str = ""
    factors: str = ""
    at_ns: int = 0
    positions: tuple[OpenPosition, ...] = field(default=())
    open_orders: tuple[OpenOrder, ...] = field(default=())
    not_listed: int = 0
    trading: str = "ACTIVE"
    journal: str = ""

    @property
    def is_flat(self) -> bool:
        """Whether nothing is open."""
        return not (self.positions or self.open_orders or self.not_listed)

    def left_open(self) -> str:
        """Return what is open, one line, or "nothing"."""
        parts = [f"position {position}" for position in self.positions]
        parts += [f"order {order}" for order in self.open_orders]
        if self.not_listed:
            parts.append(f"{self.not_listed} more")
        return ", ".join(parts) or "nothing"

    def encode(self) -> bytes:
        """Return the state as JSON."""
        return orjson.dumps(self)

    @classmethod
    def decode(cls, content: bytes) -> Self:
        """Return the state that JSON holds; text in it is kept short and printable.

        Raises
        ------
        BadStateError
            If it is not a state of this version.

        """
        try:
            table = dict(orjson.loads(content))
            process = table.pop("process")
            known: dict[str, Any] = {
                "process": ProcessIdentity(
                    _number(process["pid"], least=1, most=_MOST_PID),
                    _number(process["start_ticks"]),
                    _text(process["boot_id"]),
                ),
                "positions": tuple(
                    OpenPosition(**_position(row)) for row in _rows(table.pop("positions"))
                ),
                "open_orders": tuple(
                    OpenOrder(**_order(row)) for row in _rows(table.pop("open_orders"))
                ),
            }
            for name in ("code", "at_ns", "not_listed"):
                known[name] = _number(table.pop(name))
            known |= {name: _text(value) for name, value in table.items()}
            found = cls(**known)
        except (ValueError, TypeError, KeyError, AttributeError, InvalidOperation) as error:
            msg = f"not the state of a run: {type(error).__name__}: {error}"
            raise BadStateError(msg) from None
        if found.phase not in PHASES:
            msg = f"not the state of a run: phase {found.phase!r}"
            raise BadStateError(msg)
        return found


def _rows(value: Any) -> list[dict[str, Any]]:
    if not isinstance(value, list) or len(value) > MOST_ROWS:
        msg = f"expected a list of at most {MOST_ROWS} rows"
        raise TypeError(msg)
    return value


def _position(row: dict[str, Any]) -> dict[str, str]:
    found = {name: _text(value) for name, value in row.items()}
    _decimal(found["quantity"])
    return found


def _order(row: dict[str, Any]) -> dict[str, str]:
    found = {name: _text(value) for name, value in row.items()}
    _decimal(found["left"])
    if found["side"] not in _SIDES:
        msg = f"side: expected one of {_SIDES}, found {found['side']!r}"
        raise ValueError(msg)
    return found


def _text(value: Any) -> str:
    if not isinstance(value, str):
        msg = f"expected text, found {type(value).__name__}"
        raise TypeError(msg)
    # It goes to terminals and logs: one line, without control characters.
    kept = value[:LONGEST_TEXT]
    return "".join(c if c.isprintable() else "?" for c in kept)


def _number(value: Any, least: int = 0, most: int = _MOST) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        msg = f"expected a whole number from {least} to {most}, found {value!r}"
        raise TypeError(msg)
    return value


def _decimal(text: str) -> Decimal:
    found = Decimal(text)
    if not found.is_finite():
        msg = f"expected a finite number, found {text!r}"
        raise ValueError(msg)
    return found


def _signed(quantity: str) -> str:
    return quantity if quantity.startswith("-") else f"+{quantity}"
