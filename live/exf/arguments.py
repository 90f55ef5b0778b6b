"""The command line of run_exf.py."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

DESCRIPTION = "Gather external factors from the exchanges' public APIs and publish them."
EXAMPLES = """\
examples:
  run_exf.py run                          in this terminal, until Ctrl-C
  run_exf.py start                        in the background; also stop, restart, status
  run_exf.py status --json                everything that is known of it
  run_exf.py factors                      which factors there are, and where each comes from
  run_exf.py fields bybit                 what else a venue's answers hold, for factors of your own
  run_exf.py run --record recordings      and keep what was published
  run_exf.py run --replay recordings      publish a recording at its own pace, ask nobody
  run_exf.py run --base-url http://127.0.0.1:8080     every venue at one address of yours

exit codes: 0 done as asked; 1 something failed; 2 bad usage or configuration; 5 stopped as asked,
and no host had ever answered; 130 left by a second signal.
status: 0 every factor has a value; 3 not running; 4 some factors have none; 5 none has; 6 the
service runs and does not respond.
"""


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        prog="run_exf.py",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    helps = {
        "run": "gather in this terminal, until Ctrl-C",
        "start": "gather in the background; refused if a service for the region runs",
        "stop": "stop the service in the background, by force after 6 s",
        "restart": "stop it and start it again; readers stay attached",
        "status": "say how it is; the exit code tells it too",
        "check": "check the configuration, start nothing",
        "factors": "print the factors as a table",
        "fields": "print what the endpoints of the venues give",
    }
    for name, text in helps.items():
        command = commands.add_parser(name, help=text, description=text.capitalize() + ".")
        add = command.add_argument
        add("--config", type=Path, metavar="FILE.toml", help="settings; see docs/exf.md")
        if name == "fields":
            add("venue", nargs="?", help="of this venue only")
            continue
        if name == "factors":
            add("--markdown", action="store_true", help="as docs/factors.md has it")
        else:
            add("--region", type=Path, metavar="PATH", help="the region to write "
                "(default: /dev/shm/dolphin_exf)")  # fmt: skip
        if name == "status":
            add("--json", action="store_true", help="everything, for programs")
        if name in {"status", "stop"}:
            continue
        add("--factors", action="append", metavar="FILE.toml", help="factors of your own, "
            "on top of the packaged ones; may be repeated")  # fmt: skip
        add("--venues", metavar="A,B", help="ask these venues only")
        if name == "factors":
            continue
        add("--base-url", metavar="URL", help="where all venues are, instead of the exchanges")
        add("--period", type=float, metavar="S", help="poll every source at this period")
        if name in {"run", "start", "restart"}:
            add("--log", type=Path, metavar="FILE", help="write the log there "
                "(default: standard error; with start ~/.local/state/dolphin/)")  # fmt: skip
            add("--hazelcast", metavar="URL", help="write an entry of a Hazelcast map too, for "
                "example hazelcast://localhost:5701")  # fmt: skip
            add("--record", type=Path, metavar="DIR", help="record everything into this catalog")
            add("--replay", type=Path, metavar="DIR", help="publish a catalog's factors at "
                "recorded pace instead of gathering")  # fmt: skip
            add("--speed", type=float, metavar="N", help="speed of the replay (default: 1)")
        if name == "run":
            add("--seconds", type=float, metavar="N", help="stop after N seconds")
            add("--detached", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args(arguments)
