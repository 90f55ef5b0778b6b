"""A fleet whose nodes are small services, run by the real supervisor and the real commands."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from adapters.run_state.journal import Journal
from live.fleet.settings import service_commands
from live.fleet.settings.fleet_check import load_fleet
from live.fleet.settings.leadership import journal_of, leaders, open_promotion
from live.fleet.supervision.control import NoSupervisorError, ask
from tests.support.eventually import eventually
from tests.support.nodes.node_process import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

SCRIPTS: Final = Path(__file__).parent / "scripts"
HEAD: Final = """\
[fleet]
name = "{name}"
run_folder = "run"
folder = "kept"
[restart]
first_s = {first_s}
longest_s = 30.0
most = 3
[watch]
start_s = 60.0
silent_s = {silent_s}
stop_s = 20.0
"""
PAIR: Final = """\
[[node]]
name = "blue"
role = "blue"
promoted = { live_orders = true }
[[node]]
name = "green"
role = "green"
promoted = { live_orders = true }
"""


class SmallFleet:
    """A fleet in a folder of its own.

    Parameters
    ----------
    folder : Path
        The folder.
    services : str
        The tables of its services.
    silent_s, first_s : float
        Of ``[watch]`` and ``[restart]``, seconds.

    """

    def __init__(
        self, folder: Path, services: str, silent_s: float = 30.0, first_s: float = 0.05
    ) -> None:
        self.folder: Final = folder
        self.path: Final = folder / "fleet.toml"
        self._first_s: Final = first_s
        self.write(services, silent_s)
        self.settings: Final = load_fleet(self.path)
        self._run: Final = self.settings.fleet.run_folder
        self.supervisor: subprocess.Popen[str] | None = None

    def write(self, services: str, silent_s: float = 30.0) -> None:
        """Write the file."""
        self.path.write_text(
            HEAD.format(name=self.folder.name, silent_s=silent_s, first_s=self._first_s) + services
        )

    def supervise(self) -> None:
        """Start a supervisor, and wait until it answers."""
        self.supervisor = self.command("run", "--live-orders")
        eventually(self.rows, "the supervisor to answer")

    def command(self, *words: str, die: str = "") -> subprocess.Popen[str]:
        """Start a command of the fleet in a process of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "tests.support.fleet.small_fleet", str(self.path), *words],
            cwd=ROOT,
            env=self.environment(die),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def environment(self, die: str) -> dict[str, str]:
        """Return the environment of a command, which is killed at a step if one is given."""
        return os.environ | {"SMALL_FLEET_DIES": die}

    def rows(self) -> dict[str, dict[str, Any]]:
        """Return the status by name; empty without a supervisor."""
        try:
            found = ask(self._run, {"command": "status"})
        except NoSupervisorError:
            return {}
        return {row["name"]: row for row in found["services"]}

    def ask(self, command: str, name: str | None = None) -> None:
        """Send a request to the supervisor."""
        ask(self._run, {"command": command, "name": name})

    def wait_for(self, name: str, state: str) -> dict[str, Any]:
        """Wait until a service is in a state, and return its row."""

        def row() -> dict[str, Any] | None:
            found = self.rows().get(name)
            return found if found is not None and found["state"] == state else None

        found = eventually(row, f"{name} to be {state}: {self.rows().get(name)}")
        assert found is not None
        return found

    def wait_for_all(self) -> dict[str, dict[str, Any]]:
        """Wait until all services run, and return their rows."""
        for name in self.rows():
            self.wait_for(name, "running")
        return self.rows()

    def kill_supervisor(self) -> None:
        """Kill the supervisor, as the kernel would."""
        assert self.supervisor is not None
        self.supervisor.kill()
        self.supervisor.wait()

    @property
    def leader(self) -> str:
        """The node that leads the pair ``main``, by the journal."""
        return leaders(self.settings, self.journal.entries())["main"]

    @property
    def interrupted(self) -> dict[str, Any] | None:
        """The change that was interrupted, or None."""
        return open_promotion(self.journal.entries(), "main")

    @property
    def journal(self) -> Journal:
        """The fleet's journal."""
        return journal_of(self.settings)

    def end(self) -> str:
        """Stop everything and return what the supervisor printed."""
        if self.supervisor is None or self.supervisor.poll() is not None:
            self.supervise()
        assert self.supervisor is not None
        self.supervisor.send_signal(signal.SIGTERM)
        return self.supervisor.communicate(timeout=120)[0]


@contextmanager
def small_fleet(
    folder: Path, services: str, silent_s: float = 30.0, first_s: float = 0.05
) -> Iterator[SmallFleet]:
    """Run a fleet of small services, and see to it that all of it ends."""
    fleet = SmallFleet(folder, services, silent_s, first_s)
    fleet.supervise()
    try:
        yield fleet
    finally:
        fleet.end()


def _die_at(where: str) -> None:
    """Have a process killed ``before`` or ``after`` a step of a promotion is noted.

    This one, or with ``NAME:`` before it the process of a service, if it has one.
    """
    who, _, point = where.rpartition(":")
    when, _, wanted = point.partition(" ")
    append = Journal.append

    def kill(path: Path) -> None:
        pid = os.getpid()
        if who:
            found = ask(path.parent.parent / "run", {"command": "status"})["services"]
            pid = next(row["pid"] for row in found if row["name"] == who)
        if pid:
            os.kill(pid, signal.SIGKILL)

    def dying(self: Journal, event: str, **values: Any) -> None:
        is_it = event == "promotion" and values["step"] == wanted
        if is_it and when == "before":
            kill(self.path)
        append(self, event, **values)
        if is_it and when == "after":
            kill(self.path)

    Journal.append = dying  # type: ignore[method-assign] # this process is killed by it


if __name__ == "__main__":
    if os.environ.get("SMALL_FLEET_SERVICES") != "real":
        service_commands.LIVE = SCRIPTS  # type: ignore[misc] # the small services
    if os.environ.get("SMALL_FLEET_DIES"):
        _die_at(os.environ["SMALL_FLEET_DIES"])
    from live.fleet.fleet_command import main

    if sys.argv[2] == "promote":
        # The preconditions are tested elsewhere; they load NautilusTrader.
        import types

        from live.fleet.promotion import promote_command

        stub = types.ModuleType("live.fleet.promotion.preconditions")
        stub.checks_of = lambda *_: []  # type: ignore[attr-defined]
        sys.modules[stub.__name__] = stub
        del promote_command
    sys.exit(main(sys.argv[1:]))
