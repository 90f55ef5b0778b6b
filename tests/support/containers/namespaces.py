"""Machine: namespaces with a network, shared memory, and the roots of containers."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from tests.support.containers import image
from tests.support.containers.compose_file import ROOT, Mount

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


UID: Final = 10001
PRIVATE: Final = "mount -t tmpfs -o size=64m,mode=1777 shm"
"""The shared memory that Docker gives a container of its own."""
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
{shm} dev/shm
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
        # Of a gigabyte, in a folder that pytest keeps.
        shutil.rmtree(self.app, ignore_errors=True)

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
            environment = {**kept, **image.environment(image.build_stage()), "HOME": "/tmp"}
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
        is_sharing: bool = False,
        user: str = f"unshare --user --map-user={UID} --map-group={UID}",
    ) -> str:  # fmt: skip
        """Return what becomes the container's first process, for a shell in its namespaces."""
        root = self.work / f"root_{name}"
        root.mkdir(exist_ok=True)
        return _ROOT_SCRIPT.format(
            root=root,
            uid=UID,
            hosts=self.hosts,
            shm=f"mount --bind {self.shm}" if is_sharing else PRIVATE,
            mounts=_binds(mounts, tmpfs),
            read_only="mount -o remount,bind,ro /" if is_read_only else "",
            workdir="/app" if any(m.target == "/app" for m in mounts) else "/",
            user=user,
            environment=shlex.join(f"{k}={v}" for k, v in environment.items()),
            command=shlex.join(command),
        )
