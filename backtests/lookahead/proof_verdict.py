"""ProofVerdict: the result of a look-ahead proof, and the sentence that states it."""

from __future__ import annotations

from dataclasses import dataclass, field

from adapters.command.durations import show_duration
from adapters.command.instants import iso_instant
from backtests.lookahead.delay_sensitivity import DelaySensitivity


@dataclass(frozen=True, kw_only=True)
class RerunComparison:
    """The comparison of one rerun with the first run.

    Attributes
    ----------
    at_ns : int
        The instant after which all data was scrambled, UNIX nanoseconds.
    how : str
        The way of scrambling.
    compared : int
        The number of the first run's decisions before the instant.
    changed_rows : int
        The number of rows after the instant.
    difference : str
        The first difference; empty where no decision changed.

    """

    at_ns: int
    how: str
    compared: int
    changed_rows: int
    difference: str = ""


@dataclass(frozen=True, kw_only=True)
class ProofVerdict:
    """The result of a proof.

    Attributes
    ----------
    decisions : int
        The number of the first run's decisions.
    instants : list of RerunComparison
        One for each instant, up to the first one at which decisions differ.
    freshness : list of DelaySensitivity
        One for each required factor; empty if decisions differ.
    unstable : str
        How two runs on the same data differ; empty if they are the same.

    """

    decisions: int
    instants: list[RerunComparison] = field(default_factory=list)
    freshness: list[DelaySensitivity] = field(default_factory=list)
    unstable: str = ""

    @property
    def has_lookahead(self) -> bool:
        """Whether a decision changed with later data."""
        return any(i.difference for i in self.instants)

    @property
    def is_clean(self) -> bool:
        """Whether the proof found no problem."""
        return not (
            self.has_lookahead
            or self.unstable
            or not self.decisions
            or any(f.is_suspicious for f in self.freshness)
        )

    def __str__(self) -> str:
        if self.unstable:
            return (
                "NOT PROVED: the strategy decides differently on the same data, so that nothing "
                f"can be compared (random numbers, wall clock, files of its own?): {self.unstable}"
            )
        if self.has_lookahead:
            found = next(i for i in self.instants if i.difference)
            return (
                "LOOK-AHEAD: the strategy uses data from after the moment of its decision. With "
                f"everything after {iso_instant(found.at_ns)} scrambled, {found.difference}"
            )
        if not self.decisions:
            return "NOT PROVED: the strategy decided nothing in this window"
        suspicious = [f for f in self.freshness if f.is_suspicious]
        if suspicious:
            names = ", ".join(f.factor for f in suspicious)
            return (
                f"LOOK-AHEAD SUSPECTED: the result lives on {names} within the first "
                f"{show_duration(suspicious[0].interval_ns)}. That is what a factor shows that "
                "was imported without its publication delay: a value stamped at the start of "
                "what it covers is known at its end only (docs/import.md). If the value really "
                "was known at its ts_init, the result is right, but so perishable"
            )
        compared = sum(i.compared for i in self.instants)
        return (
            f"NO LOOK-AHEAD FOUND: {compared:,} decisions before {len(self.instants)} instants "
            "are the same whatever comes after"
        )
