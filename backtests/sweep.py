"""Search the parameters of a strategy over walk-forward folds."""

from __future__ import annotations

from adapters.process.stop_signals import LEFT_AT_ONCE, leave_at_stop_signals

if __name__ == "__main__":
    # Before the other imports, which take a second.
    leave_at_stop_signals("sweep.py", LEFT_AT_ONCE)

import sys
from typing import TYPE_CHECKING, Final

from adapters.command.terminal import say
from adapters.command.user_code.user_modules import leave_out_script_folder
from backtests.run.research_extra import check_research_extra
from backtests.sweeping.setup.command_line import parse
from dolphin_strategies.errors import DolphinError

if TYPE_CHECKING:
    from collections.abc import Sequence

FAILED: Final = 1
BAD_CONFIG: Final = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    options = parse(arguments)
    try:
        check_research_extra("sweep.py", "optuna", "scipy", *(("ray",) if options.ray else ()))
        # After the check of the command line: loading takes a second.
        from backtests.sweeping.sweep_command import Sweep  # noqa: PLC0415

        sweep = Sweep(options, arguments)
    except DolphinError as error:
        say(f"sweep.py: {error}", to=sys.stderr)
        return BAD_CONFIG
    try:
        return sweep.run()
    except DolphinError as error:
        say(f"sweep.py: {error}", to=sys.stderr)
        return FAILED


if __name__ == "__main__":
    leave_out_script_folder()
    sys.exit(main())
