"""Replay a recorded session in a backtest and compare the strategy's inputs and actions."""

from __future__ import annotations

from adapters.process.stop_signals import LEFT_AT_ONCE, leave_at_stop_signals

if __name__ == "__main__":
    # To its end: it writes nothing.
    leave_at_stop_signals("check_parity.py", LEFT_AT_ONCE)

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from adapters.command.terminal import say, say_document
from adapters.command.user_code.user_modules import leave_out_script_folder
from adapters.session.recorded_session import RecordedSession
from backtests.parity.session_check import check
from dolphin_strategies.errors import DolphinError

if TYPE_CHECKING:
    from collections.abc import Sequence

EPILOG: Final = """\
examples:
  run_node.py --seconds 60 --record sessions/monday    then
  check_parity.py sessions/monday
  check_parity.py --json sessions/monday               for a program
  check_parity.py sessions/monday && echo "a backtest of it may be believed"

The session is the folder of run_node.py --record FOLDER. Run this command from the folder in
which the node was started, so that the strategy is found. docs/parity.md explains the result.
exit codes: 0 parity; 1 not; 2 the session cannot be used, or bad usage; 130 ended by a signal.
"""

PARITY: Final = 0
NO_PARITY: Final = 1
UNUSABLE: Final = 2


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        prog="check_parity.py",
        description=__doc__,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--json", action="store_true", help="the result as JSON, for programs")
    parser.add_argument("session", type=Path, metavar="SESSION_DIR", help="the session's folder")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    options = parse(arguments)
    try:
        report = check(RecordedSession(options.session))
    except DolphinError as error:
        say(f"check_parity.py: {error}", to=sys.stderr)
        return UNUSABLE
    if options.json:
        say_document({"session": str(options.session), **report.as_dict()})
        return PARITY if report.is_parity else NO_PARITY
    say(f"{options.session}: {'PARITY' if report.is_parity else 'NO PARITY'}")
    say("\n".join(f"  {line}" for line in report.lines))
    return PARITY if report.is_parity else NO_PARITY


if __name__ == "__main__":
    leave_out_script_folder()
    sys.exit(main())
