"""The look-ahead proof: no decision before an instant changes when all that follows it does."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from adapters.catalog.factor_catalog import FactorCatalog
from backtests.coverage import show_time
from backtests.factor_delay import FactorDelay, show_duration
from backtests.proof_folder import ProofFolder
from backtests.scramble import HOWS, scramble
from dolphin_strategies.errors import DolphinError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

_CHILD: Final = ("-m", "backtests.proof_child")
_SLOW_NS: Final = 60_000_000_000
"""A factor that changes less often than this is published by somebody, with a delay."""
_SIGNIFICANT: Final = 2.0
_COLLAPSE: Final = 0.5
"""Part of the profit that is left at most when a result has collapsed."""


class ProofError(DolphinError):
    """A proof could not be made."""


@dataclass(frozen=True, kw_only=True)
class Instant:
    """What was found at one instant; ``difference`` is empty where nothing changed."""

    at_ns: int
    how: str
    compared: int
    changed_rows: int
    difference: str = ""


@dataclass(frozen=True, kw_only=True)
class Freshness:
    """What one factor's own update interval more of delay does to the result."""

    factor: str
    interval_ns: int
    gross: float
    """PnL before fees, as it is, and with the delay."""
    delayed_gross: float
    has_collapsed: bool

    @property
    def is_suspicious(self) -> bool:
        """Whether it may well be a missing publication delay; a fast factor may be worth it."""
        return self.has_collapsed and self.interval_ns >= _SLOW_NS


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What a proof came to."""

    decisions: int
    instants: list[Instant] = field(default_factory=list)
    freshness: list[Freshness] = field(default_factory=list)
    unstable: str = ""
    """Two runs on the same data differ, and how."""

    @property
    def has_lookahead(self) -> bool:
        return any(i.difference for i in self.instants)

    @property
    def is_clean(self) -> bool:
        """Whether there is nothing to object to."""
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
                f"everything after {show_time(found.at_ns)} scrambled, {found.difference}"
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


class Proof:
    """Run a backtest again and again, and compare.

    Parameters
    ----------
    arguments : sequence of str
        The command line of the backtest.
    catalog : Path
        Its catalog.
    required : sequence of str
        The strategy's required factors.
    delay : FactorDelay
        Of all runs.
    seed : int
        Of the instants and of the shuffling.
    tell : callable
        Told a line at a time.

    """

    def __init__(  # noqa: PLR0913, PLR0917 - what a proof is about
        self,
        arguments: Sequence[str],
        catalog: Path,
        required: Sequence[str],
        delay: FactorDelay,
        seed: int,
        tell: Callable[[str], None],
    ) -> None:
        self._arguments = list(arguments)
        self._catalog = catalog
        self._required = required
        self._delay = delay
        self._seed = seed
        self._tell = tell
        self._aside_is_told = False

    def run(self, instants: int) -> Verdict:
        """Make the proof.

        Raises
        ------
        ProofError
            If the first run fails.
        ConfigError
            If the catalog cannot be copied or put out of reach.

        """
        with ProofFolder(self._catalog) as folder:
            base = self._run(folder, None)
            if base["failure"]:
                msg = f"the first run failed: {base['failure']}"
                raise ProofError(msg)
            decisions = base["decisions"]
            self._tell(f"first run: {len(decisions):,} decisions, {base['rows']:,} records")
            found: list[Instant] = []
            unstable = ""
            chosen = choose_instants(
                decisions, (base["start_ns"], base["end_ns"]), instants, self._seed
            )
            for i, at_ns in enumerate(chosen):
                one = self._compare(folder, base, at_ns, i)
                found.append(one)
                self._tell(
                    f"  {show_time(one.at_ns)}  {one.changed_rows:,} later rows {one.how}: "
                    + (one.difference or f"{one.compared:,} decisions the same")
                )
                if one.difference:
                    unstable = self._control(folder, base, at_ns)
                    break
            is_fair = not (unstable or any(i.difference for i in found))
            freshness = self._freshness(folder, base) if is_fair and decisions else []
        return Verdict(
            decisions=len(decisions), instants=found, freshness=freshness, unstable=unstable
        )

    def _compare(self, folder: ProofFolder, base: dict[str, Any], at_ns: int, i: int) -> Instant:
        """Run with everything after an instant scrambled."""
        how = HOWS[i % len(HOWS)]
        folder.renew_copy()
        done = scramble(folder.copy, at_ns, how, self._seed + i)
        again = self._run(folder, base, until_ns=at_ns + 1)
        before = [d for d in base["decisions"] if d[0] <= at_ns]
        return Instant(
            at_ns=at_ns,
            how=how,
            compared=len(before),
            changed_rows=done.changed,
            difference=difference(before, again, at_ns),
        )

    def _control(self, folder: ProofFolder, base: dict[str, Any], at_ns: int) -> str:
        """Run on a copy that is not scrambled; return how it differs all the same."""
        folder.renew_copy()
        again = self._run(folder, base, until_ns=at_ns + 1)
        return difference([d for d in base["decisions"] if d[0] <= at_ns], again, at_ns)

    def _freshness(self, folder: ProofFolder, base: dict[str, Any]) -> list[Freshness]:
        """Run with each required factor later by its own update interval."""
        found = []
        window = (base["start_ns"], base["end_ns"])
        for name in self._required:
            interval_ns = typical_interval_ns(FactorCatalog(self._catalog), name, window)
            if interval_ns is None:
                continue
            by_name = dict(self._delay.by_name)
            by_name[name] = by_name.get(name, self._delay.all_ns) + interval_ns
            delay = FactorDelay(all_ns=self._delay.all_ns, by_name=by_name)
            again = self._run(folder, base, until_ns=base["end_ns"], delay=delay, is_covered=False)
            if again["failure"]:
                later = f"{name} {show_duration(interval_ns)} later"
                msg = f"the run with {later} failed: {again['failure']}"
                raise ProofError(msg)
            one = Freshness(
                factor=name,
                interval_ns=interval_ns,
                gross=sum(base["gross"]),
                delayed_gross=sum(again["gross"]),
                has_collapsed=has_collapsed(base["gross"], again["gross"]),
            )
            found.append(one)
            self._tell(
                f"  {name} later by {show_duration(interval_ns)}, its own interval: "
                f"PnL before fees {one.gross:+,.2f} -> {one.delayed_gross:+,.2f}"
                + ("  COLLAPSED" if one.has_collapsed else "")
            )
        return found

    def _run(
        self,
        folder: ProofFolder,
        base: dict[str, Any] | None,
        *,
        until_ns: int | None = None,
        delay: FactorDelay | None = None,
        is_covered: bool = True,
    ) -> dict[str, Any]:
        """Run a backtest in a child process, with the copy in the catalog's place if covered."""
        delay = delay or self._delay
        request = {
            "arguments": self._arguments,
            "catalog": str(self._catalog),
            "copy": str(folder.copy) if base is not None and is_covered else None,
            "delay": {"all_ns": delay.all_ns, "by_name": dict(delay.by_name)},
            "until_ns": until_ns,
            "start_ns": None if base is None else base["start_ns"],
            "fill_on": None if base is None else base["fill_on"],
        }
        found = _ask(folder.path, request)
        if "not_isolated" in found:
            if not self._aside_is_told:
                self._aside_is_told = True
                self._tell(
                    f"this machine permits no namespaces of one's own ({found['not_isolated']}): "
                    "the catalog is moved aside while a scrambled copy is in its place"
                )
            with folder.moved_aside():
                return _ask(folder.path, {**request, "copy": None})
        return found


def _ask(folder: Path, request: dict[str, Any]) -> dict[str, Any]:
    """Start a child and wait for its answer."""
    asked, answered = folder / "request.json", folder / "answer.json"
    answered.unlink(missing_ok=True)
    asked.write_text(json.dumps(request), encoding="utf-8")
    child = subprocess.run(
        [sys.executable, *_CHILD, str(asked), str(answered)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if child.returncode or not answered.is_file():
        msg = f"a run of the proof ended with code {child.returncode}:\n{child.stdout[-2000:]}"
        raise ProofError(msg)
    found: dict[str, Any] = json.loads(answered.read_text(encoding="utf-8"))
    return found


def choose_instants(
    decisions: Sequence[Any], window: tuple[int, int], count: int, seed: int
) -> list[int]:
    """Choose instants at random, in time order.

    Two of three are moments of decisions, where the shortest look ahead shows; the others lie
    anywhere in the window.
    """
    random = np.random.default_rng(seed)
    moments = np.unique(np.array([d[0] for d in decisions], np.int64))
    moments = moments[(moments >= window[0]) & (moments < window[1])]
    of_decisions = min(-(-2 * count // 3), len(moments))
    chosen = random.choice(moments, of_decisions, replace=False).tolist() if of_decisions else []
    chosen += random.integers(*window, count - of_decisions).tolist()
    return sorted(chosen)


def difference(before: Sequence[Any], again: dict[str, Any], at_ns: int) -> str:
    """Return the first difference between the decisions before an instant, or nothing."""
    if again["failure"]:
        return f"the run failed: {again['failure']}"
    after = [d for d in again["decisions"] if d[0] <= at_ns]
    for number, (first, second) in enumerate(zip(before, after, strict=False), start=1):
        if first != second:
            return f"decision {number} was {_show(first)} and is {_show(second)}"
    if len(before) == len(after):
        return ""
    number = min(len(before), len(after)) + 1
    if len(before) > len(after):
        return f"decision {number}, {_show(before[number - 1])}, is not made"
    return f"there is a decision {number} more: {_show(after[number - 1])}"


def _show(decision: Any) -> str:
    ns, content = decision
    return f"{json.dumps(content, separators=(',', ':'))} at {show_time(ns)}"


def has_collapsed(gross: Sequence[float], delayed: Sequence[float]) -> bool:
    """Return whether a profit that was no accident is gone, by half or more.

    No accident: twice what the same results with signs at random would come to.
    """
    profit, noise = sum(gross), math.sqrt(sum(g * g for g in gross))
    return profit > _SIGNIFICANT * noise and sum(delayed) <= _COLLAPSE * profit


def typical_interval_ns(factors: FactorCatalog, name: str, window: tuple[int, int]) -> int | None:
    """Return the median time between two changes of a factor's value; None without two."""
    changes: list[NDArray[np.int64]] = []
    last = np.nan
    for batch in factors.batches(*window, names=[name]):
        values = batch.values[:, 0]
        known = np.flatnonzero(~np.isnan(values))
        if len(known):
            changed = np.diff(values[known], prepend=last) != 0
            changes.append(batch.ts_init[known[changed]])
            last = values[known[-1]]
    gaps = np.diff(np.concatenate(changes)) if changes else np.empty(0)
    return int(np.median(gaps)) if len(gaps) else None
