"""The first difference between the decisions, or the execution events, of two runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adapters.session.run_record import Happening, RunRecord

CLOCK_LATE_NS: Final = 250_000_000
"""How much later than in a backtest, which is exact, an alert of a live clock may fire: 1 to 2 ms
on an idle machine, longer while the node waits for a core on a busy one."""
EXPIRY: Final = "expire_time_ns"


@dataclass(frozen=True, kw_only=True)
class Divergence:
    """The first place where two runs differ.

    Attributes
    ----------
    at : int
        The last input up to which they were the same; the smaller one if it differs.
    index : int
        The number of equal pairs before the difference.
    cause : str
        The cause of the decision or event at that input; the live one if both runs have one.
    difference : str
        The difference, as a sentence without its full stop.

    """

    at: int
    index: int
    cause: str
    difference: str

    def __str__(self) -> str:
        return self.difference


def first_divergence(
    live: Sequence[Happening], replayed: Sequence[Happening]
) -> Divergence | None:
    """Return the first difference of two lists of decisions, or of events; None: none."""
    for index, (a, b) in enumerate(zip(live, replayed, strict=False)):
        if not is_same(a, b):
            first = a if a.input <= b.input else b
            return Divergence(
                at=first.input, index=index, cause=first.cause, difference=_difference(a, b)
            )
    common = min(len(live), len(replayed))
    for where, longer in (("live", live), ("in the backtest", replayed)):
        if len(longer) > common:
            only = longer[common]
            difference = f"{only} came {where} after input {only.input}, and not in the other run"
            return Divergence(at=only.input, index=common, cause=only.cause, difference=difference)
    return None


def _difference(live: Happening, replayed: Happening) -> str:
    is_same_content = _has_same_content(live, replayed)
    if is_same_content and live.input != replayed.input:
        return f"{live} came after input {live.input} live, after {replayed.input} in the backtest"
    if is_same_content:
        return (
            f"{live} at input {live.input} was caused by its {live.cause} live, "
            f"by its {replayed.cause} in the backtest"
        )
    return (
        f"live {live} after input {live.input}: {live.content}; "
        f"in the backtest {replayed} after input {replayed.input}: {replayed.content}"
    )


def is_same(live: Happening, replayed: Happening) -> bool:
    """Return whether two decisions, or events, are the same one.

    A decision caused by the clock may come at a later input live, because a live alert is late; a
    FactorStrategy then detects with the next record what its alert would have detected. An order's
    expiry may differ by as much, because a strategy computes it from the clock.
    """
    if not _has_same_content(live, replayed):
        return False
    is_late = replayed.cause == "clock" and 0 <= live.ns - replayed.ns <= CLOCK_LATE_NS
    if live.input == replayed.input and live.cause == replayed.cause:
        return True
    return is_late and live.cause in {"clock", "input"}


def _has_same_content(live: Happening, replayed: Happening) -> bool:
    ours, our_expiries = _without_expiries(live.content)
    theirs, their_expiries = _without_expiries(replayed.content)
    return (
        ours == theirs
        and our_expiries.keys() == their_expiries.keys()
        and all(abs(our_expiries[n] - their_expiries[n]) <= CLOCK_LATE_NS for n in our_expiries)
    )


def _without_expiries(content: dict[str, Any]) -> tuple[dict[str, Any], dict[int, int]]:
    """Return a content without its orders' expiries, and these by the orders' numbers."""
    expiries: dict[int, int] = {}

    def without(order: Any) -> Any:
        if not isinstance(order, dict) or EXPIRY not in order:
            return order
        expiries[order["number"]] = order[EXPIRY]
        return {name: value for name, value in order.items() if name != EXPIRY}

    rest = dict(content)
    if "order" in rest:
        rest["order"] = without(rest["order"])
    if "orders" in rest:
        rest["orders"] = [without(order) for order in rest["orders"]]
    return rest, expiries


def cut_at_stop(replayed: list[Happening], live: RunRecord) -> list[Happening]:
    """Leave out what a backtest's clock caused at the very end, when the node was stopped.

    A live alert is late: an alert due just before the stop did not fire any more.
    """
    end_ns = live.stopped_ns
    if end_ns is None:
        return replayed
    kept = len(replayed)
    while kept > len(live.decisions) and (
        replayed[kept - 1].cause == "clock" and replayed[kept - 1].ns > end_ns - CLOCK_LATE_NS
    ):
        kept -= 1
    return replayed[:kept]


def late_clock(live: Sequence[Happening], replayed: Sequence[Happening]) -> list[int]:
    """Return the delays, in nanoseconds, of the same decisions at different inputs."""
    return [a.ns - b.ns for a, b in zip(live, replayed, strict=False) if a.input != b.input]


def is_excused(decisions: Divergence, events: Divergence | None) -> bool:
    """Return whether executions differed before decisions, which explains a difference."""
    if events is None:
        return False
    # An event after an input cannot affect what that input caused.
    return events.at < decisions.at or (events.at == decisions.at and decisions.cause != "input")
