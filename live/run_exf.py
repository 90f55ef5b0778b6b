"""Gather external factors from the exchanges' public APIs and publish them."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson

from dolphin_strategies.errors import ConfigError, DolphinError
from live import exf_control, exf_report
from live.exf_files import ServiceFiles
from live.exf_settings import (
    Settings,
    check,
    hosts_of,
    load,
    registry_of,
    state_home,
    with_overrides,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

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
FAILED: Final = 1
BAD_CONFIG: Final = 2


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        prog="run_exf.py",
        description=__doc__,
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
            add("--record", type=Path, metavar="DIR", help="record everything into this catalog")
            add("--replay", type=Path, metavar="DIR", help="publish a catalog's factors at "
                "recorded pace instead of gathering")  # fmt: skip
            add("--speed", type=float, metavar="N", help="speed of the replay (default: 1)")
        if name == "run":
            add("--seconds", type=float, metavar="N", help="stop after N seconds")
            add("--detached", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


def settings_of(options: argparse.Namespace) -> Settings:
    """Return the file's settings with the command line's on top, checked.

    Raises
    ------
    ConfigError
        If they cannot be used.

    """
    settings = load(options.config)
    given = vars(options)
    venues = given.get("venues")
    more = given.get("factors")
    settings = with_overrides(
        settings,
        region=given.get("region"),
        base_url=given.get("base_url"),
        poll_period_s=given.get("period"),
        record=given.get("record"),
        replay=given.get("replay"),
        speed=given.get("speed"),
        venues=None if venues is None else [name for name in venues.split(",") if name],
        factors=None if more is None else [*settings.exf.factors, *more],
    )
    check(settings)
    return settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    options = parse(given)
    try:
        code: int = COMMANDS[options.command](options, given)
    except ConfigError as error:
        return _failed(error, BAD_CONFIG)
    except exf_control.NotStartedError as error:
        return _failed(error, error.code)
    except DolphinError as error:
        return _failed(error, FAILED)
    return code


def _failed(error: Exception, code: int) -> int:
    # A child's own message already begins so.
    print(f"run_exf.py: {str(error).removeprefix('run_exf.py: ')}", file=sys.stderr)
    return code


def run(options: argparse.Namespace, given: list[str]) -> int:
    """Gather until told to stop."""
    settings = settings_of(options)
    seconds = options.seconds or 0.0
    if not 0 <= seconds < float("inf"):
        msg = f"--seconds: expected 0 or more, found {seconds:g}"
        raise ConfigError(msg)
    check_work(settings)
    # An HTTP client, which the other commands do without.
    from live.exf_log import log_to  # noqa: PLC0415
    from live.exf_run import ServiceProcess  # noqa: PLC0415

    log_to(options.log)
    return ServiceProcess(settings, seconds, detached=options.detached).run()


def check_work(settings: Settings) -> None:
    """Refuse what cannot be gathered or replayed, before anything starts or stops.

    Raises
    ------
    ConfigError
        If the factor files or the catalog are wrong.

    """
    if settings.exf.replay is None:
        registry_of(settings)
        return
    from adapters.catalog.factor_catalog import FactorCatalog  # noqa: PLC0415 - pyarrow

    FactorCatalog(settings.exf.replay).schema()


def start(options: argparse.Namespace, given: list[str]) -> int:
    """Start in the background."""
    settings = settings_of(options)
    check_work(settings)
    region = settings.exf.region
    log = options.log or state_home() / "dolphin" / f"{region.name}.log"
    pid = exf_control.start(region, _absolute(given), log.absolute())
    print(f"started, pid {pid}, region {region}, log {log}")
    return 0


def stop(options: argparse.Namespace, given: list[str]) -> int:
    """Stop the one in the background."""
    region = settings_of(options).exf.region
    outcome = exf_control.stop(region)
    print(f"{outcome} (region {region})")
    return FAILED if outcome == "killed" else 0


def restart(options: argparse.Namespace, given: list[str]) -> int:
    """Stop and start; the configuration is checked before anything is stopped."""
    settings = settings_of(options)
    check_work(settings)
    print(f"{exf_control.stop(settings.exf.region)} (region {settings.exf.region})")
    return start(options, given)


def status(options: argparse.Namespace, given: list[str]) -> int:
    """Say how the service is."""
    region = settings_of(options).exf.region
    service_files = ServiceFiles(region)
    pid, found = service_files.running_pid(), service_files.read_status()
    code = exf_report.status_code(found, pid, time.time())
    if options.json:
        report = {**(found or {}), "running": pid is not None, "status_code": code}
        print(orjson.dumps(report, option=orjson.OPT_INDENT_2).decode())
    else:
        print(exf_report.render_status(found, code, region))
    return code


def check_only(options: argparse.Namespace, given: list[str]) -> int:
    """Check the configuration."""
    settings = settings_of(options)
    registry = registry_of(settings)
    venues = sorted({source.venue for source in registry.sources})
    print(f"OK: {len(registry.schema)} factors from {len(registry.sources)} sources")
    for name in venues:
        print(f"    {name:16} {hosts_of(settings)[name][0]}")
    return 0


def factors(options: argparse.Namespace, given: list[str]) -> int:
    """Print the factors."""
    rows = exf_report.factors_table(registry_of(settings_of(options)))
    print(exf_report.markdown(rows) if options.markdown else exf_report.table(rows))
    return 0


def fields(options: argparse.Namespace, given: list[str]) -> int:
    """Print what the endpoints give."""
    venues = registry_of(settings_of(options)).venues
    if options.venue is not None:
        if options.venue not in venues:
            msg = f"no venue {options.venue!r}: there are {', '.join(sorted(venues))}"
            raise ConfigError(msg)
        venues = {options.venue: venues[options.venue]}
    rows = [["venue", "endpoint", "field", "meaning"]]
    rows += [
        [venue.name, name, field, meaning]
        for venue in venues.values()
        for name, endpoint in venue.endpoints.items()
        for field, meaning in endpoint.fields.items()
    ]
    print(exf_report.table(rows))
    return 0


def _absolute(given: Sequence[str]) -> list[str]:
    """Return the options of ``start`` for ``run``, which is started in another folder."""
    kept: list[str] = []
    words = iter(given[1:])
    for word in words:
        name, equals, value = word.partition("=")
        if name == "--log":
            if not equals:
                next(words, None)
            continue
        if name in {"--config", "--region", "--factors", "--record", "--replay"}:
            value = value if equals else next(words)
            kept += [name, str(Path(value).absolute())]
        else:
            kept.append(word)
    return kept


COMMANDS: Final[dict[str, Any]] = {
    "run": run,
    "start": start,
    "stop": stop,
    "restart": restart,
    "status": status,
    "check": check_only,
    "factors": factors,
    "fields": fields,
}

if __name__ == "__main__":
    sys.exit(main())
