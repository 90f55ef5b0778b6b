"""RunRecord: the decisions and execution events of one run of a strategy, live or replayed."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Final

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
        Its call or event with the arguments, without ids and times.

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
class RunRecord:
    """The recorded lines of one run, sorted.

    Attributes
    ----------
    decisions, events : list of Happening
        Up to the point at which the strategy was stopped from outside.
    stopped_at : int or None
        The number of the last input before that point.
    stopped_ns : int or None
        The run's clock at that point, UNIX nanoseconds.
    missing : list of int
        The numbers of missing lines.
    failure : str
        The exception that the strategy raised; empty without one.
    unrecorded : list of str
        Other data that the strategy subscribed to or requested.

    """

    decisions: list[Happening] = field(default_factory=list)
    events: list[Happening] = field(default_factory=list)
    stopped_at: int | None = None
    stopped_ns: int | None = None
    missing: list[int] = field(default_factory=list)
    failure: str = ""
    unrecorded: list[str] = field(default_factory=list)


def record_of(lines: list[dict[str, Any]], last_input: int) -> RunRecord:
    """Sort the lines of a run.

    Parameters
    ----------
    lines : list of dict
        As in ``decisions.jsonl``, in their order.
    last_input : int
        Lines after a later input are left out.

    """
    record = RunRecord()
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
    """Group the events of one input by order, keeping the sequence of each order's events.

    A venue may process the orders of one input one after the other, or interleaved.
    """
    return event.input, event.content.get("order", math.inf)
