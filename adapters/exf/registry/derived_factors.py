"""The rules by which factors are made of other factors: pure functions of their values."""

from __future__ import annotations

import math
import statistics
from typing import TYPE_CHECKING, Final

from adapters.exchanges.json_values import NAN, bps_over, per_8h, ratio

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

type Rule = Callable[[Sequence[float]], float]


def _median(values: Sequence[float]) -> float:
    known = _known(values)
    return statistics.median(known) if known else NAN


def _dispersion(values: Sequence[float]) -> float:
    known = _known(values)
    return max(known) - min(known) if len(known) > 1 else NAN


def _sum(values: Sequence[float]) -> float:
    known = _known(values)
    return math.fsum(known) if known else NAN


def _count(values: Sequence[float]) -> float:
    # Nobody answered: a number of its own would be the only value that is made of no input.
    return float(len(_known(values))) or NAN


def _known(values: Sequence[float]) -> list[float]:
    return [value for value in values if not math.isnan(value)]


RULES: Final[Mapping[str, tuple[Rule, int, str]]] = {
    "bps_over": (lambda v: bps_over(v[0], v[1]), 2, "first over second, bps"),
    "per_8h": (lambda v: per_8h(v[0], v[1]), 2, "rate and its hours, as a rate for 8 hours"),
    "product": (lambda v: v[0] * v[1], 2, "first times second"),
    "difference": (lambda v: v[0] - v[1], 2, "first less second"),
    "ratio": (lambda v: ratio(v[0], v[1]), 2, "first over second"),
    "median": (_median, 0, "median of those that have a value"),
    "dispersion": (_dispersion, 0, "highest less lowest of those that have a value, two or more"),
    "sum": (_sum, 0, "sum of those that have a value"),
    "count": (_count, 0, "how many have a value; none if none has"),
}
"""Rule → function, its number of inputs (0: any number), and its meaning."""
