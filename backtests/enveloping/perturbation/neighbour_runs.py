"""NeighbourRuns: the backtests of neighbours, in processes of their own, some at a time."""

from __future__ import annotations

import json
import select
from typing import TYPE_CHECKING, Any, Final

from adapters.process.child import Child, module_command
from backtests.enveloping.perturbation.neighbours import OWN, Neighbour
from dolphin_strategies.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

_MODULE: Final = "backtests.enveloping.perturbation.neighbour_process"
_FOLDER: Final = "neighbours"


class NeighbourRuns:
    """Runs the backtest of a run's folder again, with what differs.

    Parameters
    ----------
    folder : Path
        The run's; the neighbours' folders are in its folder ``neighbours``.
    result : mapping
        Its ``result.json``.
    config : Path, optional
        The settings with which it was made: venue, market and the like.
    workers : int
        Processes at a time.

    """

    def __init__(
        self, folder: Path, result: Mapping[str, Any], config: Path | None, workers: int
    ) -> None:
        self._folder: Final = folder / _FOLDER
        self._result: Final = result
        self._config: Final = config
        self._workers: Final = workers

    def run(
        self,
        neighbours: Sequence[Neighbour],
        check_own: Callable[[Path], object],
        progress: Callable[[int, str], object],
    ) -> tuple[list[Path], list[str]]:
        """Run all, the configuration as it is first and alone.

        Parameters
        ----------
        neighbours : sequence of Neighbour
            What differs in each.
        check_own : callable
            Called with the folder of the configuration as it is, before the others begin.
        progress : callable
            Called with the number of runs that are done and the name of the last one.

        Returns
        -------
        folders : list of Path
            Of those that were run, in the order of the neighbours.
        left_out : list of str
            The neighbours that the data or the strategy refuses, a sentence each.

        Raises
        ------
        ConfigError
            If a run failed.

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
                    answers[name] = _answer(name, child, lines)
                    if name == OWN:
                        check_own(self._folder / OWN)
                    progress(len(answers), name)
        finally:
            for _, child in going.values():
                child.kill()
        left_out = [f"{name}: {a['refused']}" for name, a in answers.items() if a["refused"]]
        found = [self._folder / name for name in names[1:] if not answers[name]["refused"]]
        return found, left_out

    def _begin(self, neighbour: Neighbour) -> Child:
        own = self._result
        child = Child(module_command(_MODULE))
        request: dict[str, Any] = {
            "config": None if self._config is None else str(self._config),
            "strategy": own["strategy"],
            "values": {**own["config"], **neighbour.values},
            "catalog": own["catalog"],
            "start_ns": own["start_ns"],
            "end_ns": own["end_ns"],
            "delay": neighbour.delay or own["delay"],
            "folder": str(self._folder / neighbour.name),
        }
        child.send(json.dumps(request))
        return child


def _answer(name: str, child: Child, lines: list[str] | None) -> dict[str, str]:
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
    return answer
