"""Say whether a strategy's result depends on the calendar, and when to stay out."""

from __future__ import annotations

import os

from adapters.process.stop_signals import (
    LEFT_AT_ONCE,
    ignore_stop_signals,
    leave_at_stop_signals,
)

if __name__ == "__main__":
    # Small matrices; read when numpy is loaded.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # Until what is found is written.
    leave_at_stop_signals("advise.py", LEFT_AT_ONCE)

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from adapters.command.output_place import check_out_file
from adapters.command.progress_bar import StepProgress
from adapters.command.terminal import say
from backtests.advising.command_line import check, parse
from backtests.run.research_extra import check_research_extra
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
        check_research_extra("advise.py", "arch", "scipy")
        # After the check of the command line: loading takes a second.
        from backtests.advising.advice_files import write_advice  # noqa: PLC0415
        from backtests.advising.advice_text import summary  # noqa: PLC0415
        from backtests.advising.calendar_advice import calendar_advice  # noqa: PLC0415
        from backtests.advising.calendar_effects import calendar_effects  # noqa: PLC0415
        from backtests.advising.trade_outcomes import read_outcomes  # noqa: PLC0415

        outcomes = read_outcomes(options.runs)
        with StepProgress(2 * options.draws, "draws") as bar:
            effects = calendar_effects(
                outcomes,
                draws=options.draws,
                seed=options.seed,
                level=options.level,
                progress=bar.add,
            )
        advice = calendar_advice(outcomes, effects)
        path = options.out or options.runs[0] / "advice.json"
        if arguments is None:
            ignore_stop_signals()  # the end: its files are all there, or none
        write_advice(path, outcomes, effects, advice)
    except DolphinError as error:
        say(f"advise.py: {error}", to=sys.stderr)
        return BAD_CONFIG
    say(summary(effects, advice, outcomes.days))
    say(f"\nadvice in {path}, its page in {path.with_suffix('.html')}")
    return 0


if __name__ == "__main__":
    # Python adds this script's folder, whose modules could shadow a library's.
    sys.path[0] = str(Path.cwd())
    sys.exit(main())
