"""Single figures as text: money, percentages, durations, drawdowns; a missing one has words."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from adapters.command.instants import iso_instant

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backtests.run.results.accounting.measures.drawdowns import Drawdown

NO_STATISTIC: Final = "no statistic"
_SMALL: Final = 1.0
_UNITS_S: Final = (("d", 86_400), ("h", 3_600), ("min", 60))


def amount(value: float | None, *, sign: bool = False) -> str:
    """Return an amount of money: two decimals, of less than one unit eight."""
    if value is None or not math.isfinite(value):
        return NO_STATISTIC
    shown = f"{value:{'+' if sign else ''},.2f}"
    if 0 < abs(value) < _SMALL:
        small = f"{value:{'+' if sign else ''}.8f}".rstrip("0")
        # Cents are enough where they are exact.
        shown = small if len(small) > len(shown) else shown
    return shown


def amounts(by_currency: Mapping[str, float], *, sign: bool = False) -> str:
    """Return amounts of several currencies."""
    shown = [f"{amount(v, sign=sign)} {code}" for code, v in sorted(by_currency.items())]
    return ", ".join(shown) or "none"


def number(value: float | None) -> str:
    """Return a ratio with two decimals."""
    return NO_STATISTIC if value is None or not math.isfinite(value) else f"{value:,.2f}"


def percent(value: float | None, *, sign: bool = True, digits: int = 2) -> str:
    """Return a fraction as a percentage."""
    if value is None or not math.isfinite(value):
        return NO_STATISTIC
    return f"{value * 100:{'+' if sign else ''},.{digits}f} %"


def holding_text(seconds: float | None) -> str:
    """Return a duration with its largest unit: ``3.2 h``."""
    if seconds is None:
        return NO_STATISTIC
    for unit, size in _UNITS_S:
        if seconds >= size:
            return f"{seconds / size:,.1f} {unit}"
    return f"{seconds:,.3g} s"


def step_text(step_ns: int) -> str:
    """Return the distance of two instants at which equity is stated."""
    return "stated every " + (holding_text(step_ns / 1e9) if step_ns else "bar")


def drawdown_text(drawdown: Drawdown | None, *, has_amount: bool = True) -> str:
    """Return a drawdown with its dates."""
    if drawdown is None:
        return "none"
    shown = percent(drawdown.fraction)
    if has_amount:
        shown += f" ({amount(drawdown.amount)})"
    end = drawdown.recovery_ns
    ended = "not recovered" if end is None else f"recovered {_second(end)}"
    return f"{shown} from {_second(drawdown.start_ns)} to {_second(drawdown.trough_ns)}, {ended}"


def _second(ns: int) -> str:
    """Return an instant to the second, shorter than with its fraction."""
    return iso_instant(ns - ns % 1_000_000_000).replace(".000000", "")
