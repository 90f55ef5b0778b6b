"""Container: a service that runs in the namespaces of a Machine as compose.yaml says."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.support.containers import image
from tests.support.containers.compose_file import ROOT, Mount, seconds
from tests.support.eventually import eventually

if TYPE_CHECKING:
    import signal
    from collections.abc import Sequence

    from tests.support.containers.compose_file import Service
    from tests.support.containers.namespaces import Machine


def _children(pid: int) -> list[int]:
    with suppress(OSError):
        return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


class Container:
    """A service that runs.

    Parameters
    ----------
    machine : Machine
        Where.
    service : Service
        What, as the file says.
    pod : Container, optional
        Whose processes and memory it shares; None: its own.
    more : sequence of str
        More words of its command, as ``docker compose run SERVICE WORDS`` gives in their place.
    program : str
        What the image's entry point is, for an image that is not of this project.

    """

    def __init__(
        self, machine: Machine, service: Service, pod: Container | None = None,
        *, more: Sequence[str] = (), program: str = "",
    ) -> None:  # fmt: skip
        self.service: Final = service
        self._machine: Final = machine
        self._log: Final = machine.work / f"{service.name}.log"
        mounts = [self._of_host(mount) for mount in service.mounts]
        environment = {k: str(v) for k, v in service.environment.items() if v is not None}
        if service.is_built:
            environment |= image.environment(image.stages()[-1])
            mounts += [
                Mount(source=str(machine.app), target="/app", is_read_only=service.is_read_only),
                Mount(source=sys.base_prefix, target=sys.base_prefix, is_read_only=True),
            ]
        self._environment: Final = environment
        shares = {service.given.get(of) for of in ("ipc", "pid")} - {None}
        entry = service.entrypoint
        if entry is None:
            entry = image.words_of("ENTRYPOINT") if service.is_built else [program]
        script = machine.script(
            service.name, mounts, service.tmpfs, environment,
            [*entry, *service.command, *more],
            is_read_only=service.is_read_only, is_sharing=bool(shares),
        )  # fmt: skip
        assert (pod is not None) == (shares == {"service:pod"}), "a pod for who names it"
        own = ["--mount", "sh", "-c", script]
        if pod is None:
            command = machine.inside("unshare", "--ipc", "--pid", "--kill-child", *own)
        else:
            command = machine.inside("nsenter", "-t", str(pod.pid), "-p", "-i", "unshare", *own)
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
            )
        self.pid: Final[int] = eventually(self._main, f"the process of {service.name}")

    def _main(self) -> int:
        assert self._process.poll() is None, self.output
        return next(iter(_children(self._process.pid)), 0)

    def _of_host(self, mount: Mount) -> Mount:
        source = Path(mount.source)
        if mount.source[0] not in "./":
            source = self._machine.work / "volumes" / mount.source
            source.mkdir(parents=True, exist_ok=True)
        source = (ROOT / source).resolve(strict=True)
        return Mount(source=str(source), target=mount.target, is_read_only=mount.is_read_only)

    @property
    def output(self) -> str:
        """Everything printed so far."""
        return self._log.read_text(errors="replace")

    def run(self, *command: object) -> subprocess.CompletedProcess[str]:
        """Run a command in it, as ``docker exec`` does."""
        enter = ["nsenter", "-t", str(self.pid), "-m", "-n", "-p", "-i", "-U"]
        where = ["-C", "/app"] if self.service.is_built else []
        pairs = [f"{k}={v}" for k, v in self._environment.items()]
        return subprocess.run(
            [
                *self._machine.words(), *enter, "--preserve-credentials",
                "env", "-i", *where, *pairs, *map(str, command),
            ],
            capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip

    def until_healthy(self) -> None:
        """Wait until its own check says so, for as long as the file gives it."""
        check = self.service.given["healthcheck"]
        limit_s = seconds(check["start_period"]) + check.get("retries", 3) * seconds(
            check["interval"]
        )

        def is_healthy() -> bool:
            assert self._process.poll() is None, self.output
            # As often as Docker asks.
            time.sleep(seconds(check.get("start_interval", "2s")))
            return self.run(*self.service.health).returncode == 0

        eventually(is_healthy, f"{self.service.name} healthy", limit_s)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to its first process alone, as Docker does."""
        os.kill(self.pid, number)

    @property
    def has_ended(self) -> bool:
        """Whether its first process has ended."""
        return self._process.poll() is not None

    def exit_code(self, within_s: float | None = None) -> int:
        """Wait for its end, within its grace period, and return the code."""
        return self._process.wait(self.service.stop_grace_s if within_s is None else within_s)

    def kill(self) -> None:
        """End it, whatever it does."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, 9)
        self._process.kill()
        self._process.wait(60)
