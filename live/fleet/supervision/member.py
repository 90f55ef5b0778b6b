"""Member: a service of a running fleet: its rules, its process and its log."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING, Any, Final

from live.fleet.supervision.processes.service_log import ServiceLog
from live.fleet.supervision.processes.service_process import NotMadeError, ServiceProcess
from live.fleet.supervision.service_life import Facts, ServiceLife

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from live.fleet.settings.service_commands import Service
    from live.fleet.supervision.processes.fork_server import ForkServer


class Member:
    """One service, looked at by the supervisor.

    Parameters
    ----------
    service : Service
        What it is; replaced by a reload.
    run_folder, log_folder : Path
        Where its states and its log are.
    life : ServiceLife
        Its rules.
    log_bytes : int
        The most that its log grows to.

    """

    def __init__(
        self,
        service: Service,
        run_folder: Path,
        log_folder: Path,
        life: ServiceLife,
        log_bytes: int,
    ) -> None:
        self.service = service
        self.life: Final = life
        self.log: Final = ServiceLog(log_folder, service.name, log_bytes)
        self.process: Final = ServiceProcess(run_folder, service.name, self.log)
        self.is_to_restart = False
        self._seen = ""
        self._since_ns = time.time_ns()

    def adopt(self, now_s: float) -> bool:
        """Take over a process that is there already; return whether there is one."""
        if not self.process.find():
            return False
        self.life.want()
        self.life.began(now_s)
        return True

    def spawn(  # noqa: PLR0913, PLR0917 - what a process is made of
        self,
        now_s: float,
        service: Service,
        cwd: Path,
        session: Path | None,
        note: dict[str, Any],
        forks: ForkServer | None,
    ) -> bool:
        """Make its process, by a fork if there is a server; return whether there is one now."""
        self.service = service
        command = list(service.command)
        if session is not None:
            command += ["--record", str(session)]
            note = note | {"session": str(session)}
        try:
            self.process.make(command, cwd, note, forks)
        except NotMadeError as error:
            self.life.could_not_begin(now_s, str(error))
            return False
        self.life.began(now_s)
        return True

    def look(self, now_s: float, *, may_start: bool, may_stop: bool) -> bool:
        """Look at the process and signal it as the rules say; return whether it is to be made."""
        life, process = self.life, self.process
        if life.is_down:
            facts = Facts(is_alive=False)
        elif process.is_alive:
            counter, state = process.state()
            phase = "" if state is None else state.phase
            facts = Facts(is_alive=True, phase=phase, beat=counter)
        else:
            facts = Facts(is_alive=False, code=process.code(), error=self.log.last_line())
            process.forget()
        match life.look(now_s, facts, may_start=may_start, may_stop=may_stop):
            case "spawn":
                return True
            case "terminate":
                process.signal(signal.SIGTERM)
            case "kill":
                process.signal(signal.SIGKILL)
        return False

    def row(self, now_s: float) -> dict[str, Any]:
        """Return what is to be known of it, as JSON."""
        life = self.life
        if life.condition != self._seen:
            self._seen, self._since_ns = life.condition, time.time_ns()
        state = None if life.is_down else self.process.state()[1]
        left = (
            self.process.left_by_last() if life.is_down and self.service.kind == "node" else state
        )
        age_s = life.beat_age_s(now_s)
        if state is not None and age_s is not None:
            # Since it was written, and not since it was first looked at.
            age_s = max((time.time_ns() - state.at_ns) / 1e9, 0.0)
        return {
            "name": self.service.name,
            "kind": self.service.kind,
            "state": life.condition,
            "pid": self.process.pid if not life.is_down else 0,
            "beat_age_s": age_s,
            "restarts": life.restarts,
            "error": life.error,
            "trouble": "" if state is None else state.factors,
            "open": "" if left is None or left.is_flat else left.left_open(),
            "orders": "" if left is None else left.orders,
            "phase": "" if left is None else left.phase,
            "trading": "" if state is None else state.trading,
            "digest": self.service.digest,
            "is_real": self.service.is_real,
            "is_settled": life.is_settled,
            "needs": sorted(self.service.needs),
            "since_ns": self._since_ns,
            "next_try_s": life.next_try_s(now_s),
            **{key: self.process.note.get(key, "") for key in ("started_ns", "session")},
        }


def change_of(member: Member, look: Callable[[], bool]) -> tuple[bool, str]:
    """Return what a look returned, and a line if it changed the member's condition; or nothing."""
    before = member.life.condition
    found = look()
    after = member.life.condition
    if after == before:
        return found, ""
    error = f": {member.life.error}" if member.life.error else ""
    return found, f"{member.service.name} {after}{error}"
