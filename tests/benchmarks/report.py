"""The tables that the benchmarks print: figures, and the target beside each."""

from __future__ import annotations

import statistics
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from adapters.command.text_table import text_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adapters.feed.latency import Percentiles


class IncorrectError(Exception):
    """A benchmark delivered something else than was published."""


def require(holds: bool, what: str) -> None:  # noqa: FBT001
    """Raise IncorrectError unless a claim about what was delivered holds."""
    if not holds:
        raise IncorrectError(what)


@dataclass(frozen=True, kw_only=True)
class Options:
    """How much to measure."""

    is_quick: bool
    runs: int


@dataclass(frozen=True)
class Target:
    """A limit for one figure of a row; shown, never enforced."""

    figure: str
    sign: str
    limit: float

    def is_met_by(self, found: float) -> bool:
        return found <= self.limit if self.sign == "<=" else found >= self.limit


@dataclass(frozen=True)
class Row:
    """One line of a table: figures by column name, targets, and a note on what they are."""

    name: str
    figures: dict[str, float]
    targets: tuple[Target, ...] = ()
    note: str = ""

    def verdict(self) -> str:
        """Return each target with whether it is met."""
        return ", ".join(
            f"{t.figure} {t.sign} {show(t.limit)}: "
            + ("met" if t.is_met_by(self.figures[t.figure]) else "NOT met")
            for t in self.targets
            if t.figure in self.figures
        )


@dataclass(frozen=True)
class Group:
    """A table with the path that it times and how it was measured."""

    title: str
    path: str
    rows: list[Row]
    remarks: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        columns = list(dict.fromkeys(c for row in self.rows for c in row.figures))
        lines = [["", *columns, "target", ""]]
        lines += [
            [
                row.name,
                *(show(row.figures[c]) if c in row.figures else "" for c in columns),
                row.verdict(),
                row.note,
            ]
            for row in self.rows
        ]
        # The name and the two last columns are text, the others figures.
        table = text_table(lines, right=range(1, len(columns) + 1))
        text = [f"== {self.title} ==", "", self.path.strip("\n"), "", table]
        return "\n".join([*text, "", *(f"  * {remark}" for remark in self.remarks)])

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def show(figure: float) -> str:
    """Return a figure with three or more significant digits."""
    if isinstance(figure, int) or abs(figure) >= 100:
        return f"{figure:,.0f}"
    return f"{figure:.1f}" if abs(figure) >= 10 else f"{figure:.2f}"


def median_of(runs: Sequence[Percentiles]) -> dict[str, float]:
    """Return the median over runs of each percentile, the range of p50, and n of all runs."""
    p50s = [run.p50 for run in runs]
    return {
        "p50": statistics.median(p50s),
        "p99": statistics.median(run.p99 for run in runs),
        "p99.9": statistics.median(run.p999 for run in runs),
        "max": statistics.median(run.max for run in runs),
        "best p50": min(p50s),
        "worst p50": max(p50s),
        "n": sum(run.n for run in runs),
    }
