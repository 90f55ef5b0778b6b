"""Supervisor: starts the services of a fleet in order, watches them, and stops them in reverse."""

from __future__ import annotations

import math
import os
import select
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Final

from adapters.process.pid_lock import LockHeldError, PidLock, holder_of
from adapters.process.safe_files import UnusableFileError, open_private_folder
from adapters.process.stop_signals import StopSignals
from adapters.run_state.service_manager import ServiceManager
from dolphin_strategies.errors import DolphinError
from live.fleet.supervision.control import ControlServer
from live.fleet.supervision.running_fleet import RunningFleet
from live.fleet.supervision.status_file import StatusFile

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from live.fleet.settings.fleet_settings import FleetSettings

LOOK_S: Final = 0.1
LATE_S: Final = 1.0
"""A look that is this late was delayed together with the whole machine."""
LOGS_S: Final = 2.0
LOCK: Final = "supervisor"
ENDED: Final = "supervisor ended"
"""The journal's line of its end, with what did not stop in order."""
_MARKET: Final = "market"
OK: Final = 0
FAILED: Final = 1


class AlreadySupervisedError(DolphinError):
    """Another supervisor of the fleet runs."""

    def __init__(self, name: str, pid: int | None) -> None:
        self.pid = pid
        super().__init__(
            f"the fleet {name} is supervised already (pid {pid or 'unknown'}): its commands are "
            "start, stop, restart, status, logs and reload"
        )


class Supervisor:
    """The one process that starts and stops the services of a fleet.

    Parameters
    ----------
    settings : FleetSettings
        The fleet's file.
    read_again : callable
        Reads the file again, for a reload; raises DolphinError if it cannot be used.
    tell : callable
        Takes a line for the user.
    live_orders : bool
        Whether nodes that ask for real orders may be started.
    only_stops : bool
        Whether to start nothing, and to stop what another supervisor has left.

    Notes
    -----
    One thread. Its services are no children that end with it: killed at any instant, it is
    followed by another that finds them all, because each of them holds a lock.

    """

    def __init__(
        self,
        settings: FleetSettings,
        read_again: Callable[[], FleetSettings],
        tell: Callable[[str], object],
        *,
        live_orders: bool,
        only_stops: bool = False,
    ) -> None:
        self._fleet: Final = RunningFleet(settings, tell, live_orders=live_orders)
        self._read_again: Final = read_again
        self._is_ending = only_stops
        self._looked_s = time.monotonic()
        self._logs_s = 0.0

    def run(self) -> int:
        """Supervise until asked to stop; return 0, or 1 if something did not stop in order.

        Raises
        ------
        AlreadySupervisedError
            If another supervisor of this fleet runs.
        DolphinError
            If a folder cannot be used.

        """
        fleet = self._fleet.settings.fleet
        with ExitStack() as stack:
            folder_fd = open_private_folder(fleet.run_folder, create=True)
            stack.callback(os.close, folder_fd)
            try:
                lock = PidLock(LOCK, dir_fd=folder_fd)
            except LockHeldError as error:
                raise AlreadySupervisedError(fleet.name, error.pid) from None
            except OSError as error:
                msg = f"{fleet.run_folder / LOCK} cannot be written: {error.strerror}"
                raise UnusableFileError(msg) from None
            stack.callback(lock.release)
            StopSignals(self._ask_to_end, self._ask_to_end).take_over()
            server = ControlServer(fleet.run_folder)
            stack.callback(server.close)
            stack.callback(self._fleet.close)
            status = StatusFile(fleet.run_folder, self._fleet.tell)
            stack.callback(status.close)
            self._fleet.note("supervisor", pid=os.getpid())
            self._fleet.begin(starts=not self._is_ending)
            manager = ServiceManager()
            while self._turn(server):
                status.write(self._looked_s, self._report)
                if manager.is_listening:
                    settled = all(m.life.is_settled for m in self._fleet.members.values())
                    manager.turned(
                        is_running=settled, is_stopping=self._is_ending, status=self._sentence()
                    )
            status.write(math.inf, self._report)
            errors = {n: m.life.error for n, m in self._fleet.members.items() if m.life.error}
            self._fleet.note(ENDED, pid=os.getpid(), errors=errors)
        return FAILED if errors else OK

    def _ask_to_end(self, name: str) -> None:
        self._is_ending = True

    def _turn(self, server: ControlServer) -> bool:
        """Wait for a death, a request or the next look, act, and return whether to go on."""
        pidfds = [m.process.pidfd for m in self._fleet.members.values() if not m.life.is_down]
        select.select([server.fileno(), *(fd for fd in pidfds if fd >= 0)], [], [], LOOK_S)
        now_s = time.monotonic()
        late_s, self._looked_s = now_s - self._looked_s - LOOK_S, now_s
        server.serve(self._answer)
        if self._is_ending:
            for member in self._fleet.members.values():
                member.life.unwant()
        self._fleet.look_at_starts()
        for member in [*self._fleet.members.values()]:
            if late_s >= LATE_S:
                member.life.late(late_s)
            self._fleet.look(member, now_s, is_ending=self._is_ending)
        if now_s >= self._logs_s:
            self._logs_s = now_s + LOGS_S
            for member in self._fleet.members.values():
                member.log.bound()
        return not (self._is_ending and all(m.life.is_down for m in self._fleet.members.values()))

    def _answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """Do what a command asks for; it looks at the status for the outcome."""
        command, name = request.get("command"), request.get("name")
        if name is not None and name not in self._fleet.members:
            known = ", ".join(self._fleet.members)
            return {"refused": f"no service {name!r} in the fleet that runs: there are {known}"}
        try:
            match command:
                case "status":
                    pass
                case "start" if name is not None:
                    self._fleet.start(name, is_promotion=bool(request.get("promotion")))
                case "stop" if name is None:
                    self._is_ending = True
                case "stop":
                    self._fleet.members[str(name)].life.unwant()
                case "restart":
                    self._fleet.restart([name] if name else [*self._fleet.members])
                case "reload":
                    self._fleet.reload(self._read_again(), name)
                case _:
                    return {"refused": f"unknown command {command!r}"}
            return self._report()
        except (DolphinError, OSError) as error:
            return {"refused": str(error)}

    def _report(self) -> dict[str, Any]:
        return {
            "fleet": self._fleet.settings.fleet.name,
            "pid": os.getpid(),
            "at_ns": time.time_ns(),
            "is_ending": self._is_ending,
            "services": self._fleet.rows(),
            "promotions": self._fleet.interrupted(),
        }

    def _sentence(self) -> str:
        up = sum(m.life.is_up for m in self._fleet.members.values())
        failed = [n for n, m in self._fleet.members.items() if m.life.condition == "failed"]
        return f"{up} of {len(self._fleet.members)} run" + (
            f", failed: {', '.join(failed)}" if failed else ""
        )


def supervisor_pid(run_folder: Path) -> int | None:
    """Return the pid of the supervisor that runs; 0 if it is unknown, None if there is none."""
    try:
        fd = open_private_folder(run_folder, create=False)
    except (FileNotFoundError, DolphinError):
        return None
    try:
        return holder_of(LOCK, dir_fd=fd)
    finally:
        os.close(fd)
