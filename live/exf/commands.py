"""The commands of run_exf.py: each takes the parsed options and returns the exit code."""

from __future__ import annotations

import dataclasses
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from adapters.command.comma_list import comma_list
from adapters.command.settings_file import override
from adapters.command.terminal import say, say_document
from adapters.command.text_table import text_table
from adapters.process.safe_files import open_or_make
from adapters.run_state.service_beat import ServiceBeat
from dolphin_strategies.errors import ConfigError
from live.exf import background_service
from live.exf.arguments import words_of
from live.exf.exf_settings import (
    ExfSettings,
    hosts_of,
    load,
    published_schema,
    registry_of,
)
from live.exf.service_files import ServiceFiles
from live.exf.status import status_report
from live.metrics.metrics_endpoint import MetricsEndpoint

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

FAILED: Final = 1


def settings_of(options: argparse.Namespace) -> ExfSettings:
    """Return the file's settings overridden by the command line, checked.

    Raises
    ------
    ConfigError
        If the settings cannot be used.

    """
    settings = load(options.config)
    given = vars(options)
    venues, more = given.get("venues"), given.get("factors")
    exf = override(
        settings.exf,
        region=given.get("region"),
        hazelcast=given.get("hazelcast"),
        aeron=given.get("aeron"),
        base_url=given.get("base_url"),
        poll_period_s=given.get("period"),
        record=given.get("record"),
        record_market=given.get("record_market"),
        replay=given.get("replay"),
        speed=given.get("speed"),
        calendar=given.get("calendar"),
        streams=given.get("streams"),
        min_interval_s=given.get("min_interval"),
        venues=None if venues is None else comma_list("--venues", venues),
        factors=None if more is None else [*settings.exf.factors, *more],
    )
    return dataclasses.replace(settings, exf=exf)


def run(options: argparse.Namespace) -> int:
    """Gather in this terminal until a signal.

    Raises
    ------
    ConfigError
        If the configuration cannot be used.

    """
    settings = settings_of(options)
    seconds = options.seconds or 0.0
    if not 0 <= seconds < float("inf"):
        msg = f"--seconds: expected 0 or more, found {seconds:g}"
        raise ConfigError(msg)
    check_work(settings)
    endpoint = MetricsEndpoint(options.metrics)
    # An HTTP client, which the other commands do without.
    from live.exf.service_log import end_log, log_to  # noqa: PLC0415
    from live.exf.service_process import ServiceProcess  # noqa: PLC0415

    log_to(options.log, as_json=bool(options.log_json))
    beat = ServiceBeat(options.state, "exf", open_or_make, lambda text: say(text, to=sys.stderr))
    code = ServiceProcess(
        settings, seconds, detached=options.detached, log_file=options.log, beat=beat
    ).run(endpoint)
    if settings.exf.streams:
        # A client that is just connecting cannot be stopped, and it has threads of its own.
        end_log()
        os._exit(code)
    return code


def check_work(settings: ExfSettings) -> None:
    """Check the factor files and the catalog, before anything starts or stops.

    Raises
    ------
    ConfigError
        If the factor files or the catalog are wrong.

    """
    if settings.exf.replay is None:
        published_schema(settings, registry_of(settings))
        return
    from adapters.catalog.reading.factor_catalog import FactorCatalog  # noqa: PLC0415 - pyarrow

    FactorCatalog(settings.exf.replay).schema()


def start(options: argparse.Namespace) -> int:
    """Start the service in the background."""
    settings = settings_of(options)
    check_work(settings)
    region = settings.exf.region
    log = options.log or state_home() / "dolphin" / f"{region.name}.log"
    pid = background_service.start(region, words_of(options), log.absolute())
    say(f"started, pid {pid}, region {region}, log {log}")
    return 0


def stop(options: argparse.Namespace) -> int:
    """Stop the service in the background."""
    region = settings_of(options).exf.region
    outcome = background_service.stop(region)
    say(f"{outcome} (region {region})")
    return FAILED if outcome == "killed" else 0


def restart(options: argparse.Namespace) -> int:
    """Stop and start the service; the configuration is checked before it is stopped."""
    settings = settings_of(options)
    check_work(settings)
    say(f"{background_service.stop(settings.exf.region)} (region {settings.exf.region})")
    return start(options)


def status(options: argparse.Namespace) -> int:
    """Report the state of the service."""
    region = settings_of(options).exf.region
    service_files = ServiceFiles(region)
    pid, found = service_files.running_pid(), service_files.read_status()
    code = status_report.status_code(found, pid, time.time())
    if options.json:
        report = {**(found or {}), "running": pid is not None, "status_code": code}
        say_document(report)
    else:
        say(status_report.render_status(found, code, region))
    return code


def check_only(options: argparse.Namespace) -> int:
    """Check the configuration."""
    settings = settings_of(options)
    registry = registry_of(settings)
    venues = sorted({source.venue for source in registry.sources})
    sources = f"{len(registry.sources)} sources"
    total = len(published_schema(settings, registry))
    if settings.exf.streams:
        streamed = registry.computed
        venues = sorted({*venues, *(venue for found in streamed for venue in found.venues)})
        say(f"OK: {total} factors, {len(streamed)} of them streamed, and {sources} polled")
    else:
        say(f"OK: {total} factors from {sources}")
    for name in venues:
        say(f"    {name:16} {hosts_of(settings)[name][0]}")
    return 0


def factors(options: argparse.Namespace) -> int:
    """Print the factors."""
    rows = status_report.factors_table(registry_of(settings_of(options)))
    say(status_report.markdown(rows) if options.markdown else text_table(rows))
    return 0


def fields(options: argparse.Namespace) -> int:
    """Print the fields of the endpoints.

    Raises
    ------
    ConfigError
        If there is no venue of that name.

    """
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
    say(text_table(rows))
    return 0


def state_home() -> Path:
    """Return the folder of persistent state of a user's programs, such as logs."""
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")


COMMANDS: Final[dict[str, Callable[[argparse.Namespace], int]]] = {
    "run": run,
    "start": start,
    "stop": stop,
    "restart": restart,
    "status": status,
    "check": check_only,
    "factors": factors,
    "fields": fields,
}
