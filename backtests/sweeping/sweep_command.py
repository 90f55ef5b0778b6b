"""One sweep, from its command line to its files."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import optuna
from optuna.storages import JournalStorage

from adapters.command.durations import show_duration
from adapters.command.output_place import check_out_folder
from adapters.command.progress_bar import StepProgress
from adapters.command.terminal import say
from adapters.command.user_code.strategy_class import config_class_of, find_strategy, make_config
from adapters.process.whole_files import write_private
from backtests.run.interrupt import EXIT_CODE, Interrupt
from backtests.run.preparation import prepare
from backtests.sweeping.results.sweep_page import write_page
from backtests.sweeping.results.sweep_result import result_of
from backtests.sweeping.results.sweep_text import summary, values_text
from backtests.sweeping.search.fold_search import FoldSearch
from backtests.sweeping.search.study_file import StudyFile
from backtests.sweeping.search.study_identity import check_identity, identity_of
from backtests.sweeping.search.sweep_run import SweepRun
from backtests.sweeping.setup.command_line import settings_of
from backtests.sweeping.setup.folds import describe, make_folds, step_of
from backtests.sweeping.setup.parameters import read_parameters
from backtests.sweeping.trials.worker_pool import WorkerPool

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from backtests.sweeping.setup.sweep_settings import SweepSettings
    from backtests.sweeping.trials.worker_pool import Workers

STUDY: Final = "study.jsonl"


class Sweep:
    """A sweep whose inputs were checked and whose study is open.

    Parameters
    ----------
    options : argparse.Namespace
        The command line.
    arguments : sequence of str
        The same as words, for the workers.

    Raises
    ------
    DolphinError
        If something is missing or cannot be used, or the study was made with something else.

    """

    def __init__(self, options: argparse.Namespace, arguments: Sequence[str]) -> None:
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        settings, sweep = settings_of(options)
        self._options = options
        self._arguments = arguments
        self._sweep: SweepSettings = sweep
        data = prepare(options.catalog, settings, None).data
        strategy = find_strategy(settings.strategy.path)
        defaults = make_config(strategy, settings.strategy.config)
        where = str(options.config or "sweep")
        self._parameters = read_parameters(
            sweep.parameters, config_class_of(strategy), defaults, where
        )
        horizon_ns = self._horizon_ns = sweep.horizon.ns
        folds = make_folds(
            data.start_ns,
            data.end_ns,
            count=sweep.folds,
            horizon_ns=horizon_ns,
            train_ns=None if sweep.train is None else sweep.train.ns,
            test_ns=None if sweep.test is None else sweep.test.ns,
        )
        self._step_ns = step_of(folds, horizon_ns, 0)
        name = settings.strategy.path.rpartition(":")[2]
        self._title = f"sweep of {name} on {options.catalog.name}"
        self._folder: Path = options.out or Path(f"sweep-{name}")
        check_out_folder(self._folder)
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._file = StudyFile(self._folder / STUDY)
        storage = JournalStorage(self._file)
        identity = identity_of(
            options.catalog, settings, sweep, self._parameters, folds, self._step_ns
        )
        self._is_new = check_identity(storage, self._file.path, identity)
        self._searches = [
            FoldSearch(storage, fold, self._parameters, sweep, self._step_ns) for fold in folds
        ]
        self._notes = [
            f"{options.catalog}: horizon {show_duration(horizon_ns)}, purged before and embargoed "
            f"after each split; returns of {show_duration(self._step_ns)}",
            f"{sweep.trials} trials of each fold, {sweep.sampler}, seed {sweep.seed}, "
            f"maximising {sweep.objective}",
            *(f"  {parameter}" for parameter in self._parameters),
            *describe(folds),
        ]

    def run(self) -> int:
        """Run what is left, write the results and return the exit code.

        Raises
        ------
        DolphinError
            If the sweep cannot reach its end.

        """
        for note in self._notes:
            say(note)
        total = sum(max(s.done, self._sweep.trials) for s in self._searches)
        done = sum(s.done for s in self._searches)
        if not self._is_new:
            is_over = all(s.is_over and s.test() is not None for s in self._searches)
            what = "nothing to do; raise --trials to go on" if is_over else "going on"
            say(f"{self._file.path}: {done:,} of {total:,} trials are done; {what}")
            if is_over:
                self._write(is_whole=True)
                return 0
        with Interrupt() as interrupt, StepProgress(total, "trials", done=done) as progress:
            workers = self._workers()
            is_whole = not interrupt.is_asked and self._search(workers, interrupt, progress)
        self._write(is_whole=is_whole)
        if is_whole:
            return 0
        kept = sum(s.done for s in self._searches)
        say(
            f"sweep.py: ended by a signal; {kept:,} of {total:,} trials are kept in "
            f"{self._file.path}: the same command goes on",
            to=sys.stderr,
        )
        return EXIT_CODE

    def _search(self, workers: Workers, interrupt: Interrupt, progress: StepProgress) -> bool:
        """Run the trials; return whether all are done."""

        def show() -> None:
            progress.show(sum(s.done for s in self._searches), self._best())

        try:
            with workers:
                run = SweepRun(self._searches, workers, show, lambda: interrupt.is_asked)
                return run.run()
        except KeyboardInterrupt:  # while the workers start
            return False

    def _best(self) -> str:
        """Return the best trial of all folds as text, empty if none has a result."""
        found = [b for s in self._searches if (b := s.best()) is not None]
        if not found:
            return ""
        best = max(found, key=lambda b: b.score)
        return f"best {best.score:.4g}: {values_text(best.values)}"

    def _workers(self) -> Workers:
        count = self._options.workers
        if self._options.ray is None:
            return WorkerPool(count, self._arguments)
        from backtests.sweeping.trials.on_ray.ray_cluster import set_environment  # noqa: PLC0415

        # Ray reads it when it is imported.
        set_environment(self._options.ray)
        from backtests.sweeping.trials.on_ray.ray_workers import RayWorkers  # noqa: PLC0415 - the extra

        return RayWorkers(self._options.ray, count, self._arguments)

    def _write(self, *, is_whole: bool) -> None:
        result = result_of(self._searches, self._step_ns, self._horizon_ns, is_whole=is_whole)
        document: dict[str, Any] = {
            "title": self._title,
            "horizon_ns": self._horizon_ns,
            "step_ns": self._step_ns,
            "parameters": [parameter.as_dict() for parameter in self._parameters],
            **result.as_dict(),
        }
        write_private(self._folder / "sweep.json", json.dumps(document, indent=2) + "\n")
        page = self._folder / "sweep.html"
        write_page(page, result, self._parameters, self._title, self._notes)
        say(f"\n{summary(result)}\n\nresults in {self._folder}: sweep.html, sweep.json, {STUDY}")
