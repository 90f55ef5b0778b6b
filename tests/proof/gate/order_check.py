"""The check of a recorded session's orders against its factors, by a model of its own."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from adapters.session.wire_format import FACTORS
from tests.proof.gate.always_trades import MAX_AGE, REQUIRED

if TYPE_CHECKING:
    from adapters.session.recorded_session import RecordedSession
    from dolphin_strategies import ExternalFactors

MAX_AGE_NS: Final = MAX_AGE // timedelta(microseconds=1) * 1_000


@dataclass
class Checked:
    """How many orders a session has, and what is wrong about some."""

    orders: int = 0
    wrongs: list[str] = field(default_factory=list)


def check(session: RecordedSession) -> Checked:
    """Check each order: there were factors, each required one had a value, and none was old.

    Each order is judged at the instant at which the strategy asked for factors, or was given
    them, which the order carries as its tag: what the thread does afterwards makes it no wrong
    decision.
    """
    found = Checked()
    orders: dict[int, list[dict[str, Any]]] = {}
    for line in session.lines:
        if line.get("call") == "submit_order":
            orders.setdefault(int(line["input"]), []).append(line)
    usable: ExternalFactors | None = None
    reason = "there were no factors yet"
    _judge(found, orders.pop(0, []), None, reason)
    for item in session.inputs():
        if item.kind == FACTORS:
            f = item.datum
            lacking = [n for n in REQUIRED if n not in f.schema or math.isnan(f[n])]
            if lacking:
                usable, reason = None, f"{lacking} had no value"
            elif f.ts_init - f.ts_event <= MAX_AGE_NS:
                usable = f
        _judge(found, orders.pop(item.number, []), usable, reason)
    for lines in orders.values():
        found.orders += len(lines)
        found.wrongs += [f"order after input {line['input']}, not recorded" for line in lines]
    return found


def _judge(
    found: Checked,
    lines: list[dict[str, Any]],
    usable: ExternalFactors | None,
    reason: str,
) -> None:
    for line in lines:
        found.orders += 1
        if usable is None:
            found.wrongs.append(f"order {line['line']} by {line['cause']}: {reason}")
            continue
        at_ns = int(line["order"]["tags"][0])
        age_ns = at_ns - min(usable.ts_event, usable.ts_init)
        if age_ns > MAX_AGE_NS:
            found.wrongs.append(
                f"order {line['line']} by {line['cause']} on factors {age_ns / 1e6:.3f} ms old"
            )
