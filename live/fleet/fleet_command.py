"""The command line of ``run_fleet.py``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from adapters.command.terminal import say
from adapters.process.core_dumps import keep_secrets_from_core_dumps
from adapters.process.stop_signals import LEFT_AT_ONCE, interrupt_at_stop_signals
from dolphin_strategies.errors import ConfigError, DolphinError

if TYPE_CHECKING:
    from collections.abc import Sequence

DESCRIPTION: Final = (
    "Run producers, bridges, recorders and nodes together: start, watch, compare, promote."
)
EXAMPLES: Final = """\
examples:
  run_fleet.py fleet.toml --check                  the whole file and each service's own settings
  run_fleet.py fleet.toml start                    all of it in the background, in order
  run_fleet.py fleet.toml status                   who runs, since when silent, what went wrong
  run_fleet.py fleet.toml restart green            one of it, or several: restart blue green
  run_fleet.py fleet.toml logs green --lines 50    what it said
  run_fleet.py fleet.toml reload                   read the file again; restart what changed
  run_fleet.py fleet.toml compare blue green       what both did over the same inputs
  run_fleet.py fleet.toml promote green --overrule min_trial
  run_fleet.py fleet.toml rollback                 the one that led before leads again
  run_fleet.py fleet.toml stop                     in reverse order, nodes flat
  run_fleet.py fleet.toml run                      supervise in this terminal, until Ctrl-C
  run_fleet.py fleet.toml --print-systemd          units instead of a supervisor

exit codes: 0 done as asked; 1 something failed; 2 bad usage or a file that cannot be used; 5 a
promotion was refused, and nothing has changed; 130 left by a signal.
status: 0 everything runs; 3 nothing does; 4 some do not.
"""
BAD_CONFIG: Final = 2
FAILED: Final = 1
COMMANDS: Final = (
    "run", "start", "stop", "restart", "status", "logs", "reload", "compare", "promote",
    "rollback",
)  # fmt: skip
PRECONDITIONS: Final = ("runs", "min_trial", "parity", "envelope", "alarms")
MOST_NAMES: Final = {"compare": 2, "restart": sys.maxsize, "run": 0}
"""How many names a command takes, if not one at most."""


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        prog="run_fleet.py",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("fleet", type=Path, metavar="FLEET.toml", help="the fleet; see docs/fleet.md")
    add("command", nargs="?", choices=COMMANDS, metavar="COMMAND",
        help="one of " + ", ".join(COMMANDS))  # fmt: skip
    add("names", nargs="*", metavar="NAME", help="the services (default: all)")
    add("--check", action="store_true", help="check everything, start nothing")
    add("--print-systemd", action="store_true", help="print a systemd unit for each service")
    add("--json", action="store_true", help="status, compare: everything, for programs")
    add("--lines", type=int, default=20, metavar="N", help="logs: how many (default: 20)")
    add("--live-orders", action="store_true", help="run, start, --print-systemd: nodes "
        "that ask for real orders may send them")  # fmt: skip
    add("--overrule", action="append", default=[], choices=PRECONDITIONS, metavar="NAME",
        help="promote: go on although this does not hold: one of " + ", ".join(PRECONDITIONS)
        + "; may be repeated")  # fmt: skip
    add("--sessions", type=Path, nargs=2, metavar="DIR", help="compare: these sessions (default: "
        "the newest of both nodes)")  # fmt: skip
    add("--only-stops", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    given = [options.check, options.print_systemd, options.command is not None]
    if sum(given) != 1:
        parser.error("expected a COMMAND, --check or --print-systemd, and one of them only")
    most = MOST_NAMES.get(options.command, 1)
    if len(options.names) > most:
        parser.error(f"{options.command}: expected at most {most} names, found {options.names}")
    if options.command == "promote" and len(options.names) != 1:
        parser.error("promote: expected the NAME of the node that is to lead")
    if options.lines < 1:
        parser.error(f"--lines: expected 1 or more, found {options.lines}")
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    keep_secrets_from_core_dumps()
    try:
        options = parse(sys.argv[1:] if arguments is None else arguments)
    except SystemExit as left:  # argparse has said why
        return int(left.code or 0)
    # Each command loads what it needs: a supervisor needs no NautilusTrader.
    from live.fleet.commands import run_command  # noqa: PLC0415

    if options.command != "run":
        interrupt_at_stop_signals()
    try:
        return run_command(options)
    except KeyboardInterrupt:
        return LEFT_AT_ONCE
    except ConfigError as error:
        say(f"run_fleet.py: {error}", sys.stderr)
        return BAD_CONFIG
    except DolphinError as error:
        say(f"run_fleet.py: {error}", sys.stderr)
        return FAILED
