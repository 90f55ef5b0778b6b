"""The commands of run_fleet.py: each takes the parsed options and returns the exit code."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from adapters.command.terminal import say, say_document
from dolphin_strategies.errors import ConfigError, DolphinError
from live.fleet.reports.fleet_status import fleet_status
from live.fleet.reports.log_lines import say_logs
from live.fleet.reports.status_table import status_code, status_table
from live.fleet.settings.fleet_check import FleetError, errors_of_services, load_fleet
from live.fleet.settings.leadership import journal_of, make_folder
from live.fleet.settings.service_commands import LIVE
from live.fleet.supervision.control import NoSupervisorError, ask
from live.fleet.supervision.processes.service_log import ServiceLog
from live.fleet.supervision.supervisor import ENDED, Supervisor, supervisor_pid

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

    from live.fleet.settings.fleet_settings import FleetSettings

FAILED: Final = 1
DOWN: Final = frozenset({"stopped", "failed", "ended", "held"})
"""States of a service that does not run, and stays so."""
UP_S: Final = 15.0
"""For a supervisor to answer after its start, seconds."""
_LOOK_S: Final = 0.1


def run_command(options: argparse.Namespace) -> int:
    """Run the command that the options name; return its exit code.

    Raises
    ------
    DolphinError
        If it cannot be done.

    """
    settings = load_fleet(options.fleet)
    if options.check:
        return check(settings)
    if options.print_systemd:
        from live.fleet.reports.systemd_units import units_of  # noqa: PLC0415

        say(units_of(settings, live_orders=options.live_orders))
        return 0
    return _COMMANDS[options.command](settings, options)


def check(settings: FleetSettings) -> int:
    """Check each service by its own command.

    Raises
    ------
    FleetError
        With everything that is wrong.

    """
    if errors := errors_of_services(settings):
        raise FleetError(errors)
    kinds = [type(s).__name__.removesuffix("Table").lower() for s in settings.services]
    counts = ", ".join(
        f"{kinds.count(kind)} {kind}{'s' if kinds.count(kind) > 1 else ''}"
        for kind in dict.fromkeys(kinds)
    )
    say(f"OK: fleet {settings.fleet.name}: {counts}")
    return 0


def run(settings: FleetSettings, options: argparse.Namespace) -> int:
    """Supervise in this process, until a signal."""
    supervisor = Supervisor(
        settings,
        lambda: load_fleet(settings.path),
        lambda text: say(f"{time.strftime('%H:%M:%S')} {text}"),
        live_orders=options.live_orders,
        only_stops=options.only_stops,
    )
    return supervisor.run()


def start(settings: FleetSettings, options: argparse.Namespace) -> int:
    """Start the supervisor in the background, or ask the one that runs; wait for the outcome."""
    name = options.names[0] if options.names else None
    folder = settings.fleet.run_folder
    if supervisor_pid(folder) is None:
        if name is not None:
            # A supervisor starts everything; a part alone is started by one that runs.
            msg = f"start the whole fleet first: no supervisor of {settings.fleet.name} runs"
            raise DolphinError(msg)
        _start_supervisor(settings, ["--live-orders"] if options.live_orders else [])
    else:
        ask(folder, {"command": "start", "name": name})
    return _wait(settings, name, "running")


def _start_supervisor(settings: FleetSettings, words: Sequence[str]) -> None:
    """Start a supervisor in a session of its own, and wait until it answers or has ended well.

    Raises
    ------
    DolphinError
        If it ends or does not answer.

    """
    fleet = settings.fleet
    make_folder(fleet.folder)
    log = ServiceLog(fleet.folder, "supervisor", round(settings.watch.log_mb * 1e6))
    log.bound()
    fd = log.open()
    with os.fdopen(fd, "wb") as output:
        child = subprocess.Popen(
            [sys.executable, str(LIVE / "run_fleet.py"), str(settings.path), "run",
             *words],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )  # fmt: skip
    deadline_s = time.monotonic() + UP_S
    while time.monotonic() < deadline_s:
        try:
            ask(fleet.run_folder, {"command": "status"}, UP_S)
        except NoSupervisorError:
            if child.poll() == 0:
                return
            if child.poll() is not None:
                msg = f"the supervisor ended: {log.last_line()}"
                raise DolphinError(msg) from None
            time.sleep(_LOOK_S)
        else:
            return
    msg = f"the supervisor does not answer within {UP_S:g} s; see {log.path}"
    raise DolphinError(msg)


def stop(settings: FleetSettings, options: argparse.Namespace) -> int:
    """Stop one service, or all and the supervisor; what a dead supervisor left, too."""
    folder = settings.fleet.run_folder
    if options.names:
        ask(folder, {"command": "stop", "name": options.names[0]})
        return _wait(settings, options.names[0], "stopped")
    if supervisor_pid(folder) is None:
        if not any(row["pid"] for row in fleet_status(settings)["services"]):
            say(f"fleet {settings.fleet.name} does not run")
            return 0
        say("no supervisor runs; a new one adopts what runs, and stops it")
        _start_supervisor(settings, ["--only-stops"])
    else:
        ask(folder, {"command": "stop"})
    return _wait_for_end(settings)


def _wait_for_end(settings: FleetSettings) -> int:
    """Wait until the supervisor has ended, telling each service that has stopped; report what did
    not stop in order.
    """
    told: dict[str, str] = {}
    while supervisor_pid(settings.fleet.run_folder) is not None:
        with suppress(NoSupervisorError):  # it may end between the two
            rows = ask(settings.fleet.run_folder, {"command": "status"})["services"]
            _tell([row for row in rows if row["state"] != "running"], told)
        time.sleep(_LOOK_S)
    found = fleet_status(settings)
    # It ends in the turn in which it sees the last one down, which nobody could ask for.
    _tell([r for r in found["services"] if told.get(r["name"]) not in DOWN], told)
    ends = [line for line in journal_of(settings).entries() if line["event"] == ENDED]
    errors = ends[-1].get("errors", {}) if ends else {}
    wrong = [f"{name}: {error}" for name, error in errors.items()]
    wrong += [f"{r['name']} left open: {r['open']}" for r in found["services"] if r["open"]]
    say(f"fleet {settings.fleet.name} stopped" + (", not all of it in order" if wrong else ""))
    for line in wrong:
        say(f"  {line}", sys.stderr)
    return FAILED if wrong else 0


def restart(settings: FleetSettings, options: argparse.Namespace) -> int:
    """Stop and start the named services, or each."""
    rows = ask(settings.fleet.run_folder, {"command": "status"})["services"]
    _check_known([row["name"] for row in rows], options.names, "the fleet that runs")
    names = options.names or [None]
    for name in names:
        ask(settings.fleet.run_folder, {"command": "restart", "name": name})
    return max([_wait(settings, name, "running") for name in names])


def reload(settings: FleetSettings, options: argparse.Namespace) -> int:
    """Have the supervisor read the file again; the file was checked before."""
    name = options.names[0] if options.names else None
    ask(settings.fleet.run_folder, {"command": "reload", "name": name})
    return _wait(settings, name, "running")


def _wait(settings: FleetSettings, name: str | None, wanted: str) -> int:
    """Wait until the services have settled, telling each change; return 0 if all are as wanted."""
    told: dict[str, str] = {}
    while True:
        report = ask(settings.fleet.run_folder, {"command": "status"})
        rows = [r for r in report["services"] if name in {None, r["name"]}]
        _tell(rows, told)
        if all(r["is_settled"] for r in rows):
            break
        if name is None and _blocked(rows):
            break
        time.sleep(_LOOK_S)
    return 0 if all(r["state"] in {wanted, "ended"} for r in rows) else FAILED


def _tell(rows: list[dict[str, Any]], told: dict[str, str]) -> None:
    """Tell the services whose state is another than what was told of them."""
    for row in rows:
        if told.get(row["name"]) != row["state"]:
            told[row["name"]] = row["state"]
            say(f"{row['name']} {row['state']}" + (f": {row['error']}" if row["error"] else ""))


def _blocked(rows: list[dict[str, Any]]) -> bool:
    """Return whether those that wait will wait for good: what they need is down to stay."""
    return all(r["is_settled"] or r["state"] == "waiting" for r in rows) and any(
        r["state"] in DOWN for r in rows
    )


def status(settings: FleetSettings, options: argparse.Namespace) -> int:
    """Report how the fleet is, by the exit code too."""
    report = fleet_status(settings)
    if options.names:
        report["services"] = [r for r in report["services"] if r["name"] in options.names]
        if not report["services"]:
            msg = f"no service {options.names[0]!r} in {settings.path.name}"
            raise FleetError([msg])
    if options.json:
        say_document(report)
    else:
        say(status_table(report))
    return status_code(report)


def logs(settings: FleetSettings, options: argparse.Namespace) -> int:
    """Print the last lines of one service's log, or of all."""
    _check_known([s.name for s in settings.services], options.names, settings.path.name)
    say_logs(settings, options.names, options.lines)
    return 0


def _check_known(known: Sequence[str], names: Sequence[str], where: str) -> None:
    for name in names:
        if name not in known:
            msg = f"no service {name!r} in {where}: there are {known}"
            raise FleetError([msg])


def promote(settings: FleetSettings, options: argparse.Namespace) -> int:
    """Let a node on trial lead its pair."""
    from live.fleet.promotion import promote_command  # noqa: PLC0415

    return promote_command.promote(settings, options.names[0], options.overrule)


def rollback(settings: FleetSettings, options: argparse.Namespace) -> int:
    """Undo what was interrupted, or give the lead back."""
    from live.fleet.promotion import promote_command  # noqa: PLC0415

    return promote_command.rollback(settings, options.names[0] if options.names else None)


def compare(settings: FleetSettings, options: argparse.Namespace) -> int:
    """Compare the sessions of two nodes."""
    from live.fleet.comparison import compare_command  # noqa: PLC0415

    if len(options.names) == 1:
        msg = f"compare: expected two NAMEs or none, found {options.names[0]}"
        raise ConfigError(msg)
    running = [row["session"] for row in fleet_status(settings)["services"] if row["pid"]]
    return compare_command.compare(
        settings, options.names, options.sessions, running, as_json=options.json
    )


_COMMANDS: Final[dict[str, Callable[[FleetSettings, argparse.Namespace], int]]] = {
    "run": run,
    "start": start,
    "stop": stop,
    "restart": restart,
    "reload": reload,
    "compare": compare,
    "promote": promote,
    "rollback": rollback,
    "status": status,
    "logs": logs,
}
