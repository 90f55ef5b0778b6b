"""Make the envelope of a strategy: what live may look like, by its backtests."""

from __future__ import annotations

from adapters.process.stop_signals import (
    LEFT_AT_ONCE,
    ignore_stop_signals,
    interrupt_at_stop_signals,
    leave_at_stop_signals,
)

if __name__ == "__main__":
    # Until the end: what is written is written in two calls at the end.
    leave_at_stop_signals("envelope.py", LEFT_AT_ONCE)

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from adapters.command.output_place import check_out_file
from adapters.command.progress_bar import StepProgress
from adapters.command.terminal import say
from backtests.enveloping.command_line import check, costs_of, parse
from backtests.run.research_extra import check_research_extra
from dolphin_strategies.errors import DolphinError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from backtests.enveloping.run_folder import RunResults

BAD_CONFIG: Final = 2


def perturbed(options: argparse.Namespace, own: RunResults) -> tuple[list[RunResults], list[str]]:
    """Run the neighbours of a run; return their results, and which are left out.

    Raises
    ------
    ConfigError
        If a backtest failed, or the first RUN's settings are not those of ``--config``.
    KeyboardInterrupt
        At a stop signal, after the processes were ended.

    """
    from adapters.command.strategy_class import StrategySettings  # noqa: PLC0415 - see main
    from backtests.enveloping.perturbation.neighbour_runs import NeighbourRuns  # noqa: PLC0415
    from backtests.enveloping.perturbation.neighbours import neighbourhood  # noqa: PLC0415
    from backtests.enveloping.run_folder import check_same_trades, read_run  # noqa: PLC0415
    from backtests.inputs.factor_delay import read_delays  # noqa: PLC0415

    if __name__ == "__main__":
        interrupt_at_stop_signals()
    strategy = StrategySettings(path=own.result["strategy"], config=own.result["config"])
    delays = [] if options.factor_delay is None else read_delays(options.factor_delay)
    found = neighbourhood(strategy, options.perturb, [str(delay) for delay in delays])
    count = len(found.runs) + 1
    workers = options.workers or os.cpu_count() or 1
    with StepProgress(count, "runs") as bar:
        folders, refused = NeighbourRuns(own.folder, own.result, options.config, workers).run(
            found.runs,
            lambda folder: check_same_trades(own, read_run(folder, own.currency), options.config),
            bar.show,
        )
    runs = [read_run(folder, own.currency) for folder in folders]
    return runs, [*found.left_out, *refused]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    options = parse(sys.argv[1:] if arguments is None else arguments)
    try:
        check(options)
        check_out_file(options.out)
        costs = costs_of(options.cost)
        check_research_extra("envelope.py", "arch", "scipy")
        # After the check of the command line: loading takes a second.
        from backtests.enveloping.envelope_document import make_document  # noqa: PLC0415
        from backtests.enveloping.envelope_files import write_envelope, write_page  # noqa: PLC0415
        from backtests.enveloping.envelope_text import summary  # noqa: PLC0415
        from backtests.enveloping.run_folder import read_run  # noqa: PLC0415

        runs = [read_run(folder) for folder in options.runs]
        left_out: list[str] = []
        if options.perturb is not None or options.factor_delay is not None:
            found, left_out = perturbed(options, runs[0])
            runs += found
        with StepProgress(options.draws, "futures drawn") as bar:
            document = make_document(
                runs,
                costs=costs,
                draws=options.draws,
                seed=options.seed,
                perturbed=options.perturb,
                left_out=left_out,
                progress=bar.add,
            )
        path = options.out or options.runs[0] / "envelope.json"
        if arguments is None:
            ignore_stop_signals()  # the end: its files are all there, or none
        envelope = write_envelope(path, document)
        write_page(path.with_suffix(".html"), envelope)
    except DolphinError as error:
        say(f"envelope.py: {error}", to=sys.stderr)
        return BAD_CONFIG
    except KeyboardInterrupt:
        say("envelope.py: ended by a signal; no envelope was written", to=sys.stderr)
        return LEFT_AT_ONCE
    say(summary(envelope))
    say(f"\nenvelope in {path}, its page in {path.with_suffix('.html')}")
    say(f'next: file = "{path}" in the table [envelope] of a node, see docs/envelope.md')
    return 0


if __name__ == "__main__":
    # Python adds this script's folder, whose modules could shadow a strategy's module.
    sys.path[0] = str(Path.cwd())
    sys.exit(main())
