"""The first difference between the decisions of two runs of the look-ahead proof."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from adapters.command.instants import iso_instant

if TYPE_CHECKING:
    from collections.abc import Sequence


def first_difference(base: dict[str, Any], again: dict[str, Any], at_ns: int) -> str:
    """Compare the decisions up to an instant.

    Parameters
    ----------
    base, again : dict
        The results of two runs: their ``decisions``, and the ``failure`` of the second.
    at_ns : int
        The instant, UNIX nanoseconds; decisions at it count.

    Returns
    -------
    str
        The first difference, as a clause; empty without one.

    """
    if again["failure"]:
        return f"the run failed: {again['failure']}"
    before, after = decisions_until(base, at_ns), decisions_until(again, at_ns)
    for number, (first, second) in enumerate(zip(before, after, strict=False), start=1):
        if first != second:
            return f"decision {number} was {_show(first)} and is {_show(second)}"
    if len(before) == len(after):
        return ""
    number = min(len(before), len(after)) + 1
    if len(before) > len(after):
        return f"decision {number}, {_show(before[number - 1])}, is not made"
    return f"there is a decision {number} more: {_show(after[number - 1])}"


def decisions_until(run: dict[str, Any], at_ns: int) -> list[Sequence[Any]]:
    """Return the decisions of a run up to an instant, UNIX nanoseconds, itself included."""
    return [decision for decision in run["decisions"] if decision[0] <= at_ns]


def _show(decision: Sequence[Any]) -> str:
    ns, content = decision
    return f"{json.dumps(content, separators=(',', ':'))} at {iso_instant(ns)}"
