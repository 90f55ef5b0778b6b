"""ProofVerdict: the result of a look-ahead proof, and the sentence that states it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from adapters.command.durations import show_duration
from adapters.command.instants import iso_instant
from backtests.lookahead.delay_sensitivity import DelaySensitivity

NOT_CLEAN: Final = 1
NOTHING_TO_PROVE: Final = 3


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
        The number of the first run's decisions up to the instant: those that it could have
        changed, and that had to stay the same.
    decisions : int
        The number of all decisions of the first run.
    later_rows : int
        The number of the catalog's rows after the instant.
    changed_rows : int
        The number of those that differ from the original.
    difference : str
        The first difference; empty where no decision changed.
    remade_values : int
        The number of values, known up to the instant, of columns that were made anew.
    remade_difference : str
        The first of them that differs; empty where none does.

    """

    at_ns: int
    how: str
    compared: int
    decisions: int
    later_rows: int
    changed_rows: int
    difference: str = ""
    remade_values: int = 0
    remade_difference: str = ""

    @property
    def could_change(self) -> int:
        """How many decisions would have changed if they depended on what came later."""
        return self.compared if self.changed_rows else 0

    def __str__(self) -> str:
        share = self.changed_rows / self.later_rows if self.later_rows else 0.0
        return (
            f"{iso_instant(self.at_ns)}  {self.how}, {self.changed_rows:,} of {self.later_rows:,} "
            f"later rows changed ({share:.0%}): "
            + (
                self.difference
                or f"{self.compared:,} of {self.decisions:,} decisions came before, all the same"
            )
            + (f"; {self.remade_difference}" if self.remade_difference else self._remade)
        )

    @property
    def _remade(self) -> str:
        if not self.remade_values:
            return ""
        return f"; {self.remade_values:,} values made anew, all the same"


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
    unstable_remake : str
        How columns made twice of the same data differ; empty if they are the same.
    remade : list of str
        The recorded factors that were made anew at each instant.
    required : list of str
        The strategy's required factors.
    overlap : list of tuple of int
        Closed spans of the window with both market and required factors, UNIX nanoseconds.

    """

    decisions: int
    instants: list[RerunComparison] = field(default_factory=list)
    freshness: list[DelaySensitivity] = field(default_factory=list)
    unstable: str = ""
    unstable_remake: str = ""
    remade: list[str] = field(default_factory=list)
    required: list[str] = field(default_factory=list)
    overlap: list[tuple[int, int]] = field(default_factory=list)

    @property
    def has_lookahead(self) -> bool:
        """Whether a decision, or a value made anew, changed with later data."""
        return any(i.difference or i.remade_difference for i in self.instants)

    @property
    def nothing(self) -> str:
        """Why there was nothing to prove; empty if there was something."""
        if not self.decisions:
            return "the strategy decided nothing in this window"
        if not self.overlap:
            return "the window has no time with both market data and the required factors"
        if not self.instants:
            first, last = self.overlap[0][0], self.overlap[-1][1]
            return (
                f"none of the {self.decisions:,} decisions was made where market and factors "
                f"overlap, {iso_instant(first)} to {iso_instant(last)}, with data after it"
            )
        if not any(i.could_change for i in self.instants):
            return "no later row could be changed: the data are the same mirrored and shuffled"
        return ""

    @property
    def exit_code(self) -> int:
        """The exit code of the verdict."""
        if self.nothing and not (self.has_lookahead or self.unstable):
            return NOTHING_TO_PROVE
        return 0 if self.is_clean else NOT_CLEAN

    @property
    def is_clean(self) -> bool:
        """Whether the proof found no problem."""
        return not (
            self.has_lookahead
            or self.unstable
            or self.unstable_remake
            or self.nothing
            or any(f.is_suspicious for f in self.freshness)
        )

    def __str__(self) -> str:
        if self.unstable:
            return (
                "NOT PROVED: the strategy decides differently on the same data, so that nothing "
                f"can be compared (random numbers, wall clock, files of its own?): {self.unstable}"
            )
        if self.unstable_remake:
            return (
                "NOT PROVED: made anew from the same data without the recorded columns, those are "
                "others, so that nothing can be compared (random numbers, files of its own, the "
                f"recorded column itself?): {self.unstable_remake}"
            )
        if self.has_lookahead:
            found = next(i for i in self.instants if i.difference or i.remade_difference)
            if not found.difference:
                return (
                    "LOOK-AHEAD: a recorded factor holds data from after its instant. With "
                    f"everything after {iso_instant(found.at_ns)} scrambled and the factors made "
                    f"anew, {found.remade_difference}"
                )
            return (
                "LOOK-AHEAD: the strategy uses data from after the moment of its decision. With "
                f"everything after {iso_instant(found.at_ns)} scrambled, {found.difference}"
            )
        if self.nothing:
            return f"NOTHING TO PROVE: {self.nothing}"
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
        compared = max(i.could_change for i in self.instants)
        return (
            f"NO LOOK-AHEAD FOUND: {compared:,} of {self.decisions:,} decisions came before at "
            f"least one of {len(self.instants)} instants and are the same whatever comes after it"
            + self._origins
        )

    @property
    def _origins(self) -> str:
        """What is known of the making of the recorded columns."""
        taken = [name for name in self.required if name not in self.remade]
        return (
            f"; so are the values of {', '.join(self.remade)}, made anew" if self.remade else ""
        ) + (
            f". The recorded values of {', '.join(taken)} were taken as they are: whether "
            "look-ahead is in their making is not proved (--remake makes them anew)"
            if taken
            else ""
        )
