"""CalendarRule: a range of one calendar factor, as text such as ``4 <= utc_weekday < 5``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

import numpy as np

from dolphin_strategies.calendar_factors.calendar_table import calendar_factor

if TYPE_CHECKING:
    from numpy.typing import NDArray

_NUMBER: Final = r"-?(?:\d+(?:\.\d*)?|\.\d+)"
_TEXT: Final = re.compile(
    rf"\s*(?:(?P<low>{_NUMBER})\s*<=\s*)?(?P<name>[A-Za-z_]\w*)(?:\s*<\s*(?P<high>{_NUMBER}))?\s*"
)
_SECOND_NS: Final = 1_000_000_000


@dataclass(frozen=True, kw_only=True)
class CalendarRule:
    """A range of one calendar factor, its lower limit included.

    Attributes
    ----------
    name : str
        The factor.
    low, high : float
        The limits; infinite: none.

    """

    name: str
    low: float = -np.inf
    high: float = np.inf

    @classmethod
    def from_str(cls, text: str) -> Self:
        """Read ``LOW <= NAME < HIGH``, of which one limit may be left out.

        Raises
        ------
        ValueError
            If it is none, or there is no such calendar factor.

        """
        found = _TEXT.fullmatch(text)
        if found is None or (found["low"] is None and found["high"] is None):
            msg = (
                "expected a range of a calendar factor such as '4 <= utc_weekday < 5' or "
                f"'minutes_to_funding_8h < 30', found {text!r:.80}"
            )
            raise ValueError(msg)
        name = calendar_factor(found["name"]).name
        rule = cls(
            name=name, low=float(found["low"] or -np.inf), high=float(found["high"] or np.inf)
        )
        if not rule.low < rule.high:
            msg = f"expected a lower limit below the upper one, found {text!r:.80}"
            raise ValueError(msg)
        return rule

    def __str__(self) -> str:
        low = "" if self.low == -np.inf else f"{self.low:g} <= "
        high = "" if self.high == np.inf else f" < {self.high:g}"
        return f"{low}{self.name}{high}"

    @property
    def complement(self) -> tuple[CalendarRule, ...]:
        """The rules of which one holds where this one does not."""
        below = CalendarRule(name=self.name, high=self.low)
        above = CalendarRule(name=self.name, low=self.high)
        return (below,) * (self.low > -np.inf) + (above,) * (self.high < np.inf)

    def values(self, instants_ns: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the factor at the beginning of each instant's second; NaN: not known."""
        seconds = np.asarray(instants_ns, np.int64) // _SECOND_NS * _SECOND_NS
        return calendar_factor(self.name).compute(seconds)

    def holds(self, instants_ns: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return whether the factor is in the range at the beginning of each instant's second.

        Where it is not known it is not.
        """
        values = self.values(instants_ns)
        return (values >= self.low) & (values < self.high)
