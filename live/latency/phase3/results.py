"""The results of phase 3: figures of every case over all rounds, as tables and as JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from live.latency.phase3.turns.cases import Case
from live.latency.phase3.turns.kills import ProducerKill, ReaderKill
from live.latency.phase3.turns.turn import Measured

if TYPE_CHECKING:
    from collections.abc import Sequence

GOAL_US: Final = 50.0
"""The roadmap's phase 3, end to end."""
PERCENTS: Final = (1, 50, 90, 99, 99.9, 100)
OURS: Final = "region-python-python"
OTHERS: Final = ("chronicle", "aeron-ipc")
SIDES: Final = ("producer", "reader", "driver")


@dataclass(kw_only=True)
class CaseResult:
    """What was measured of one case.

    Attributes
    ----------
    case : Case
        The case.
    problem : str
        Why it could not be measured, or not to the end; empty otherwise.
    rounds : list of list of Measured
        For each round, one for each rate and the one without pause.
    producer_kills : list of ProducerKill
        One for each kill of a producer.
    reader_kills : list of ReaderKill
        One for each kill of a reader.

    """

    case: Case
    problem: str = ""
    rounds: list[list[Measured]] = field(default_factory=list)
    producer_kills: list[ProducerKill] = field(default_factory=list)
    reader_kills: list[ReaderKill] = field(default_factory=list)

    def at(self, rate_hz: int) -> AtRate | None:
        """Return the figures at a rate, 0 for without pause; None without any."""
        found = [m for measured in self.rounds for m in measured if m.rate_hz == rate_hz]
        return AtRate(found) if found else None

    def as_dict(self, rates_hz: tuple[int, ...]) -> dict[str, Any]:
        """Return it for JSON."""
        at_rates = {str(rate): at for rate in (*rates_hz, 0) if (at := self.at(rate))}
        return {
            "key": self.case.key,
            "name": self.case.name,
            "problem": self.problem,
            "at": {rate: at.as_dict() for rate, at in at_rates.items()},
            "producer_kills": [kill.as_dict() for kill in self.producer_kills],
            "reader_kills": [kill.as_dict() for kill in self.reader_kills],
        }


class AtRate:
    """The figures of one case at one rate, over all rounds.

    Parameters
    ----------
    found : list of Measured
        One for each round.

    """

    def __init__(self, found: list[Measured]) -> None:
        self._latencies_us: Final = np.concatenate([m.part.latencies_ns for m in found]) / 1e3
        received = [m.part.latencies_ns for m in found if len(m.part.latencies_ns)]
        self.round_p50_us: Final = [float(np.median(each)) / 1e3 for each in received]
        self.n: Final = len(self._latencies_us)
        self.sent: Final = sum(m.part.sent for m in found)
        self.lost: Final = sum(m.part.lost for m in found)
        self.refused: Final = sum(m.said["refused"] for m in found)
        self.hand_over_us: Final = sum(m.said["send_ns"] for m in found) / self.sent / 1e3
        self.per_s: Final = float(np.median([m.part.per_s for m in found]))
        self.cpu: Final = {
            side: float(np.mean([m.cpu[side] for m in found]))
            for side in SIDES
            if side in found[0].cpu
        }

    def us(self, percent: float) -> float:
        """Return a percentile of the latency, microseconds; NaN if nothing was received."""
        return float(np.percentile(self._latencies_us, percent)) if self.n else float("nan")

    @property
    def share_within_goal(self) -> float:
        """The share of the records sent that were received within phase 3's goal."""
        return float(np.count_nonzero(self._latencies_us < GOAL_US)) / self.sent

    def as_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {
            # JSON has no NaN.
            **{f"p{p:g}_us": round(self.us(p), 3) if self.n else None for p in PERCENTS},
            "round_p50_us": [round(us, 3) for us in self.round_p50_us],
            "share_within_50_us": round(self.share_within_goal, 4),
            "n": self.n,
            "sent": self.sent,
            "lost": self.lost,
            "refused": self.refused,
            "hand_over_us": round(self.hand_over_us, 3),
            "records_per_s": round(self.per_s),
            "cpu_cores": {side: round(cores, 3) for side, cores in self.cpu.items()},
        }


class Results:
    """The cases of one run, on one machine.

    Parameters
    ----------
    cases : list of CaseResult
        In the order of the tables.
    rates_hz : tuple of int
        Records a second.
    machine : dict of str to str
        The description of the machine.
    how : str
        The description of the measurement, for the user.

    """

    def __init__(
        self,
        cases: list[CaseResult],
        rates_hz: tuple[int, ...],
        machine: dict[str, str],
        how: str,
    ) -> None:
        self.cases: Final = cases
        self._rates_hz: Final = rates_hz
        self._machine: Final = machine
        self._how: Final = how
        self._by_key: Final = {result.case.key: result for result in cases}

    def text(self) -> str:
        """Return the whole report for a terminal, its tables in Markdown."""
        machine = ", ".join(f"{name} {value}" for name, value in self._machine.items())
        parts = [f"machine: {machine}\n{self._how}"]
        parts += [self._latencies(rate) for rate in self._rates_hz]
        parts += [self._throughput(), self._producer_kills(), self._reader_kills()]
        cut = [
            f"{result.case.name} was not measured to the end: {result.problem}"
            for result in self.cases
            if result.problem and result.rounds
        ]
        parts.append("\n".join(f"- {line}" for line in [*cut, *self.verdicts()]))
        return "\n\n".join(part for part in parts if part)

    def as_dict(self) -> dict[str, Any]:
        """Return the whole report for JSON."""
        return {
            "machine": self._machine,
            "how": self._how,
            "verdicts": self.verdicts(),
            "cases": [result.as_dict(self._rates_hz) for result in self.cases],
        }

    def verdicts(self) -> list[str]:
        """Return how the region from Python compares with the engines in Java, at each rate."""
        lines = []
        for rate in self._rates_hz:
            ours = self._p50(OURS, rate)
            for key in OTHERS:
                theirs = self._p50(key, rate)
                if ours is None or theirs is None:
                    continue
                how = "sooner" if ours < theirs else "later"
                lines.append(
                    f"{rate:,}/s: {self._by_key[OURS].case.name} {ours:,.2f} µs at the median, "
                    f"{self._by_key[key].case.name} {theirs:,.2f} µs: "
                    f"{abs(theirs - ours):,.2f} µs {how}"
                )
        return lines or ["the region from Python and an engine in Java were not both measured"]

    def _p50(self, key: str, rate_hz: int) -> float | None:
        result = self._by_key.get(key)
        at = result.at(rate_hz) if result else None
        return at.us(50) if at and at.n else None

    def _latencies(self, rate_hz: int) -> str:
        head = (
            f"µs at {rate_hz:,}/s", "p1", "p50", "p50 of rounds", "p99", "p99.9", "max",
            f"under {GOAL_US:g} µs", "n", "lost", "hand-over", "cores: producer + reader + driver",
        )  # fmt: skip
        rows = []
        for result in self.cases:
            at = result.at(rate_hz)
            if at is None:
                rows.append(_problem(result, head))
                continue
            p1, p50, p99, p99_9, most = (f"{at.us(p):,.2f}" for p in (1, 50, 99, 99.9, 100))
            spread = (
                f"{min(at.round_p50_us, default=0):,.2f} to {max(at.round_p50_us, default=0):,.2f}"
            )
            cores = " + ".join(f"{cores:.2f}" for cores in at.cpu.values())
            rows.append((
                result.case.name, p1, p50, spread, p99, p99_9, most,
                f"{100 * at.share_within_goal:.1f} %", f"{at.n:,}", f"{at.lost:,}",
                f"{at.hand_over_us:.2f}", cores,
            ))  # fmt: skip
        return _markdown(head, rows)

    def _throughput(self) -> str:
        head = (
            "without pause",
            "records/s received",
            "lost",
            "hand-over µs",
            "refused, and tried again",
        )
        rows = []
        for result in self.cases:
            at = result.at(0)
            if at is None:
                rows.append(_problem(result, head))
                continue
            lost = f"{100 * at.lost / at.sent:.1f} %"
            rows.append((
                result.case.name, f"{at.per_s:,.0f}", lost, f"{at.hand_over_us:.2f}",
                f"{at.refused:,}",
            ))  # fmt: skip
        return _markdown(head, rows)

    def _producer_kills(self) -> str:
        head = (
            "producer killed", "kills", "lost of handed over", "ms until the next one's first "
            "record", "let in at once", "lost of the next one's",
        )  # fmt: skip
        rows = []
        for result in self.cases:
            if kills := result.producer_kills:
                until = sorted(kill.until_next_ms for kill in kills)
                lost, sent = sum(k.lost for k in kills), sum(k.handed_over for k in kills)
                at_once = sum(not kill.refused for kill in kills)
                rows.append((
                    result.case.name, f"{len(kills)}", f"{lost:,} of {sent:,}",
                    f"{until[0]:,.1f} to {until[-1]:,.1f}", f"{at_once} of {len(kills)}",
                    f"{sum(k.lost_next for k in kills):,}",
                ))  # fmt: skip
        return _markdown(head, rows) if rows else ""

    def _reader_kills(self) -> str:
        head = (
            "reader killed", "the other reader", "its longest gap, ms",
            "the producer was held, ms", "lost of the other's",
        )  # fmt: skip
        rows = [
            (
                result.case.name, "takes the place" if kill.takes_place else "reads all along",
                f"{kill.longest_gap_ms:,.1f}", f"{kill.producer_held_ms:,.1f}", f"{kill.lost:,}",
            )
            for result in self.cases
            for kill in result.reader_kills
        ]  # fmt: skip
        return _markdown(head, rows) if rows else ""


def _problem(result: CaseResult, head: tuple[str, ...]) -> tuple[str, ...]:
    blank = ("",) * (len(head) - 2)
    return (result.case.name, f"not measured: {result.problem}", *blank)


def _markdown(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    rule = ("---", *("---:" for _ in head[1:]))
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, rule, *rows))
