"""Outcome: what one fault did to one side, and the table of all of them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

NEVER: Final = math.inf


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What one fault did to one side.

    Attributes
    ----------
    fault : str
        Its id and what was done, such as ``F03 half-open``.
    side : str
        Who had to notice.
    noticed_s : float
        From the fault's beginning until the side told of it, seconds; NEVER: it did not.
    recovered_s : float
        From the fault's end until what was written after it arrived, seconds.
    uncounted : int
        Records that were neither delivered nor counted.
    stale : int
        Values that were passed on as a second younger than they were, or later than allowed.
    by_design : str
        Why the fault has to be noticed or to end later than the reach; then it does not count.
    """

    fault: str
    side: str
    noticed_s: float = 0.0
    recovered_s: float = 0.0
    uncounted: int = 0
    stale: int = 0
    by_design: str = ""


def worst(outcomes: Iterable[Outcome]) -> list[Outcome]:
    """Return for each fault and side the worst of everything, in the order of the faults."""
    found: dict[tuple[str, str], Outcome] = {}
    for o in outcomes:
        before = found.get((o.fault, o.side), o)
        found[o.fault, o.side] = Outcome(
            fault=o.fault,
            side=o.side,
            noticed_s=max(o.noticed_s, before.noticed_s),
            recovered_s=max(o.recovered_s, before.recovered_s),
            uncounted=max(o.uncounted, before.uncounted, key=abs),
            stale=max(o.stale, before.stale),
            by_design=o.by_design,
        )
    return sorted(found.values(), key=lambda o: (o.fault, o.side))


def table(outcomes: list[Outcome]) -> str:
    """Return the table: fault, side, noticed, recovered, uncounted, stale."""
    width = max((len(o.fault) for o in outcomes), default=5)
    lines = [
        f"    {'fault':<{width}}  {'side':<22}{'noticed s':>10}{'recovered s':>12}"
        f"{'uncounted':>11}{'stale':>7}"
    ]
    lines += [
        f"    {o.fault:<{width}}  {o.side:<22}{_seconds(o.noticed_s):>10}"
        f"{_seconds(o.recovered_s):>12}{o.uncounted:>11}{o.stale:>7}"
        f"{'  ' if o.by_design else ''}{o.by_design}"
        for o in worst(outcomes)
    ]
    return "\n".join(lines)


def _seconds(value: float) -> str:
    return "never" if value == NEVER else f"{value:.2f}"
