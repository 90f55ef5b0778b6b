"""The command line of run_exf.py."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from adapters.aeron_stream.channel import EXAMPLE as AERON_EXAMPLE
from adapters.command.json_lines import HELP as JSON_HELP
from live.metrics.metrics_endpoint import HELP as METRICS_HELP

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

DESCRIPTION: Final = "Gather external factors from the exchanges' public APIs and publish them."
EXAMPLES: Final = """\
examples:
  run_exf.py run                          in this terminal, until Ctrl-C
  run_exf.py run --venues clock            what is known from the clock alone
  run_exf.py run --streams                and stream what the exchanges push
  run_exf.py start                        in the background; also stop, restart, status
  run_exf.py status --json                everything that is known of it
  run_exf.py factors                      which factors there are, and where each comes from
  run_exf.py fields bybit                 what else a venue's answers hold, for factors of your own
  run_exf.py run --record recordings      and keep what was published
  run_exf.py run --streams --record-market market     and keep the market data, for
                                          compute_factors.py --catalog market
  run_exf.py run --replay recordings      publish a recording at its own pace, ask nobody
  run_exf.py run --base-url http://127.0.0.1:8080     every venue at one address of yours

exit codes: 0 done as asked; 1 something failed; 2 bad usage or configuration; 5 stopped as asked,
and no host had ever answered; 130 left by a second signal.
status: 0 every factor has a value; 3 not running; 4 some factors have none; 5 none has; 6 the
service runs and does not respond.
"""
HELPS: Final = {
    "run": "gather in this terminal, until Ctrl-C",
    "start": "gather in the background; refused if a service for the region runs",
    "stop": "stop the service in the background, by force after 6 s",
    "restart": "stop it and start it again; readers stay attached",
    "status": "report how it is, by the exit code too",
    "check": "check the configuration, start nothing",
    "factors": "print the factors as a table",
    "fields": "print what the endpoints of the venues give",
}
STARTING: Final = ("run", "start", "restart")
POLLING: Final = (*STARTING, "check")
OF_A_REGION: Final = (*POLLING, "stop", "status")


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Parse the command line; what was not given is None."""
    parser = argparse.ArgumentParser(
        prog="run_exf.py",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands = {
        name: subparsers.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
        for name, text in HELPS.items()
    }

    def add(names: Iterable[str], option: str, **how: Any) -> None:
        for name in names:
            commands[name].add_argument(option, **how)

    add(HELPS, "--config", type=Path, metavar="FILE.toml", help="settings; see docs/exf.md")
    add(["fields"], "venue", nargs="?", help="of this venue only")
    add(["factors"], "--markdown", action="store_true", help="as docs/factors.md has it")
    add(OF_A_REGION, "--region", type=Path, metavar="PATH", help="the region of the service "
        "(default: /dev/shm/dolphin_exf)")  # fmt: skip
    add(["status"], "--json", action="store_true", help="everything, for programs")
    add([*POLLING, "factors"], "--factors", action="append", metavar="FILE.toml",
        help="factors of your own, on top of the packaged ones; may be repeated")  # fmt: skip
    add([*POLLING, "factors"], "--venues", metavar="A,B", help="ask these venues only")
    add(POLLING, "--base-url", metavar="URL", help="where all venues are, instead of the "
        "exchanges")  # fmt: skip
    add([*POLLING, "factors"], "--calendar", action="store_const", const=True,
        help="publish the calendar factors too, which need no exchange")  # fmt: skip
    add(POLLING, "--streams", action="store_const", const=True,
        help="stream the computed factors too, through NautilusTrader's data clients")  # fmt: skip
    add(POLLING, "--min-interval", type=float, metavar="S", help="shortest time between two "
        "records of streamed factors (default: 0, each burst at once)")  # fmt: skip
    add(POLLING, "--period", type=float, metavar="S", help="poll every source at this period")
    add(STARTING, "--log", type=Path, metavar="FILE", help="write the log there "
        "(default: standard error; with start ~/.local/state/dolphin/)")  # fmt: skip
    add(STARTING, "--hazelcast", metavar="URL", help="write an entry of a Hazelcast map too, for "
        "example hazelcast://localhost:5701")  # fmt: skip
    add(STARTING, "--aeron", metavar="CHANNEL", help="stream onto an Aeron channel too, for "
        f"example {AERON_EXAMPLE}; needs live/aeron_driver.py")  # fmt: skip
    add(STARTING, "--record", type=Path, metavar="DIR", help="record everything into this catalog")
    add(STARTING, "--record-market", type=Path, metavar="DIR", help="with --streams: record the "
        "market data into this catalog, to compute factors from it again")  # fmt: skip
    add(STARTING, "--replay", type=Path, metavar="DIR", help="publish a catalog's factors at "
        "recorded pace instead of gathering")  # fmt: skip
    add(STARTING, "--speed", type=float, metavar="N", help="speed of the replay (default: 1)")
    add(STARTING, "--log-json", action="store_const", const=True, help=JSON_HELP)
    add(STARTING, "--metrics", metavar="PORT", help=METRICS_HELP)
    add(["run"], "--seconds", type=float, metavar="N", help="stop after N seconds")
    add(["run"], "--state", type=Path, metavar="FILE", help="where a supervisor reads that this "
        "turns")  # fmt: skip
    add(["run"], "--detached", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


def words_of(options: argparse.Namespace) -> list[str]:
    """Return the options of ``start`` as words for ``run``, which starts in another folder."""
    words: list[str] = []
    for name, value in vars(options).items():
        if value is None or name in {"command", "log"}:
            continue
        if value is True:
            words.append(f"--{name.replace('_', '-')}")
            continue
        for one in value if isinstance(value, list) else [value]:
            # The settings list factor files as text; they are paths all the same.
            text = Path(one).absolute() if isinstance(one, Path) or name == "factors" else one
            words.append(f"--{name.replace('_', '-')}={text}")
    return words
