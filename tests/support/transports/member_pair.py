"""Two real members of one cluster, joined through lines, so that the cluster can split."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self
from uuid import uuid4

from hazelcast.client import HazelcastClient
from hazelcast.errors import HazelcastError

from live.cluster import local_member
from tests.support.eventually import eventually
from tests.support.transports.faulty_line import FaultyLine
from tests.support.transports.member import free_port

if TYPE_CHECKING:
    import signal

CONFIG: Final = Path(__file__).with_name("member_pair.yaml")
EXIT_TIMEOUT_S: Final = 120.0


class MemberPair:
    """Two members; each is known to the other by the address of a line to it.

    Attributes
    ----------
    cluster : str
        The cluster's name.
    ports : tuple of int
        Where clients reach the two directly.
    """

    def __init__(self) -> None:
        self.cluster: Final = f"dolphin-pair-{uuid4().hex[:8]}"
        self.ports: Final = (free_port(), free_port())
        self._lines: Final = tuple(FaultyLine(port) for port in self.ports)
        first, second = (line.address for line in self._lines)
        self._processes = [
            self._started(self.ports[0], first, second),
            self._started(self.ports[1], second, first),
        ]
        for at in range(2):
            self.wait_for(at, members=2)

    @property
    def addresses(self) -> tuple[str, ...]:
        """Where clients reach the two."""
        return tuple(f"127.0.0.1:{port}" for port in self.ports)

    def _started(self, port: int, public: str, other: str) -> subprocess.Popen[bytes]:
        *options, main_class = local_member.command(port, self.cluster)
        settings = [f"-Ddolphin.public={public}", f"-Ddolphin.other={other}"]
        options = [o for o in options if not o.startswith("-Dhazelcast.config=")]
        options[1:1] = [*settings, f"-Dhazelcast.config={CONFIG}"]
        return subprocess.Popen(
            [*options, main_class], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def wait_for(self, at: int, *, members: int) -> None:
        """Wait until one of the two knows of so many members."""
        eventually(lambda: self._known(at) == members, f"{members} members at {self.ports[at]}")

    def _known(self, at: int) -> int:
        assert self._processes[at].poll() is None, "the member ended by itself"
        try:
            client = HazelcastClient(
                cluster_name=self.cluster, cluster_members=[self.addresses[at]],
                cluster_connect_timeout=0.0, smart_routing=False,
            )  # fmt: skip
        except HazelcastError:
            return 0
        found = len(client.cluster_service.get_members())
        client.shutdown()
        return found

    def signal(self, at: int, number: signal.Signals) -> None:
        """Send one of the two a signal."""
        self._processes[at].send_signal(number)

    def split(self) -> None:
        """Let neither hear the other; clients reach both."""
        for line in self._lines:
            line.cut()

    def join(self) -> None:
        """Let them hear each other again; they merge within seconds."""
        for line in self._lines:
            line.is_cut = False

    def close(self) -> None:
        """End both."""
        for process in self._processes:
            process.kill()
            process.wait(EXIT_TIMEOUT_S)
        for line in self._lines:
            line.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()
