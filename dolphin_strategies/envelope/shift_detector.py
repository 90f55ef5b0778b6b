"""ShiftDetector: an e-process against a shift of scores that may begin at any time."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dolphin_strategies.envelope.envelope import Shift

AT_THE_START: Final = 0.5
"""Part of the first capital that is bet on a shift from the first value on."""
_MOST: Final = 600.0
"""Largest logarithm of a capital: beyond it nothing is left to be decided."""


class ShiftDetector:
    """Bets against standard normal scores; its value is the capital, at the start 1.

    The capital is a mixture of likelihood ratios, one for each shift and each value at which it
    may have begun: half of it bets on the first value, the rest comes into play in equal parts
    over the values that a year is expected to have. Under the null hypothesis it is a
    nonnegative martingale, so that the probability that it ever reaches 1 / budget is at most
    the budget, however often one looks (J. Ville, 1939; Shiryaev-Roberts with a spending of the
    error over starts: J. Shin, A. Ramdas, A. Rinaldo, *E-detectors*, 2022).

    Parameters
    ----------
    shifts : sequence of Shift
        Shifts of the mean score, and the parts of the capital that bet on them.
    known : int
        Values among which the first one was ranked. Later ones are also ranked among their own
        kind, by which a shift fades: the bets become smaller in the same measure.
    dependence : float
        Long-run variance of the scores over their variance, at least 1; bets are divided by it.
    starts : float
        Values at which a shift may begin.

    """

    def __init__(
        self, shifts: Sequence[Shift], known: int, dependence: float, starts: float
    ) -> None:
        self._shifts: Final = [(s.score, math.log(s.weight)) for s in shifts]
        self._known: Final = known
        self._dependence: Final = dependence
        self._starts: Final = max(1, math.ceil(starts))
        self._entering: Final = (1.0 - AT_THE_START) / self._starts
        self._first: Final = [math.log(AT_THE_START)] * len(self._shifts)
        self._later: Final = [-math.inf] * len(self._shifts)
        self.taken = 0

    def take(self, score: float) -> None:
        """Bet on a score."""
        entering = math.log(self._entering) if self.taken < self._starts else -math.inf
        fading = self._known / (self._known + self.taken)
        self.taken += 1
        scaled = score / self._dependence
        half = 0.5 / self._dependence
        for i, (shift, _) in enumerate(self._shifts):
            faded = shift * fading
            first = self._first[i] + faded * scaled - faded * faded * half
            later = _sum(self._later[i], entering) + shift * scaled - shift * shift * half
            self._first[i] = min(first, _MOST)
            self._later[i] = min(later, _MOST)

    @property
    def log_value(self) -> float:
        """The natural logarithm of the capital."""
        unspent = self._entering * max(0, self._starts - self.taken)
        total = math.log(unspent) if unspent > 0 else -math.inf
        for (_, weight), first, later in zip(self._shifts, self._first, self._later, strict=True):
            total = _sum(total, weight + _sum(first, later))
        return total


def _sum(a: float, b: float) -> float:
    """Return the logarithm of the sum of two numbers of which the logarithms are given."""
    high, low = (a, b) if a > b else (b, a)
    return high if low == -math.inf else high + math.log1p(math.exp(low - high))
