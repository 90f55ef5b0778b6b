"""The tables that a backfill prints: what it found, and what the catalog has of it."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import numpy as np

from adapters.command.instants import show_instant
from adapters.command.text_table import text_table
from backtests.importing.backfilling.running.remarks import missing_days, remarks, series_of

if TYPE_CHECKING:
    from backtests.importing.backfilling.running.backfill_plan import BackfillPlan, Planned
    from backtests.importing.backfilling.running.backfill_result import BackfillResult

_DAY: Final = timedelta(days=1)


def plan_text(plan: BackfillPlan) -> str:
    """Return what a run would do."""
    cells = [("series", "files", "to read", "there already", "first day", "last day")]
    groups: dict[str, list[Planned]] = defaultdict(list)
    for planned in (*plan.wanted, *plan.there):
        groups[series_of(planned)].append(planned)
    there = {id(planned) for planned in plan.there}
    for name, several in sorted(groups.items()):
        known = sum(id(planned) in there for planned in several)
        origins = [planned.found.origin for planned in several]
        firsts = sorted(origin.first_day for origin in origins if origin.first_day)
        ends = sorted(origin.end_day for origin in origins if origin.end_day)
        cells.append(
            (
                name,
                f"{len(several):,}",
                f"{len(several) - known:,}",
                f"{known:,}",
                str(firsts[0]) if firsts else "-",
                str(ends[-1] - _DAY) if ends else "-",
            )
        )
    text = text_table(cells, right={1, 2, 3})
    return "\n".join([text, *missing_days(plan), "nothing was written"])


def remark_lines(plan: BackfillPlan, result: BackfillResult) -> list[str]:
    """Return what was wrong with the archives."""
    return [*missing_days(plan), *remarks(result)]


def result_text(plan: BackfillPlan, result: BackfillResult) -> str:
    """Return what a run did."""
    lines = []
    cells = [("factor", "values", "missing", "first known", "last known", "unit")]
    lives = [f.live for f in result.values.factors()]
    units = {live.name: live.unit for live in (*lives, *result.values.derived(()))}
    cells += [
        (
            p.factor,
            f"{np.count_nonzero(~np.isnan(p.values)):,}",
            f"{p.missing:,}",
            show_instant(p.known[0]),
            show_instant(p.known[-1]),
            units.get(p.factor, ""),
        )
        for p in result.publications
        if len(p.known)
    ]
    if len(cells) > 1:
        lines.append(text_table(cells, right={1, 2}))
    if result.market:
        rows = [
            ("market data", "rows"),
            *((k, f"{v:,}") for k, v in sorted(result.market.items())),
        ]
        lines.append(text_table(rows, right={1}))
    for name, instrument in result.instruments.derived.items():
        lines.append(
            f"{name}: no definition given, made of the data: prices of "
            f"{instrument.price_precision} decimals, sizes of {instrument.size_precision}"
        )
    lines += remark_lines(plan, result)
    lines.append(
        f"{result.rows:,} rows of {len(result.done):,} files; {len(plan.there):,} files were in "
        f"the catalog already; {result.records:,} records of factors"
    )
    return "\n".join(lines)
