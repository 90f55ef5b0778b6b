"""A node and the watchdog as units of systemd."""

from __future__ import annotations

import shlex
import shutil
import signal
import socket
import subprocess
from typing import TYPE_CHECKING, Final

import pytest

from live.guarding import guard_options
from live.node.settings import node_options
from tests.support.eventually import eventually
from tests.support.guarding.guarded_nodes import ODD, watchdog
from tests.support.nodes.node_process import ROOT, node

if TYPE_CHECKING:
    from pathlib import Path

UNITS: Final = ("node.service", "watchdog.service", "exf.service")


class Systemd:
    """The socket on which systemd listens."""

    def __init__(self, path: Path) -> None:
        self._socket: Final = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.settimeout(0)
        self._socket.bind(str(path))
        self.lines: list[str] = []

    def heard(self, line: str) -> bool:
        """Return whether a line has come."""
        self.read()
        return line in self.lines

    def read(self) -> int:
        """Take in what has come; return how many datagrams."""
        count = 0
        while True:
            try:
                self.lines += self._socket.recv(65_536).decode().split("\n")
            except BlockingIOError:
                return count
            count += 1


@pytest.mark.long
def test_a_node_tells_systemd_that_it_turns_and_a_hanging_one_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fault D04: READY once it runs, WATCHDOG while it turns, silence from the hang on."""
    systemd = Systemd(tmp_path / "notify")
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    with node("--strategy", f"{ODD}:SleepsInCWithTheLock") as process:
        eventually(lambda: systemd.heard("READY=1"), "READY=1")
        process.wait_for("HANG: ")
        systemd.read()
        process.signal(signal.SIGTERM)
        process.wait_for("LEFT OPEN")
        assert systemd.read() == 0
        assert process.exit_code() == 3, process.output
    assert systemd.lines.count("READY=1") == 1
    assert systemd.lines.count("WATCHDOG=1") >= 2
    assert any(
        line.startswith("STATUS=running, open: position +0.01 BTCUSDT") for line in systemd.lines
    )


def test_a_node_tells_systemd_that_it_stops(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that what it does at its end is not taken for a hang."""
    systemd = Systemd(tmp_path / "notify")
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    with node("--strategy", f"{ODD}:HoldsPosition") as process:
        process.wait_for("HOLDING")
        process.signal(signal.SIGTERM)
        assert process.exit_code() == 0, process.output
    assert systemd.heard("STOPPING=1")


def test_the_watchdog_tells_systemd_that_it_turns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stopped watchdog is started again."""
    systemd = Systemd(tmp_path / "notify")
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    with watchdog("--node", tmp_path / "state") as guard:
        eventually(lambda: systemd.heard("READY=1"), "READY=1")
        guard.signal(signal.SIGSTOP)
        eventually(lambda: systemd.read() == 0, "no further datagram")
    assert "STATUS=watches 1 nodes, 0 alarms" in systemd.lines


@pytest.mark.parametrize("name", UNITS)
def test_systemd_reads_the_units(tmp_path: Path, name: str) -> None:
    """Every key and value, and a wrong key is found."""
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is missing: apt-get install systemd")
    text = (ROOT / "docs" / name).read_text(encoding="utf-8")
    text = text.replace("%h/dolphin/.venv/bin/python", "/bin/true").replace("%h/", "/")
    for unit, is_right in ((text, True), (text.replace("Restart=", "Restrat="), False)):
        file = tmp_path / name
        file.write_text(unit)
        command = [analyze, "verify", "--man=no", str(file)]
        found = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert (found.returncode == 0 and not found.stderr) == is_right, found.stderr


def test_the_commands_of_the_units_are_commands_of_this_project() -> None:
    """With options that exist."""
    parsers = {
        "live/run_node.py": node_options.parse,
        "live/watchdog.py": guard_options.parse,
    }
    for name in ("node.service", "watchdog.service"):
        (line,) = (
            line
            for line in (ROOT / "docs" / name).read_text(encoding="utf-8").splitlines()
            if line.startswith("ExecStart=")
        )
        _, script, *arguments = shlex.split(line)
        parsers[script](arguments)
        assert (ROOT / script).is_file()
