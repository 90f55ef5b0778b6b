"""Fit a model of regimes to a catalog's prices, and judge it out of sample."""

from __future__ import annotations

from adapters.process.stop_signals import (
    LEFT_AT_ONCE,
    ignore_stop_signals,
    leave_at_stop_signals,
)

if __name__ == "__main__":
    # Until the end: the model is written in one call at the end.
    leave_at_stop_signals("fit_regimes.py", LEFT_AT_ONCE)

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from adapters.command.instants import instant_option
from adapters.command.output_place import check_out_file
from adapters.command.progress_bar import StepProgress
from adapters.command.terminal import say
from backtests.regimes.command_line import check, lengths_of, parse
from dolphin_strategies.errors import DolphinError

if TYPE_CHECKING:
    from collections.abc import Sequence

BAD_CONFIG: Final = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    options = parse(sys.argv[1:] if arguments is None else arguments)
    try:
        check(options)
        check_out_file(options.out)
        step_ns, memory_ns = lengths_of(options)
        # After the check of the command line: loading takes a second.
        from adapters.command.models.regime_model import text_of  # noqa: PLC0415
        from adapters.process.safe_files import write_private  # noqa: PLC0415
        from backtests.regimes.fit_text import fit_text, table_text  # noqa: PLC0415
        from backtests.regimes.regime_fit import fit_regimes  # noqa: PLC0415
        from backtests.regimes.step_returns import read_returns  # noqa: PLC0415

        returns = read_returns(
            options.catalog,
            instrument=options.instrument,
            factor=options.factor,
            step_ns=step_ns,
            memory_ns=memory_ns,
            start_ns=instant_option("--start", options.start),
            end_ns=instant_option("--end", options.end),
        )
        with StepProgress(options.starts, "starts") as bar:
            found = fit_regimes(
                returns,
                states=options.states,
                holdout=options.holdout,
                starts=options.starts,
                seed=options.seed,
                progress=lambda done, fit: bar.show(
                    done, f"log-likelihood {fit.log_likelihood:,.2f}, {fit.rounds} rounds"
                ),
            )
        if arguments is None:
            ignore_stop_signals()  # the end: its files are all there, or none
        write_private(options.out, text_of(found.model))
    except DolphinError as error:
        say(f"fit_regimes.py: {error}", to=sys.stderr)
        return BAD_CONFIG
    say(fit_text(found))
    say(f"\nmodel in {options.out}; in a file of computed factors:\n")
    say(table_text(options.out, returns.instrument))
    return 0


if __name__ == "__main__":
    # Python adds this script's folder, whose modules could shadow a library's.
    sys.path[0] = str(Path.cwd())
    sys.exit(main())
