"""Parity: what a strategy did live against what it did in the replay of its session."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Final

CLOCK_LATE_NS: Final = 250_000_000
"""How much later than a backtest's, which is exact, an alert of a live clock may fire: 1 to 2 ms
on an idle machine, as long as the node waits for a core on a busy one."""
_NOT_COMPARED: Final = frozenset({"line", "input", "cause", "ns"})


@dataclass(frozen=True, kw_only=True)
class Happening:
    """A decision or an execution event of one run.

    Attributes
    ----------
    input : int
        The number of the last input before it.
    cause : str
        For a decision: "input", "event", "clock" or "start".
    ns : int
        The run's clock, UNIX nanoseconds.
    content : dict
        What it says, without ids and times.

    """

    input: int
    cause: str
    ns: int
    content: dict[str, Any]

    def __str__(self) -> str:
        name = self.content.get("call") or self.content.get("event")
        order = self.content.get("order")
        number = order.get("number") if isinstance(order, dict) else order
        which = "" if number is None else f" of order {number}"
        return f"{name}{which}"


@dataclass(kw_only=True)
class Record:
    """What one run says of itself.

    Attributes
    ----------
    decisions, events : list of Happening
        Until somebody else than the strategy stopped it.
    stopped_at : int or None
        The number of the last input before that.
    stopped_ns : int or None
        The run's clock at that, UNIX nanoseconds.
    missing : list of int
        Lines that should be there and are not.
    failure : str
        What the strategy raised.
    unrecorded : list of str
        What else it subscribed to.

    """

    decisions: list[Happening] = field(default_factory=list)
    events: list[Happening] = field(default_factory=list)
    stopped_at: int | None = None
    stopped_ns: int | None = None
    missing: list[int] = field(default_factory=list)
    failure: str = ""
    unrecorded: list[str] = field(default_factory=list)


def record_of(lines: list[dict[str, Any]], last_input: int) -> Record:
    """Sort the lines of a run, up to an input."""
    record = Record()
    wanted = 1
    for line in lines:
        record.missing += range(wanted, line["line"])
        wanted = line["line"] + 1
        if line["input"] > last_input:
            break
        if line.get("by") == "node" and line["cause"] == "stop":
            record.stopped_at, record.stopped_ns = line["input"], line["ns"]
            break
        content = {k: v for k, v in line.items() if k not in _NOT_COMPARED}
        happening = Happening(
            input=line["input"], cause=line["cause"], ns=line["ns"], content=content
        )
        if "call" in line:
            record.decisions.append(happening)
        elif "event" in line:
            record.events.append(happening)
        elif "failure" in line:
            # The node is stopping from here on.
            record.failure = f"{line['failure']} (at input {line['input']})"
            record.stopped_at, record.stopped_ns = line["input"], line["ns"]
            break
        elif "unrecorded" in line:
            record.unrecorded.append(line["unrecorded"])
    record.events.sort(key=_order_of)
    return record


def _order_of(event: Happening) -> tuple[int, float]:
    """Bring the events of one input together by order, whose own keep their order.

    A venue may take the orders of one input one after the other, or step by step together.
    """
    return event.input, event.content.get("order", math.inf)


@dataclass(frozen=True, kw_only=True)
class Parting:
    """The first place where two runs differ.

    Attributes
    ----------
    at : int
        Up to this input, they were the same; the smaller one where they differ in it.
    index : int
        How many pairs before it were the same.
    live, replayed : Happening or None
        The pair; None: that run has no more.

    """

    at: int
    index: int
    live: Happening | None
    replayed: Happening | None

    def __str__(self) -> str:
        live, replayed = self.live, self.replayed
        if live is None or replayed is None:
            there = live or replayed
            where = "live" if replayed is None else "in the backtest"
            assert there is not None  # noqa: S101 - one of them differs
            return f"{there} came {where} after input {there.input}, and not in the other run"
        if live.content == replayed.content and live.input != replayed.input:
            return (
                f"{live} came after input {live.input} live, "
                f"after {replayed.input} in the backtest"
            )
        if live.content == replayed.content:
            return (
                f"{live} at input {live.input} was caused by its {live.cause} live, "
                f"by its {replayed.cause} in the backtest"
            )
        return (
            f"live {live} after input {live.input}: {live.content}; "
            f"in the backtest {replayed} after input {replayed.input}: {replayed.content}"
        )


def first_parting(live: list[Happening], replayed: list[Happening]) -> Parting | None:
    """Return where two lists of decisions, or of events, first differ; None: nowhere."""
    for index in range(max(len(live), len(replayed))):
        a = live[index] if index < len(live) else None
        b = replayed[index] if index < len(replayed) else None
        if a is None or b is None or not is_same(a, b):
            at = min(h.input for h in (a, b) if h is not None)
            return Parting(at=at, index=index, live=a, replayed=b)
    return None


def is_same(live: Happening, replayed: Happening) -> bool:
    """Return whether two decisions, or events, are the same one.

    What the clock caused may come at a later input live, because an alert is late there; a
    FactorStrategy then finds by the next record what its alert would have told.
    """
    if live.content != replayed.content:
        return False
    is_late = replayed.cause == "clock" and 0 <= live.ns - replayed.ns <= CLOCK_LATE_NS
    if live.input == replayed.input and live.cause == replayed.cause:
        return True
    return is_late and live.cause in {"clock", "input"}


def cut_at_stop(replayed: list[Happening], live: Record) -> list[Happening]:
    """Leave out what a backtest's clock told at the very end, where the node was stopped.

    A live alert is late: one that was due just before the stop did not come any more.
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


def late_clock(live: list[Happening], replayed: list[Happening]) -> list[int]:
    """Return by how many nanoseconds the same decisions were late where the inputs differ."""
    return [a.ns - b.ns for a, b in zip(live, replayed, strict=False) if a.input != b.input]


def is_excused(decisions: Parting, events: Parting | None) -> bool:
    """Return whether executions parted before decisions did, so that these may differ."""
    if events is None:
        return False
    first = next(
        h
        for h in (decisions.live, decisions.replayed)
        if h is not None and h.input == decisions.at
    )
    # An event that came after an input can have no part in what that input caused.
    return events.at < decisions.at or (events.at == decisions.at and first.cause != "input")
