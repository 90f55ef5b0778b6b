"""A real Hazelcast member as a process of its own, and a client beside the one under test."""

from __future__ import annotations

import logging
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

import pytest
from hazelcast.client import HazelcastClient
from hazelcast.errors import HazelcastError

from live.cluster import local_member
from tests.support.eventually import eventually

if TYPE_CHECKING:
    from hazelcast.proxy.map import BlockingMap

ROOT: Final = Path(__file__).resolve().parents[3]
EXIT_TIMEOUT_S: Final = 120.0
MAP: Final = "DOLPHIN_FEATURES"
KEY: Final = "exf_latest"

# The client logs each failed attempt with a stack trace.
logging.getLogger("hazelcast").addHandler(logging.NullHandler())


def require_member() -> None:
    """Skip the test where no member can be run; fail it in CI, which installs what it needs."""
    try:
        local_member.command(0, "")
    except local_member.NoMemberError as error:
        if os.environ.get("CI") == "true":
            pytest.fail(f"CI must have a Hazelcast member: {error}")
        pytest.skip(str(error))


def free_port() -> int:
    """Return a port of the loopback that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Member:
    """One member at a port and in a cluster of its own; can be killed and started again."""

    def __init__(self) -> None:
        self.port: Final = free_port()
        self.cluster: Final = f"dolphin-test-{uuid4().hex[:8]}"
        self.address: Final = f"127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None
        self._clients: list[HazelcastClient] = []
        self.start()

    @property
    def url(self) -> str:
        """What names it to a node."""
        return f"hazelcast://{self.address}/{MAP}/{KEY}?cluster={self.cluster}"

    @property
    def pid(self) -> int:
        """The member's process."""
        assert self._process is not None
        return self._process.pid

    def start(self, *, wait: bool = True) -> None:
        """Start it, empty."""
        self._process = subprocess.Popen(
            [
                sys.executable, str(ROOT / "live" / "hazelcast_member.py"), "--with-parent",
                "--port", str(self.port), "--cluster", self.cluster,
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        if wait:
            self.wait_until_ready()

    def wait_until_ready(self) -> None:
        """Wait until it lets a client in."""
        eventually(self._answers, f"the member at {self.address}")

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, "the member ended by itself"
        try:
            self._connect().shutdown()
        except HazelcastError:
            return False
        return True

    def _connect(self) -> HazelcastClient:
        return HazelcastClient(
            cluster_name=self.cluster,
            cluster_members=[self.address],
            cluster_connect_timeout=0.0,
            connection_timeout=5.0,
            smart_routing=False,
        )

    def map(self, name: str = MAP) -> BlockingMap[Any, Any]:
        """Return a map as another program's client sees it; closed at the end of the test."""
        client = self._connect()
        self._clients.append(client)
        return client.get_map(name).blocking()

    def kill(self) -> None:
        """End it as the kernel's out-of-memory killer would."""
        self.signal(signal.SIGKILL)
        assert self._process is not None
        self._process.wait(EXIT_TIMEOUT_S)

    def revive(self) -> None:
        """Start it again if a test left it dead."""
        if self._process is None or self._process.poll() is not None:
            self.start()

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        assert self._process is not None
        self._process.send_signal(number)

    def close(self) -> None:
        """End it and the clients."""
        if self._process is not None and self._process.poll() is None:
            self.kill()
        self.close_clients()

    def close_clients(self) -> None:
        """End the clients that gave a map."""
        while self._clients:
            self._clients.pop().shutdown()
