"""NeighbourRuns: the backtests of neighbours, in processes of their own, some at a time."""

from __future__ import annotations

import json
import select
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from adapters.process.child import Child, module_command
from backtests.enveloping.perturbation.neighbours import OWN, Neighbour
from backtests.enveloping.run_folder import RunResults, read_run
from dolphin_strategies.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

_MODULE: Final = "backtests.enveloping.perturbation.neighbour_process"
_FOLDER: Final = "neighbours"


class NeighbourRuns:
    """Runs the backtest of a run's folder again, with what differs.

    Parameters
    ----------
    own : RunResults
        The run; the neighbours' folders are in its folder ``neighbours``.
    config : Path, optional
        The settings with which it was made: venue, market and the like.
    workers : int
        Processes at a time.

    """

    def __init__(self, own: RunResults, config: Path | None, workers: int) -> None:
        self._own: Final = own
        self._config: Final = config
        self._workers: Final = workers

    def run(
        self, neighbours: Sequence[Neighbour], progress: Callable[[int, str], object]
    ) -> tuple[list[RunResults], list[str]]:
        """Run all, the configuration as it is first, which must be the run's again.

        Parameters
        ----------
        neighbours : sequence of Neighbour
            What differs in each.
        progress : callable
            Called with the number of runs that are done and the name of the last one.

        Returns
        -------
        runs : list of RunResults
            In the order of the neighbours.
        left_out : list of str
            The neighbours that the data or the strategy refuses, a sentence each.

        Raises
        ------
        ConfigError
            If a run failed, or the configuration as it is gives other results than the run has.

        """
        waiting = [Neighbour(name=OWN), *neighbours]
        names = [neighbour.name for neighbour in waiting]
        going: dict[int, tuple[str, Child]] = {}
        answers: dict[str, dict[str, str]] = {}
        try:
            while waiting or going:
                # The first alone: if it is another run, no other is wanted.
                while waiting and len(going) < (self._workers if answers else 1):
                    neighbour = waiting.pop(0)
                    child = self._begin(neighbour)
                    going[child.out] = (neighbour.name, child)
                for out in select.select(list(going), [], [])[0]:
                    name, child = going[out]
                    lines = child.lines(0)
                    if lines == []:
                        continue
                    del going[out]
                    answers[name] = self._answer(name, child, lines)
                    progress(len(answers), name)
        finally:
            for _, child in going.values():
                child.kill()
        left_out = [f"{name}: {a['refused']}" for name, a in answers.items() if a["refused"]]
        found = [self._read(name) for name in names[1:] if not answers[name]["refused"]]
        return found, left_out

    def _begin(self, neighbour: Neighbour) -> Child:
        own = self._own.result
        child = Child(module_command(_MODULE))
        request: dict[str, Any] = {
            "config": None if self._config is None else str(self._config),
            "strategy": own["strategy"],
            "values": {**own["config"], **neighbour.values},
            "catalog": own["catalog"],
            "start_ns": self._own.start_ns,
            "end_ns": self._own.end_ns,
            "delay": neighbour.delay or own["delay"],
            "folder": str(self._folder(neighbour.name)),
        }
        child.send(json.dumps(request))
        return child

    def _answer(self, name: str, child: Child, lines: list[str] | None) -> dict[str, str]:
        child.wait(1.0)
        code = child.exit_code
        child.kill()
        if lines is None:
            msg = f"the backtest with {name} ended with code {code} and no answer"
            raise ConfigError(msg)
        answer: dict[str, str] = json.loads(lines[0])
        problem = answer["failed"] or (answer["refused"] if name == OWN else "")
        if problem:
            msg = f"the backtest with {name} did not reach its end: {problem}"
            raise ConfigError(msg)
        if name == OWN:
            self._check_is_own()
        return answer

    def _check_is_own(self) -> None:
        own, again = self._own, self._read(OWN)
        # Not the files, in which Nautilus names positions at random.
        if np.array_equal(again.exit_ns, own.exit_ns) and np.allclose(
            again.columns["pnl"], own.columns["pnl"], rtol=1e-9, atol=1e-9
        ):
            return
        config = "without --config" if self._config is None else f"with --config {self._config}"
        msg = (
            f"{self._own.folder}: {config} its backtest gives other trades than it has "
            f"({len(again.exit_ns):,} closed positions, not {len(self._own.exit_ns):,}); give the "
            "file with which it was made, with what else its command line said written into it"
        )
        raise ConfigError(msg)

    def _read(self, name: str) -> RunResults:
        return read_run(self._folder(name), currency=self._own.currency)

    def _folder(self, name: str) -> Path:
        return self._own.folder / _FOLDER / name
