"""What systemd is told, by a socket as systemd's."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

import pytest

from adapters.run_state.service_manager import SOCKET, ServiceManager

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("is_abstract", [False, True])
def test_each_turn_is_told_and_the_start_and_the_stop_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_abstract: bool
) -> None:
    """Fault D04: WATCHDOG=1 comes with a turn and with nothing else; READY=1 when it runs."""
    name = f"dolphin-{os.getpid()}" if is_abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.settimeout(10)
        systemd.bind(f"\0{name}" if is_abstract else name)
        monkeypatch.setenv(SOCKET, f"@{name}" if is_abstract else name)
        manager = ServiceManager()
        assert SOCKET not in os.environ
        for is_running, is_stopping in [
            (False, False),
            (True, False),
            (True, False),
            (True, True),
        ]:
            manager.turned(is_running=is_running, is_stopping=is_stopping, status="flat")
        told = [systemd.recv(4096).decode().split("\n") for _ in range(4)]
    alive = ["WATCHDOG=1", "STATUS=flat"]
    assert told == [alive, [*alive, "READY=1"], alive, [*alive, "STOPPING=1"]]


def test_without_systemd_nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable is not there."""
    monkeypatch.delenv(SOCKET, raising=False)
    manager = ServiceManager()
    assert not manager.is_listening
    manager.turned(is_running=True, is_stopping=False, status="")


def test_a_socket_that_is_gone_or_full_disturbs_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A node goes on though systemd does not read."""
    monkeypatch.setenv(SOCKET, str(tmp_path / "none"))
    ServiceManager().turned(is_running=True, is_stopping=False, status="")
    path = str(tmp_path / "full")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(path)
        monkeypatch.setenv(SOCKET, path)
        manager = ServiceManager()
        for _ in range(10_000):
            manager.turned(is_running=True, is_stopping=False, status="x" * 100)
