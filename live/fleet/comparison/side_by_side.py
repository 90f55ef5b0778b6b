"""SideBySide: two sessions over the records that both nodes were given."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from adapters.command.percentiles import percentiles
from live.fleet.comparison.session_view import Record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adapters.session.run_record import Happening
    from live.fleet.comparison.session_view import SessionView

_TROUBLE: Final = ("OrderDenied", "OrderRejected", "OrderCancelRejected", "OrderModifyRejected")


@dataclass(frozen=True, kw_only=True)
class FirstDifference:
    """The first record at which two nodes decided differently.

    Attributes
    ----------
    record : Record
        The record.
    blue, green : tuple of str
        What each decided at it; empty: nothing.

    """

    record: Record
    blue: tuple[str, ...]
    green: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class SideBySide:
    """What two nodes did with the same records.

    Attributes
    ----------
    records : int
        Records that both were given.
    only : tuple of int, int
        Records in the common time that only one was given.
    same, differing : int
        Records at which both decided the same, and at which they did not; those at which neither
        decided anything are in neither.
    first : FirstDifference or None
        The first of the latter.
    figures : dict of str to pair
        By name, of each node, within the common time.

    """

    records: int
    only: tuple[int, int]
    same: int
    differing: int
    first: FirstDifference | None
    figures: dict[str, tuple[Any, Any]]


def side_by_side(blue: SessionView, green: SessionView) -> SideBySide:
    """Compare two sessions; ``records`` is 0 if they have no record in common.

    A decision belongs to the newest record before it. Orders are the same if everything but their
    number in the session is.
    """
    common = set(blue.records).intersection(green.records)
    if not common:
        return SideBySide(records=0, only=(0, 0), same=0, differing=0, first=None, figures={})
    spans = [_span(view, common) for view in (blue, green)]
    decided = [_decisions_by_record(view, common) for view in (blue, green)]
    same = differing = 0
    first = None
    for record in blue.records:
        if record not in common:
            continue
        ours, theirs = (found.get(record, ()) for found in decided)
        if ours == theirs:
            same += bool(ours)
            continue
        differing += 1
        first = first or FirstDifference(record=record, blue=ours, green=theirs)
    figures = [_figures(view, span) for view, span in zip((blue, green), spans, strict=True)]
    only = [
        sum(first_ns <= at_ns <= last_ns for at_ns in view.delivered_ns) - len(common)
        for view, (first_ns, last_ns) in zip((blue, green), spans, strict=True)
    ]
    return SideBySide(
        records=len(common),
        only=(only[0], only[1]),
        same=same,
        differing=differing,
        first=first,
        figures={name: (figures[0][name], figures[1][name]) for name in figures[0]},
    )


def _span(view: SessionView, common: set[Record]) -> tuple[int, int]:
    times = [
        t for record, t in zip(view.records, view.delivered_ns, strict=True) if record in common
    ]
    return times[0], times[-1]


def _decisions_by_record(view: SessionView, common: set[Record]) -> dict[Record, tuple[str, ...]]:
    found: dict[Record, tuple[str, ...]] = {}
    for decision in view.run.decisions:
        index = view.index_of(decision)
        if index >= 0 and (record := view.records[index]) in common:
            found[record] = (*found.get(record, ()), describe(decision))
    return found


def describe(decision: Happening) -> str:
    """Return a decision in words, without the number of its order."""
    content = decision.content
    order = content.get("order")
    if isinstance(order, dict):
        words = [str(v) for k, v in order.items() if k not in {"number", "linked", "parent"}]
        return f"{content['call']} {' '.join(words)}"
    rest = [str(v) for k, v in content.items() if k not in {"call", "order", "orders"}]
    return " ".join([str(content["call"]), *rest])


def _figures(view: SessionView, span: tuple[int, int]) -> dict[str, Any]:
    """Return the figures of a session between two instants."""
    first_ns, last_ns = span
    calls = [d for d in view.run.decisions if first_ns <= d.ns <= last_ns]
    events = [e for e in view.run.events if first_ns <= e.ns <= last_ns]
    fills = [e for e in events if e.content["event"] == "OrderFilled"]
    ages, delays = _latencies(view, calls, span)
    kinds = Counter(str(c.content["call"]) for c in calls)
    trouble = Counter(str(e.content["event"]) for e in events)
    return {
        "decisions": len(calls),
        "orders": kinds["submit_order"] + kinds["submit_order_list"],
        "cancels": sum(n for kind, n in kinds.items() if kind.startswith("cancel")),
        "fills": len(fills),
        "filled_quantity": float(sum(abs(_signed(f)) for f in fills)),
        "fees": float(sum(map(_fee, fills))),
        "pnl": _pnl(view, span),
        "factor_age_p50_us": ages["p50"],
        "factor_age_p99_us": ages["p99"],
        "decision_p50_us": delays["p50"],
        "decision_p99_us": delays["p99"],
        "refused_orders": sum(trouble[name] for name in _TROUBLE),
        "failure": view.run.failure or "-",
    }


def _latencies(
    view: SessionView, calls: Sequence[Happening], span: tuple[int, int]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the ages of records at their delivery, and the times from there to a decision, µs."""
    ages = [
        delivered - made
        for delivered, made in zip(view.delivered_ns, view.event_ns, strict=True)
        if span[0] <= delivered <= span[1]
    ]
    delays = [
        call.ns - view.delivered_ns[index]
        for call in calls
        if (index := view.index_of(call)) >= 0
        and call.cause == "input"
        and view.numbers[index] == call.input
    ]
    return percentiles(ages, 1e3), percentiles(delays, 1e3)


def _pnl(view: SessionView, span: tuple[int, int]) -> float | None:
    """Return the profit between two instants after fees, with what is open at the mid.

    Of linear instruments, in their settlement currency; None without a price.
    """
    total = 0.0
    fills = [e for e in view.run.events if e.content["event"] == "OrderFilled"]
    for instrument in sorted({str(f.content["instrument_id"]) for f in fills}):
        held = dict.fromkeys(span, 0.0)
        for fill in (f for f in fills if f.content["instrument_id"] == instrument):
            signed = float(_signed(fill))
            for end in span:
                held[end] += signed if fill.ns <= end else 0.0
            if span[0] < fill.ns <= span[1]:
                total -= signed * float(fill.content["last_px"]) + float(_fee(fill))
        for end, sign in ((span[0], -1), (span[1], 1)):
            if held[end]:
                mid = view.mid_at(instrument, end)
                if mid is None:
                    return None
                total += sign * held[end] * mid
    return round(total, 8)


def _signed(fill: Happening) -> Decimal:
    quantity = Decimal(str(fill.content["last_qty"]))
    return quantity if fill.content["order_side"] == "BUY" else -quantity


def _fee(fill: Happening) -> Decimal:
    return Decimal(str(fill.content.get("commission", "0")).partition(" ")[0])
