"""Durations as settings and command lines write them and output prints them: ``15m``, ``1d``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Self

DAY_NS: Final = 86_400_000_000_000
NEVER_NS: Final = 2**63 - 1
"""Later than every instant of an int64, and longer than every duration."""
_LONGEST_NS: Final = 73_050 * DAY_NS
_UNITS_NS: Final = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60 * 1_000_000_000,
    "h": 3_600 * 1_000_000_000,
    "d": DAY_NS,
    "w": 7 * DAY_NS,
}
_PART: Final = re.compile(r"(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h|d|w)")
_SHOWN_UNITS: Final = ("h", "m", "s", "ms", "us")


@dataclass(frozen=True)
class Duration:
    """A length of time such as ``15m``, ``1h30m``, ``1d`` or ``0``.

    Attributes
    ----------
    text : str
        The text as written.
    ns : int
        Nanoseconds, where a day has 24 hours.
    days : int
        Calendar days, if it was written in whole days or weeks; 0 otherwise.

    """

    text: str
    ns: int
    days: int = 0

    @classmethod
    def from_str(cls, text: str) -> Self:
        """Read a duration: numbers, each with its unit, or ``0``.

        Raises
        ------
        ValueError
            If the text is not a duration, or is more than two centuries.

        """
        written = text.replace(" ", "")
        if written == "0":
            return cls(text, 0)
        parts = _PART.findall(written)
        if not parts or "".join(number + unit for number, unit in parts) != written:
            msg = (
                f"expected a duration, a number with a unit of {', '.join(_UNITS_NS)}, such as "
                f"'250ms', '15m', '1d' or '1h30m', found {text!r}"
            )
            raise ValueError(msg)
        # Whole numbers stay exact.
        ns = sum(
            round(float(number) * _UNITS_NS[unit])
            if "." in number
            else int(number) * _UNITS_NS[unit]
            for number, unit in parts
        )
        if ns > _LONGEST_NS:
            msg = f"expected a duration of two centuries at most, found {text!r}"
            raise ValueError(msg)
        in_days = all(unit in {"d", "w"} and "." not in number for number, unit in parts)
        return cls(text, ns, ns // DAY_NS if in_days else 0)

    def __str__(self) -> str:
        return self.text


NO_TIME: Final = Duration("0s", 0)


def show_duration(ns: int) -> str:
    """Return nanoseconds in the largest unit, up to hours, that divides them."""
    for unit in _SHOWN_UNITS:
        if ns and ns % _UNITS_NS[unit] == 0:
            return f"{ns // _UNITS_NS[unit]}{unit}"
    return f"{ns}ns" if ns else "0"
