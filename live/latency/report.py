"""The report of a latency measurement: a table, the roadmap's verdicts, the transport to use."""

from __future__ import annotations

import html
import math
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

PHASE_1_CONTINUE_US: Final = 500.0
PHASE_1_OPTIMISE_US: Final = 2000.0
PHASE_2_US: Final = 100.0
PHASE_3_US: Final = 50.0
GOAL_RATIO: Final = 50.0
GOAL_PUSH_US: Final = 1000.0
_WIDTH: Final = 900
_HEIGHT: Final = 420
_MARGIN: Final = 60
_COLOURS: Final = (
    "#8c564b", "#d62728", "#ff9896", "#ff7f0e", "#ffbb78", "#1f77b4", "#aec7e8", "#2ca02c",
    "#98df8a",
)  # fmt: skip


@dataclass(kw_only=True)
class Case:
    """One line of the table.

    Attributes
    ----------
    key : str
        ``transport/where`` with where ``read``, ``raw`` or ``node``.
    name : str
        The name in the table.
    problem : str
        Why the case could not be measured, or empty.
    latencies_us : float64 array
        The latencies of all rounds in order, microseconds.

    """

    key: str
    name: str
    problem: str = ""
    latencies_us: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))

    def figure(self, percent: float) -> float:
        """Return a percentile in microseconds; NaN if nothing was measured."""
        return (
            float(np.percentile(self.latencies_us, percent))
            if len(self.latencies_us)
            else math.nan
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the line for JSON, with the latencies themselves."""
        figures = {
            "median_us": self.figure(50),
            "p99_us": self.figure(99),
            "p99_9_us": self.figure(99.9),
            "max_us": self.figure(100),
        }
        measured = {k: round(v, 3) for k, v in figures.items() if not math.isnan(v)}
        latencies = [round(us, 3) for us in self.latencies_us.tolist()]
        return {
            "key": self.key, "name": self.name, "problem": self.problem, **measured,
            "n": len(latencies), "latencies_us": latencies,
        }  # fmt: skip


class Report:
    """The cases of one run, on one machine.

    Parameters
    ----------
    cases : list of Case
        In the order of the table.
    machine : dict of str to str
        The description of the machine.
    how : str
        The description of the measurement, for the user.

    """

    def __init__(self, cases: list[Case], machine: dict[str, str], how: str) -> None:
        self.cases: Final = cases
        self.machine: Final = machine
        self.how: Final = how
        self._by_key: Final = {case.key: case for case in cases}

    def median(self, key: str) -> float:
        """Return a case's median in microseconds; NaN if it was not measured."""
        return self._by_key[key].figure(50)

    def table(self) -> str:
        """Return the table, in Markdown."""
        width = max(len(case.name) for case in self.cases)
        lines = [
            f"| {'µs':<{width}} |   median |      p99 |    p99.9 |      max |     n |",
            f"|{'-' * (width + 2)}|---------:|---------:|---------:|---------:|------:|",
        ]
        for case in self.cases:
            if case.problem:
                lines.append(f"| {case.name:<{width}} | not available: {case.problem} | | | | |")
                continue
            figures = " | ".join(f"{case.figure(p):8.1f}" for p in (50, 99, 99.9, 100))
            lines.append(f"| {case.name:<{width}} | {figures} | {len(case.latencies_us):5} |")
        return "\n".join(lines)

    def verdicts(self) -> list[str]:
        """Return the roadmap's verdicts on the figures, and the recommended transport."""
        read, push = self.median("hazelcast/read"), self.median("hazelcast push/node")
        event, spin = self.median("shm event/node"), self.median("shm spin/node")
        poll = self.median("hazelcast poll/node")
        return [
            f"phase 1 (Hazelcast get + parse, median {_us(read)}): {_phase_1(read)}",
            f"phase 2 (under 100 µs, producer to strategy): {_met(event, PHASE_2_US)} with shared "
            f"memory event ({_us(event)}), {_met(spin, PHASE_2_US)} with spin ({_us(spin)})",
            f"phase 3 (under 50 µs end to end): {_met(event, PHASE_3_US)} with event "
            f"({_us(event)}), {_met(spin, PHASE_3_US)} with spin ({_us(spin)})",
            f"shared memory spin against Hazelcast polled at 1 ms, to on_factors: "
            f"{_ratio(poll, spin)} (goal {GOAL_RATIO:g} times)",
            f"Hazelcast push to on_factors: {_us(push)} (goal {GOAL_PUSH_US:,.0f} µs): "
            f"{_met(push, GOAL_PUSH_US)}",
            self.choice(),
        ]

    def choice(self) -> str:
        """Return one sentence: the recommended transport, and whether a Java port is needed."""
        parts = [
            f"{what} ({_us(self.median(key))})"
            for key, what in (
                ("hazelcast push/node", "Hazelcast push for factors that come from other machines "
                 "and strategies to which a millisecond does not matter"),
                ("shm event/node", "shared memory with event, through live/bridge_hazelcast.py if "
                 "the producer stays as it is, for everything else on one machine"),
                ("shm spin/node", "spin where the last microseconds are worth a core"),
            )
            if not math.isnan(self.median(key))
        ]  # fmt: skip
        spin = self.median("shm spin/node")
        if math.isnan(spin):
            java = "whether a Java port is called for was not measured"
        elif spin < PHASE_3_US:
            java = (
                f"a Java port is not called for, as {_us(spin)} are already below phase 3's "
                f"{PHASE_3_US:g} µs"
            )
        else:
            java = (
                f"phase 3's {PHASE_3_US:g} µs are not reached here ({_us(spin)}), so measure on "
                "two idle cores before a Java port is considered"
            )
        return f"choose {'; '.join(parts) or 'nothing yet'}; {java}"

    def text(self) -> str:
        """Return the whole report as text for a terminal."""
        machine = ", ".join(f"{name} {value}" for name, value in self.machine.items())
        verdicts = "\n".join(f"- {v}" for v in self.verdicts())
        return f"machine: {machine}\n{self.how}\n\n{self.table()}\n\n{verdicts}"

    def as_dict(self) -> dict[str, Any]:
        """Return the whole report for JSON."""
        return {
            "machine": self.machine,
            "how": self.how,
            "verdicts": self.verdicts(),
            "cases": [case.as_dict() for case in self.cases],
        }

    def page(self) -> str:
        """Return an HTML page with the distributions on a logarithmic axis; no other file."""
        rows = "".join(
            f"<tr><td><svg width=12 height=12><rect width=12 height=12 fill='{colour}'/></svg> "
            f"{html.escape(case.name)}</td>"
            + (
                f"<td colspan=5>not available: {html.escape(case.problem)}</td>"
                if case.problem
                else "".join(f"<td>{case.figure(p):,.1f}</td>" for p in (50, 99, 99.9, 100))
                + f"<td>{len(case.latencies_us):,}</td>"
            )
            + "</tr>"
            for case, colour in zip(self.cases, _COLOURS, strict=False)
        )
        verdicts = "".join(f"<li>{html.escape(v)}</li>" for v in self.verdicts())
        machine = html.escape(", ".join(f"{k} {v}" for k, v in self.machine.items()))
        return (
            "<!doctype html><html lang=en><meta charset=utf-8><title>Latency of the transports"
            "</title><style>body{font:14px sans-serif;margin:2em;max-width:60em}"
            "td,th{padding:2px 12px;text-align:right}td:first-child{text-align:left}"
            "</style><h1>From a producer's write to a strategy</h1>"
            f"<p>{machine}<p>{html.escape(self.how)}{self._chart()}"
            "<table><tr><th>µs<th>median<th>p99<th>p99.9<th>max<th>n</tr>"
            f"{rows}</table><ul>{verdicts}</ul></html>"
        )

    def _chart(self) -> str:
        """Return the share of records that arrived within a time, over the time, as SVG."""
        measured = [c.latencies_us for c in self.cases if len(c.latencies_us)]
        if not measured:
            return ""
        low = math.floor(math.log10(max(min(float(us.min()) for us in measured), 0.1)))
        high = math.ceil(math.log10(max(float(us.max()) for us in measured)))
        scale = (_WIDTH - 2 * _MARGIN) / max(high - low, 1)

        def x(us: float) -> float:
            return _MARGIN + (math.log10(max(us, 0.1)) - low) * scale

        def y(share: float) -> float:
            return _HEIGHT - _MARGIN - share * (_HEIGHT - 2 * _MARGIN)

        marks = "".join(
            f"<line x1={x(10.0**e):.0f} x2={x(10.0**e):.0f} y1={y(0):.0f} y2={y(1):.0f} "
            f"stroke='#ddd'/><text x={x(10.0**e):.0f} y={y(0) + 18:.0f} text-anchor=middle>"
            f"{10.0**e:,g} µs</text>"
            for e in range(low, high + 1)
        )
        marks += "".join(
            f"<text x={_MARGIN - 8} y={y(share):.0f} text-anchor=end>{share:.0%}</text>"
            for share in (0.0, 0.25, 0.5, 0.75, 1.0)
        )
        shares = np.linspace(0, 1, 401)
        lines = "".join(
            f"<polyline fill=none stroke-width=2 stroke='{colour}' points='"
            + " ".join(
                f"{x(us):.1f},{y(share):.1f}"
                for us, share in zip(
                    np.quantile(case.latencies_us, shares).tolist(), shares.tolist(), strict=True
                )
            )
            + f"'><title>{html.escape(case.name)}</title></polyline>"
            for case, colour in zip(self.cases, _COLOURS, strict=False)
            if len(case.latencies_us)
        )
        return f"<svg width={_WIDTH} height={_HEIGHT}>{marks}{lines}</svg>"


def _us(value: float) -> str:
    return "not measured" if math.isnan(value) else f"{value:,.1f} µs"


def _met(value: float, limit: float) -> str:
    return "not measured" if math.isnan(value) else ("met" if value < limit else "not met")


def _ratio(slow: float, fast: float) -> str:
    if math.isnan(slow) or math.isnan(fast):
        return "not measured"
    return f"{slow / fast:,.0f} times faster at the median"


def _phase_1(median_us: float) -> str:
    if math.isnan(median_us):
        return "not measured"
    if median_us < PHASE_1_CONTINUE_US:
        return "under 500 µs, continue to phase 2"
    if median_us <= PHASE_1_OPTIMISE_US:
        return "500 µs to 2 ms, optimise further"
    return "over 2 ms, needs another transport"
