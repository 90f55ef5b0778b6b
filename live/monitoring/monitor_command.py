"""The command ``monitor.py``."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from adapters.command.terminal import JSON_HELP, moves_cursor, say, say_document
from dolphin_strategies.errors import DolphinError
from live.monitoring.picture_document import document_of
from live.monitoring.screens.overview_rows import rows_of
from live.monitoring.watching.alarm_tail import AlarmTail
from live.monitoring.watching.problems import problems
from live.monitoring.watching.watcher import Watcher

if TYPE_CHECKING:
    from collections.abc import Sequence

OK: Final = 0
PROBLEMS: Final = 1
BAD_USAGE: Final = 2
DESCRIPTION: Final = (
    "Show what runs on this machine: producers, regions, nodes, alarms. It only reads."
)
EXAMPLES: Final = """\
examples:
  monitor.py                              everything of this user
  monitor.py /dev/shm/dolphin_exf         this region and its service
  monitor.py --node /run/user/1000/btc.state    the node that runs with --state FILE
  monitor.py --fleet /run/user/1000/fleet    the fleet with this run_folder, and its nodes
  monitor.py --alarms alarms.jsonl        and the last alarms of watchdog.py --alarm-file
  monitor.py --once                       print the overview, for scripts and for no terminal
  monitor.py --once --json                the same as JSON; docs/json.md has the fields
  NO_COLOR=1 monitor.py                   without colours

keys: arrows, Page Up and Down; Enter opens a line; Escape goes back; / finds a factor; p problems;
a alarms; q quits; on a node's page h halt, r reduce, f flat, u resume, each after a
confirmation.
exit codes: 0 left, or with --once all is well; 1 with --once: there are problems; 2 bad usage, or
Textual is not installed (uv run --extra monitor live/monitor.py).
"""


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        prog="monitor.py",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("regions", nargs="*", type=Path, metavar="REGION", help="regions to watch, and no others "
        "(default: all of this user in /dev/shm)")  # fmt: skip
    add("--node", nargs="+", action="extend", type=Path, default=[], metavar="STATE",
        help="states of nodes to watch, and no others (default: all of this user)")  # fmt: skip
    add("--fleet", nargs="+", action="extend", type=Path, default=[], metavar="FOLDER",
        help="run folders of fleets to watch, and no others (default: all of this user in "
        "/dev/shm)")  # fmt: skip
    add("--alarms", nargs="+", action="extend", type=Path, default=[], metavar="FILE",
        help="alarm files of watchdogs")  # fmt: skip
    add("--factors", nargs="+", action="extend", type=Path, default=[], metavar="FILE.toml",
        help="factor files of your own, for units and sources")  # fmt: skip
    add("--once", action="store_true", help="print the overview as text and leave")
    add("--json", action="store_true", help=f"with --once: {JSON_HELP}")
    options = parser.parse_args(arguments)
    if options.json and not options.once:
        parser.error("--json belongs to --once")
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    options = parse(sys.argv[1:] if arguments is None else arguments)
    watcher = Watcher(
        [path.absolute() for path in options.regions],
        [path.absolute() for path in options.node],
        [AlarmTail(path.absolute()) for path in options.alarms],
        fleets=[path.absolute() for path in options.fleet],
    )
    try:
        if options.once:
            return print_once(watcher, as_json=options.json)
        return show(watcher, options.factors)
    except DolphinError as error:
        say(f"monitor.py: {error}", sys.stderr)
        return BAD_USAGE
    finally:
        watcher.close()


def print_once(watcher: Watcher, *, as_json: bool) -> int:
    """Print the overview; return whether there are problems as an exit code."""
    picture = watcher.look()
    if as_json:
        say_document(document_of(picture))
    else:
        for row in rows_of(picture):
            say(row.text)
    return PROBLEMS if problems(picture) else OK


def show(watcher: Watcher, files: Sequence[Path]) -> int:
    """Show the screens until the user leaves.

    Raises
    ------
    DolphinError
        If there is no terminal, or Textual is not installed.

    """
    # Textual draws on standard error.
    if not all(moves_cursor(stream) for stream in (sys.stdin, sys.stdout, sys.stderr)):
        term = os.environ.get("TERM", "")
        found = f"TERM={term}" if term in {"", "dumb"} else "none"
        msg = (
            f"expected a terminal that can draw, found {found}; with --once it prints the overview"
        )
        raise DolphinError(msg)
    try:
        from live.monitoring.screens.monitor_app import MonitorApp  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "textual":
            raise
        msg = (
            "it needs Textual, which is not installed: uv run --extra monitor live/monitor.py, or "
            "in a folder of your own uv add 'dolphin[monitor]'; "
            "with --once it prints the overview without it"
        )
        raise DolphinError(msg) from None
    MonitorApp(watcher, files).run()
    return OK
