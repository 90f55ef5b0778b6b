"""DrillOutcome: a run with drills beside the same run without them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from backtests.run.drills.drill import Drill
from backtests.run.drills.effects.window_figures import WindowFigures

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, kw_only=True)
class RunTotals:
    """The figures of a whole run.

    Attributes
    ----------
    pnl, funding, fees : dict of str to float
        By currency; ``pnl`` is after fees and with funding.
    orders, refused, fills, decisions, open_positions : int
        As in the summary of a run.
    is_whole : bool
        Whether the end of the window was reached.

    """

    pnl: dict[str, float]
    funding: dict[str, float]
    fees: dict[str, float]
    orders: int
    refused: int
    fills: int
    decisions: int
    open_positions: int
    is_whole: bool


@dataclass(frozen=True, kw_only=True)
class DrillResult:
    """What came of one drill.

    Attributes
    ----------
    drill : Drill
        The drill.
    hits : int
        Records or rows that it changed, held up or left out.
    without, drilled : WindowFigures
        The figures of its window, in the run without drills and in the one with them.

    """

    drill: Drill
    hits: int
    without: WindowFigures
    drilled: WindowFigures


@dataclass(frozen=True, kw_only=True)
class DrillOutcome:
    """A run with drills beside the same run without them.

    Attributes
    ----------
    without, drilled : RunTotals
        The figures of both runs.
    results : list of DrillResult
        One for each drill.
    positions : dict of str to tuple
        By instrument, the instants at which the position changed in the run without drills, UNIX
        nanoseconds, and the new positions.
    lost : tuple of str
        Required factors that lost their names.

    """

    without: RunTotals
    drilled: RunTotals
    results: list[DrillResult]
    positions: dict[str, tuple[list[int], list[float]]]
    lost: tuple[str, ...] = ()

    def remarks(self) -> list[str]:
        """Return sentences on what the figures do not show."""
        found: list[str] = []
        if self.drilled.is_whole:
            found += [
                f"{number} {one.drill.label} hit nothing: no record or row came in its window"
                for number, one in enumerate(self.results, start=1)
                if not one.hits
            ]
        else:
            found.append(
                "the run with the drills was stopped before its end: the windows after that are "
                "those of a run that had ended"
            )
        if self.lost:
            found.append(
                f"{', '.join(self.lost)} lost its name: run_node.py ends a live run at that; here "
                "the run went on, with the strategy told that its factors are stale"
            )
        return found

    def as_dict(self) -> dict[str, Any]:
        """Return everything for a document of JSON; instants are UNIX nanoseconds."""
        return {
            "without": asdict(self.without),
            "drilled": asdict(self.drilled),
            "drills": [
                {
                    "label": one.drill.label,
                    **{k: v for k, v in _plain(one.drill).items() if v is not None},
                    "hits": one.hits,
                    "without": asdict(one.without),
                    "drilled": asdict(one.drilled),
                }
                for one in self.results
            ],
            "remarks": self.remarks(),
        }


def _plain(drill: Drill) -> dict[str, Any]:
    return {
        "kind": drill.kind,
        "start_ns": int(drill.start),
        "end_ns": drill.end_ns,
        "factors": drill.factors,
        "instruments": drill.instruments,
        "times": drill.times,
        "plus": drill.plus,
        "delay_ns": None if drill.delay is None else drill.delay.ns,
    }


def lost_names(drills: Sequence[Drill], required: Sequence[str]) -> tuple[str, ...]:
    """Return the required factors that lose their names in some drill."""
    lost = {name for d in drills if d.kind == "lose_name" for name in d.factors or ()}
    return tuple(name for name in required if name in lost)
