"""Machine and Container: namespaces with the mounts, the user and the limits of a container."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from tests.support.containers import image
from tests.support.containers.compose_file import ROOT, Mount, seconds
from tests.support.eventually import eventually

if TYPE_CHECKING:
    import signal
    from collections.abc import Mapping, Sequence

    from tests.support.containers.compose_file import Service

UID: Final = 10001
AS_ROOT: Final = ("unshare", "--user", "--map-root-user")
_ROOT_SCRIPT: Final = """\
set -eu
mount -t tmpfs -o size=64m,mode=755 root {root}
cd {root}
mkdir proc dev dev/shm old etc etc/ssl
for name in bin sbin lib lib32 libx32 lib64 usr; do
    if [ -L /$name ]; then cp -P /$name .
    elif [ -d /$name ]; then
        mkdir $name; mount --rbind /$name $name; mount -o remount,bind,ro $name
    fi
done
for name in ld.so.cache nsswitch.conf resolv.conf localtime group passwd; do
    [ ! -e /etc/$name ] || cp -L /etc/$name etc/
done
echo dolphin:x:{uid}:{uid}::/tmp:/bin/sh >> etc/passwd
echo "127.0.0.1 localhost {hosts}" > etc/hosts
mount --rbind /etc/ssl etc/ssl
mount -t proc proc proc
for name in null zero full random urandom tty; do
    : > dev/$name; mount --bind /dev/$name dev/$name
done
ln -s /proc/self/fd dev/fd
mount --bind {shm} dev/shm
{mounts}
pivot_root . old
umount -l /old
{read_only}
cd {workdir}
exec {user} env -i {environment} {command}
"""


def can_run() -> bool:
    """Return whether this user may make the namespaces."""
    trial = [*AS_ROOT, "--net", "--mount", "--pid", "--ipc", "--fork", "--mount-proc", "true"]
    return subprocess.run(trial, capture_output=True, check=False).returncode == 0


def _children(pid: int) -> list[int]:
    with suppress(OSError):
        return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def _binds(mounts: Sequence[Mount], tmpfs: Mapping[str, str]) -> str:
    lines = []
    for mount in mounts:
        at, source = f".{mount.target}", shlex.quote(mount.source)
        is_folder = Path(mount.source).is_dir()
        lines.append(f"mkdir -p {at if is_folder else os.path.dirname(at)}")  # noqa: PTH120
        if not is_folder:
            lines.append(f": > {at}")
        lines.append(f"mount --bind {source} {at}")
        if mount.is_read_only:
            lines.append(f"mount -o remount,bind,ro {at}")
    for at, options in tmpfs.items():
        lines.append(f"mkdir -p .{at}; mount -t tmpfs -o {options} none .{at}")
    return "\n".join(lines)


class Machine:
    """A network of its own and the memory that containers share, while it is open.

    Parameters
    ----------
    work : Path
        A new folder for it.
    hosts : sequence of str
        Names that mean this network: here all containers have one.
    shm_size : str
        Of the shared memory, as ``mount`` takes it.

    """

    def __init__(self, work: Path, hosts: Sequence[str], shm_size: str) -> None:
        self.work: Final = work
        self.hosts: Final = " ".join(hosts)
        self.app: Final = work / "app"
        self.shm: Final = work / "shm"
        self._held: Final = ExitStack()
        self._size: Final = shm_size

    def __enter__(self) -> Self:
        for folder in (self.app, self.shm):
            folder.mkdir(exist_ok=True)
        script = (
            f"ip link set lo up && mount -t tmpfs -o size={self._size},mode=1777 shm {self.shm}"
            " && echo ready && exec cat"
        )
        self._holder = subprocess.Popen(
            [*AS_ROOT, "--net", "--mount", "sh", "-c", script],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        self._held.callback(self._holder.wait, 60)
        self._held.callback(self._holder.kill)
        assert self._holder.stdout is not None
        assert self._holder.stdout.readline() == b"ready\n"
        return self

    def __exit__(self, *_: object) -> None:
        self._held.close()

    def words(self, *command: object) -> list[str]:
        """Return what runs a command of this machine in the network."""
        enter = ["nsenter", "-t", str(self._holder.pid), "-U", "-n", "--preserve-credentials"]
        return [*enter, *map(str, command)]

    def inside(self, *more: str) -> list[str]:
        """Return what enters the network and the mounts, in which ``more`` of nsenter goes on."""
        enter = ["nsenter", "-t", str(self._holder.pid), "-U", "-n", "-m"]
        return [*enter, "--preserve-credentials", *more]

    def begin(self, *command: object) -> subprocess.Popen[bytes]:
        """Start a process in the network, which ends with the machine."""
        process = subprocess.Popen(
            self.words(*command), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self._held.callback(process.wait, 60)
        self._held.callback(process.kill)
        return process

    def build(self) -> None:
        """Make the image's ``/app`` as the Dockerfile's stage ``build`` does."""
        uv = shutil.which("uv")
        assert uv is not None
        cache = subprocess.run(
            [uv, "cache", "dir"], capture_output=True, text=True, check=True
        ).stdout.strip()
        kept = {k: v for k, v in os.environ.items() if k.startswith(("UV_", "SSL_", "PIP_"))}
        for index, run in enumerate(image.copy_and_run(self.app)):
            environment = {**kept, **image.environment(image.build_stage()), "HOME": "/root"}
            environment["PATH"] = f"{Path(sys.base_prefix, 'bin')}:{environment['PATH']}"
            mounts = [
                Mount(source=str(self.app), target="/app", is_read_only=False),
                Mount(source=sys.base_prefix, target=sys.base_prefix, is_read_only=True),
                Mount(source=uv, target="/opt/bin/uv", is_read_only=True),
                *(Mount(source=cache, target=c, is_read_only=False) for c in run.caches),
            ]
            environment["PATH"] += ":/opt/bin"
            script = self.script(
                f"build{index}", mounts, {"/tmp": "size=2g"}, environment,
                ["sh", "-c", run.command], is_read_only=False, user="",
            )  # fmt: skip
            # The network of this machine: packages come from the index.
            command = [*AS_ROOT, "--mount", "--pid", "--fork", "sh", "-c", script]
            subprocess.run(command, check=True, timeout=1200)

    def script(
        self, name: str, mounts: Sequence[Mount], tmpfs: Mapping[str, str],
        environment: Mapping[str, str], command: Sequence[str], *, is_read_only: bool,
        user: str = f"unshare --user --map-user={UID} --map-group={UID}",
    ) -> str:  # fmt: skip
        """Return what becomes the container's first process, for a shell in its namespaces."""
        root = self.work / f"root_{name}"
        root.mkdir(exist_ok=True)
        return _ROOT_SCRIPT.format(
            root=root,
            uid=UID,
            hosts=self.hosts,
            shm=self.shm,
            mounts=_binds(mounts, tmpfs),
            read_only="mount -o remount,bind,ro /" if is_read_only else "",
            workdir="/app" if any(m.target == "/app" for m in mounts) else "/",
            user=user,
            environment=shlex.join(f"{k}={v}" for k, v in environment.items()),
            command=shlex.join(command),
        )


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
        self._environment: Final = {
            k: str(v) for k, v in service.environment.items() if v is not None
        }
        if service.is_built:
            self._environment |= image.environment(image.stages()[-1])
            mounts += [
                Mount(source=str(machine.app), target="/app", is_read_only=service.is_read_only),
                Mount(source=sys.base_prefix, target=sys.base_prefix, is_read_only=True),
            ]
        entry = service.entrypoint
        if entry is None:
            entry = image.words_of("ENTRYPOINT") if service.is_built else [program]
        script = machine.script(
            service.name, mounts, service.tmpfs, self._environment,
            [*entry, *service.command, *more], is_read_only=service.is_read_only,
        )  # fmt: skip
        own = ["--mount", "sh", "-c", script]
        if pod is None:
            command = machine.inside("unshare", "--ipc", "--pid", "--fork", *own)
        else:
            command = machine.inside("nsenter", "-t", str(pod.pid), "-p", "-i", "unshare", *own)
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
            )
        self.pid: Final = eventually(self._main, f"the process of {service.name}")

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
