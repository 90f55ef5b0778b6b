"""The look-ahead proof: no decision before an instant changes when all that follows it does."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from adapters.catalog import FactorCatalog
from backtests.inputs.coverage import show_time
from backtests.inputs.factor_delay import FactorDelay, show_duration
from backtests.lookahead.freshness import Freshness, has_collapsed, typical_interval_ns
from backtests.lookahead.proof_folder import ProofFolder
from backtests.lookahead.scrambled_catalog import HOWS, scramble
from backtests.lookahead.verdict import Comparison, Verdict
from dolphin_strategies.errors import DolphinError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path


_CHILD: Final = ("-m", "backtests.lookahead.proof_child")


class ProofError(DolphinError):
    """A proof could not be made."""


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
            found: list[Comparison] = []
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

    def _compare(
        self, folder: ProofFolder, base: dict[str, Any], at_ns: int, i: int
    ) -> Comparison:
        """Run with everything after an instant scrambled."""
        how = HOWS[i % len(HOWS)]
        folder.renew_copy()
        done = scramble(folder.copy, at_ns, how, self._seed + i)
        again = self._run(folder, base, until_ns=at_ns + 1)
        before = [d for d in base["decisions"] if d[0] <= at_ns]
        return Comparison(
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
