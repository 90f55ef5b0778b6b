"""LocalCluster: Ray on the loopback of this machine, with a token, ended by its process ids."""

from __future__ import annotations

import os
import secrets
import signal
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from adapters.process.listening import listening_addresses

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ray.cluster_utils import Cluster

LOCAL: Final = "local"
LOOPBACK: Final = "127.0.0.1"
_STORE_BYTES: Final = 80 * 1024 * 1024
"""The least object store that Ray takes; trials are a few kilobytes."""


def set_environment(*, is_local: bool) -> None:
    """Set what Ray reads of the environment, which its processes inherit.

    Parameters
    ----------
    is_local : bool
        Whether a cluster is started here: then with a token of its own, on loopback.

    Notes
    -----
    Ray 2.60 replaces a loopback address by the machine's own, except where this variable of
    Windows and macOS says that there is no cluster of several machines; then its servers, which
    bind the node's address, bind loopback.

    """
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    # Else Ray packs the working directory and makes environments with uv on each node.
    os.environ["RAY_ENABLE_UV_RUN_RUNTIME_ENV"] = "0"
    if is_local:
        os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"
        os.environ["RAY_AUTH_TOKEN"] = secrets.token_hex(32)
        os.environ["RAY_AUTH_MODE"] = "token"
    elif "RAY_AUTH_TOKEN" in os.environ or "RAY_AUTH_TOKEN_PATH" in os.environ:
        os.environ.setdefault("RAY_AUTH_MODE", "token")


class LocalCluster:
    """A cluster of one or more nodes on this machine.

    Parameters
    ----------
    processors : int
        Trials at the same time on all nodes together.
    nodes : int
        Its nodes, each with a raylet of its own.

    Attributes
    ----------
    address : str
        Its ``HOST:PORT``.

    Notes
    -----
    :func:`set_environment` first: Ray reads most of its environment when it is imported.

    """

    def __init__(self, processors: int, nodes: int = 1) -> None:
        from ray.cluster_utils import Cluster  # noqa: PLC0415 - after the environment

        shares = [processors // nodes + (i < processors % nodes) for i in range(nodes)]
        node = {"node_ip_address": LOOPBACK, "object_store_memory": _STORE_BYTES}
        self._before: Final = set(_own_processes())
        self._pids: set[int] = set()
        self._cluster: Cluster | None = None
        try:
            self._cluster = Cluster(
                initialize_head=True,
                head_node_args={**node, "num_cpus": shares[0], "include_dashboard": False},
            )
            for share in shares[1:]:
                self._cluster.add_node(**node, num_cpus=share)
        except BaseException:
            self.close()
            raise
        self.address: Final[str] = self._cluster.address

    @property
    def pids(self) -> list[int]:
        """The processes of the cluster."""
        self._pids |= set(_own_processes()) - self._before
        return sorted(self._pids)

    def describe(self) -> str:
        """Return what it opened."""
        opened = sorted({a for pid in self.pids for a in listening_addresses(pid)})
        wide = [a for a in opened if not a.startswith((LOOPBACK + ":", "[::1]:"))]
        where = f"NOT ON LOOPBACK ALONE: {', '.join(wide)}" if wide else "on loopback alone"
        return f"Ray at {self.address}, with a token, listens {where}: {', '.join(opened)}"

    def close(self) -> None:
        """End all its processes; safe to call again."""
        pids = self.pids
        if self._cluster is not None:
            with suppress(Exception):
                self._cluster.shutdown()
        for pid in pids:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)


def _own_processes() -> Iterator[int]:
    """Yield the processes that Ray started under this one."""
    parents: dict[int, int] = {}
    for name in os.listdir("/proc"):  # noqa: PTH208 - numbers
        if name.isdigit():
            with suppress(OSError), open(f"/proc/{name}/stat", encoding="utf-8") as file:  # noqa: PTH123
                parents[int(name)] = int(file.read().rpartition(")")[2].split()[1])
    for pid in parents:
        above = parents.get(pid, 0)
        while above > 1 and above != os.getpid():
            above = parents.get(above, 0)
        if above == os.getpid():
            yield pid
