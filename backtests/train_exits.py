"""Train a model of exits from the positions of backtests."""

from __future__ import annotations

from adapters.process.stop_signals import (
    LEFT_AT_ONCE,
    ignore_stop_signals,
    interrupt_at_stop_signals,
    leave_at_stop_signals,
)

if __name__ == "__main__":
    # Before the other imports; nothing was begun.
    leave_at_stop_signals("train_exits.py", LEFT_AT_ONCE)

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from adapters.command.output_place import check_out_file
from adapters.command.terminal import say
from backtests.exit_training.command_line import options_of, parse
from backtests.run.research_extra import check_research_extra
from dolphin_strategies.errors import DolphinError

if TYPE_CHECKING:
    from collections.abc import Sequence

FAILED: Final = 1
BAD_CONFIG: Final = 2
INTERRUPTED: Final = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    parsed = parse(sys.argv[1:] if arguments is None else arguments)
    # After the check of the command line: loading takes a second.
    from adapters.process.safe_files import UnusableFileError, write_private  # noqa: PLC0415
    from backtests.exit_training.training_run import train  # noqa: PLC0415
    from backtests.exit_training.verdict_text import verdict_text  # noqa: PLC0415
    from dolphin_strategies.exits.model.model_text import text_of  # noqa: PLC0415

    interrupt_at_stop_signals()
    try:
        options = options_of(parsed)
        check_out_file(options.out)
        check_research_extra("train_exits.py", "arch", "scipy")
        trained = train(options, say)
        keeps = options.keeps_own_exits
        say(f"\n{verdict_text(trained.results, options.level, keeps_own_exits=keeps)}")
        if arguments is None:
            ignore_stop_signals()  # the end: its files are all there, or none
        write_private(options.out, text_of(trained.model))
    except UnusableFileError as error:
        say(f"train_exits.py: {error}", to=sys.stderr)
        return FAILED
    except DolphinError as error:
        say(f"train_exits.py: {error}", to=sys.stderr)
        return BAD_CONFIG
    except KeyboardInterrupt:
        say("train_exits.py: ended by a signal; nothing was written", to=sys.stderr)
        return INTERRUPTED
    say(f"\nmodel in {options.out}")
    say("next: name it in a strategy's settings and run a backtest with it, see docs/exits.md")
    return 0


if __name__ == "__main__":
    # Python adds this script's folder, whose modules could shadow others.
    sys.path[0] = str(Path.cwd())
    sys.exit(main())
