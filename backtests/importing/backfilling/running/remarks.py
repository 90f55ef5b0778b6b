"""What was wrong with archives, in lines for the user: holes, missing days, rows left out."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from adapters.command.instants import show_instant

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from backtests.importing.backfilling.market.conversion import Conversion
    from backtests.importing.backfilling.running.backfill_plan import BackfillPlan, Planned
    from backtests.importing.backfilling.running.backfill_result import BackfillResult

_MOST: Final = 8
"""Holes of a series that are named one by one."""
_DAY: Final = timedelta(days=1)


def series_of(planned: Planned) -> str:
    """Return the name of the series to which an archive belongs."""
    origin = planned.found.origin
    of = f"{origin.symbol} {origin.interval}".strip()
    market = origin.venue.rpartition("_")[2]
    return f"{planned.found.format.name} {of} ({market})"


def missing_days(plan: BackfillPlan) -> Iterator[str]:
    """Yield a line for each series of which days between the first and the last have no file."""
    days: dict[str, set[date]] = defaultdict(set)
    for planned in (*plan.wanted, *plan.there):
        origin = planned.found.origin
        if origin.first_day and origin.end_day:
            day = origin.first_day
            while day < origin.end_day:
                days[series_of(planned)].add(day)
                day += _DAY
    for series, found in sorted(days.items()):
        holes = [
            (one + _DAY, other - _DAY)
            for one, other in pairwise(sorted(found))
            if other - one > _DAY
        ]
        if holes:
            count = sum((last - first).days + 1 for first, last in holes)
            shown = [str(f) if f == last else f"{f} to {last}" for f, last in holes[:_MOST]]
            more = f" and {len(holes) - _MOST} more" if len(holes) > _MOST else ""
            have = "1 day has" if count == 1 else f"{count:,} days have"
            yield f"{series}: {have} no file: {', '.join(shown)}{more}"


def remarks(result: BackfillResult) -> Iterator[str]:
    """Yield a line for each defect that was found in the rows of a run."""
    notes: dict[str, Counter[str]] = defaultdict(Counter)
    for planned, conversion in result.done:
        notes[series_of(planned)].update(conversion.notes)
    for series, counts in sorted(notes.items()):
        if counts:
            shown = ", ".join(f"{count:,} {why}" for why, count in sorted(counts.items()))
            yield f"{series}: {shown}"
    yield from _holes(result)
    for name, count in sorted(result.values.outside.items()):
        yield f"{name}: {count:,} values outside its range became NaN"
    for name, count in sorted(result.values.repeated.items()):
        yield f"{name}: {count:,} instants are in several files, of which the first was taken"
    if result.values.unnamed:
        shown = ", ".join(sorted(result.values.unnamed)[:_MOST])
        yield f"without a factor's name, left out: {shown}"


def _holes(result: BackfillResult) -> Iterator[str]:
    found: dict[str, list[str]] = defaultdict(list)
    missing: Counter[str] = Counter()
    last: dict[str, tuple[int, int]] = {}
    for planned, conversion in _in_order(result):
        series = series_of(planned)
        missing[series] += conversion.missing
        found[series] += [
            f"{hole.count:,} from {show_instant(hole.after_ns)} to {show_instant(hole.until_ns)}"
            for hole in conversion.holes
        ]
        first_id, last_id = conversion.ids
        if series in last and first_id > last[series][0] + 1:
            count = first_id - last[series][0] - 1
            missing[series] += count
            found[series].append(
                f"{count:,} from {show_instant(last[series][1])} to "
                f"{show_instant(conversion.first_ns)}"
            )
        if last_id:
            last[series] = last_id, conversion.last_ns
    for series, count in sorted(missing.items()):
        if count:
            shown = found[series][:_MOST]
            more = f" and {len(found[series]) - _MOST} more" if len(found[series]) > _MOST else ""
            yield f"{series}: {count:,} ids are missing: {', '.join(shown)}{more}"


def _in_order(result: BackfillResult) -> list[tuple[Planned, Conversion]]:
    return sorted(result.done, key=lambda done: done[1].first_ns)
