"""The look-ahead proof: no decision before an instant changes when all later data does."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from adapters.catalog import FactorCatalog
from adapters.command.durations import show_duration
from adapters.command.progress_bar import StepProgress
from adapters.process.whole_files import write_private
from backtests.inputs.factor_delay import FactorDelay
from backtests.lookahead.chosen_instants import choose_instants
from backtests.lookahead.copies.proof_folder import ProofFolder
from backtests.lookahead.copies.scrambled_catalog import HOWS, scramble
from backtests.lookahead.delay_sensitivity import (
    DelaySensitivity,
    has_collapsed,
    typical_interval_ns,
)
from backtests.lookahead.first_difference import decisions_until, first_difference
from backtests.lookahead.proof_verdict import ProofVerdict, RerunComparison
from backtests.lookahead.reruns.child_runs import ChildRuns, ProofError
from backtests.lookahead.reruns.column_remaking import Remaking

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path


class Proof:
    """Run a backtest repeatedly, and compare the decisions.

    Parameters
    ----------
    arguments : sequence of str
        The command line of the backtest.
    catalog : Path
        The catalog of the backtest.
    required : sequence of str
        The strategy's required factors.
    delay : FactorDelay
        The delays of the factors in all runs.
    seed : int
        The seed of the instants and of the shuffling.
    report : callable
        Called with a line for the user.
    remake : str, optional
        ``module:function`` that makes recorded columns anew; None: they are taken as they are.
    recordings : sequence of str, optional
        The recordings of the backtest; None: all.

    """

    def __init__(  # noqa: PLR0913, PLR0917 - the parts of a proof
        self,
        arguments: Sequence[str],
        catalog: Path,
        required: Sequence[str],
        delay: FactorDelay,
        seed: int,
        report: Callable[[str], None],
        *,
        remake: str | None = None,
        recordings: Sequence[str] | None = None,
    ) -> None:
        self._arguments: Final = arguments
        self._catalog: Final = catalog
        self._required: Final = required
        self._delay: Final = delay
        self._seed: Final = seed
        self._report: Final = report
        self._remake: Final = remake
        self._recordings: Final = recordings

    def run(self, instants: int) -> ProofVerdict:
        """Make the proof.

        Parameters
        ----------
        instants : int
            The number of instants; the proof ends at the first one at which decisions differ.

        Raises
        ------
        ProofError
            If the first run fails, a process does not answer, or the function that makes columns
            anew fails or makes others than those recorded.
        ConfigError
            If the catalog cannot be copied or put out of reach.

        """
        with ProofFolder(self._catalog) as folder:
            runs = ChildRuns(self._arguments, self._catalog, folder, self._report)
            base = runs.first(self._delay)
            if base["failure"]:
                msg = f"the first run failed: {base['failure']}"
                raise ProofError(msg)
            decisions = base["decisions"]
            self._report(f"first run: {len(decisions):,} decisions, {base['rows']:,} records")
            remaking = self._remaking(runs, folder, base)
            found: list[RerunComparison] = []
            unstable = unstable_remake = ""
            moments = np.array([d[0] for d in decisions], np.int64)
            chosen = choose_instants(moments, base["overlap"], instants, self._seed)
            with StepProgress(len(chosen), "instants") as bar:
                for number, at_ns in enumerate(chosen):
                    one = self._compare(runs, folder, base, at_ns, number)
                    if remaking is not None and not one.difference:
                        one = dataclasses.replace(
                            one,
                            remade_values=remaking.count(at_ns),
                            remade_difference=remaking.difference(at_ns),
                        )
                    found.append(one)
                    with bar.above():
                        self._report(f"  {one}")
                    bar.add()
                    if one.difference:
                        unstable = self._control(runs, folder, base, at_ns)
                        break
                    if remaking is not None and one.remade_difference:
                        unstable_remake = remaking.control(at_ns)
                        break
            is_fair = not any(i.difference or i.remade_difference for i in found)
            freshness = self._freshness(runs, base) if is_fair and found else []
        return ProofVerdict(
            decisions=len(decisions),
            instants=found,
            freshness=freshness,
            unstable=unstable,
            unstable_remake=unstable_remake,
            remade=[] if remaking is None else list(remaking.names),
            required=list(self._required),
            overlap=[(first, last) for first, last in base["overlap"]],
        )

    def _remaking(
        self, runs: ChildRuns, folder: ProofFolder, base: dict[str, Any]
    ) -> Remaking | None:
        """Make the recorded columns anew for the first time, from the catalog itself."""
        if self._remake is None:
            return None
        remaking = Remaking(runs, folder, self._remake)
        window = (base["start_ns"], base["end_ns"])
        count = remaking.check_recorded(self._catalog, window, self._recordings)
        names = ", ".join(remaking.names)
        self._report(f"made anew by {self._remake}: {count:,} values of {names}, as recorded")
        return remaking

    def _compare(
        self, runs: ChildRuns, folder: ProofFolder, base: dict[str, Any], at_ns: int, number: int
    ) -> RerunComparison:
        """Run with all data after an instant scrambled."""
        how = HOWS[number % len(HOWS)]
        folder.renew_copy()
        done = scramble(folder.copy, at_ns, how, self._seed + number)
        again = runs.again(base, at_ns + 1, self._delay, on_copy=True)
        return RerunComparison(
            at_ns=at_ns,
            how=how,
            compared=len(decisions_until(base, at_ns)),
            decisions=len(base["decisions"]),
            later_rows=done.later,
            changed_rows=done.changed,
            difference=first_difference(base, again, at_ns),
        )

    def _control(
        self, runs: ChildRuns, folder: ProofFolder, base: dict[str, Any], at_ns: int
    ) -> str:
        """Run on an unscrambled copy; return the difference, or an empty string."""
        folder.renew_copy()
        again = runs.again(base, at_ns + 1, self._delay, on_copy=True)
        return first_difference(base, again, at_ns)

    def _freshness(self, runs: ChildRuns, base: dict[str, Any]) -> list[DelaySensitivity]:
        """Run with each required factor delayed by its own update interval."""
        found = []
        window = (base["start_ns"], base["end_ns"])
        for name in self._required:
            interval_ns = typical_interval_ns(FactorCatalog(self._catalog), name, window)
            if interval_ns is None:
                continue
            by_name = dict(self._delay.by_name)
            by_name[name] = by_name.get(name, self._delay.all_ns) + interval_ns
            delay = FactorDelay(all_ns=self._delay.all_ns, by_name=by_name)
            again = runs.again(base, base["end_ns"], delay, on_copy=False)
            if again["failure"]:
                later = f"{name} {show_duration(interval_ns)} later"
                msg = f"the run with {later} failed: {again['failure']}"
                raise ProofError(msg)
            one = DelaySensitivity(
                factor=name,
                interval_ns=interval_ns,
                gross=sum(base["gross"]),
                delayed_gross=sum(again["gross"]),
                has_collapsed=has_collapsed(base["gross"], again["gross"]),
            )
            found.append(one)
            self._report(
                f"  {name} later by {show_duration(interval_ns)}, its own interval: "
                f"PnL before fees {one.gross:+,.2f} -> {one.delayed_gross:+,.2f}"
                + ("  COLLAPSED" if one.has_collapsed else "")
            )
        return found


def write_proof(folder: Path, seed: int, verdict: ProofVerdict) -> None:
    """Write a verdict with all its evidence as ``proof.json``.

    Parameters
    ----------
    folder : Path
        The folder; made if missing.
    seed : int
        The seed of the proof.
    verdict : ProofVerdict
        The verdict of the proof.

    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    document = {
        "verdict": str(verdict),
        "exit_code": verdict.exit_code,
        "seed": seed,
        **dataclasses.asdict(verdict),
    }
    text = json.dumps(document, indent=2) + "\n"
    write_private(folder / "proof.json", text)
