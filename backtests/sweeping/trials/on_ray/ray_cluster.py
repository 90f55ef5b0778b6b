"""LocalCluster: Ray on the loopback of this machine, with a token, ended by its process ids."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from adapters.process.child import Child, module_command
from adapters.process.listening import listening_addresses
from backtests.sweeping.trials.on_ray.process_tree import end_processes, processes_below

if TYPE_CHECKING:
    from ray.cluster_utils import Cluster

LOCAL: Final = "local"
LOOPBACK: Final = "127.0.0.1"
_GUARD: Final = "backtests.sweeping.trials.on_ray.ray_guard"
_GUARD_S: Final = 10.0
_START_S: Final = 120
"""So long Ray waits for a node. Its own 30 s are too few for a machine that is busy otherwise."""
_STORE_BYTES: Final = 80 * 1024 * 1024
"""The least object store that Ray takes; trials are a few kilobytes."""


def set_environment(address: str) -> None:
    """Set what Ray reads of the environment, which its processes inherit.

    Parameters
    ----------
    address : str
        ``local``: a cluster is started here, with a token of its own; else the ``HOST:PORT`` of a
        running one.

    Notes
    -----
    Before Ray is imported. Ray 2.60 replaces a loopback address by the machine's own, except where
    this variable of Windows and macOS says that there is no cluster of several machines; then its
    servers, which bind the node's address, bind loopback.

    """
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    # Else Ray packs the working directory and makes environments with uv on each node.
    os.environ["RAY_ENABLE_UV_RUN_RUNTIME_ENV"] = "0"
    if address == LOCAL or is_loopback(address):
        os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"
    if address == LOCAL:
        os.environ.setdefault("RAY_raylet_start_wait_time_s", str(_START_S))
        os.environ["RAY_AUTH_TOKEN"] = secrets.token_hex(32)
        os.environ["RAY_AUTH_MODE"] = "token"
    elif "RAY_AUTH_TOKEN" in os.environ or "RAY_AUTH_TOKEN_PATH" in os.environ:
        os.environ.setdefault("RAY_AUTH_MODE", "token")


def is_loopback(address: str) -> bool:
    """Return whether a ``HOST:PORT`` is of this machine alone."""
    return address.startswith(("127.", "localhost:"))


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

        # Ray's files of a cluster that is done are of no use, and its own folder is everybody's.
        self._folder: Final = tempfile.mkdtemp(prefix="dolphin-ray-")
        os.environ["RAY_TMPDIR"] = self._folder
        shares = [processors // nodes + (i < processors % nodes) for i in range(nodes)]
        node = {
            "node_ip_address": LOOPBACK,
            "object_store_memory": _STORE_BYTES,
            # What workers print is dropped.
            "include_log_monitor": False,
        }
        head = {"num_cpus": shares[0], "include_dashboard": False, "no_monitor": True}
        self._guard = self._new_guard()
        self._before: Final = processes_below(os.getpid())
        self._started: dict[int, int] = {}
        self._cluster: Cluster | None = None
        try:
            self._cluster = Cluster(initialize_head=True, head_node_args={**node, **head})
            for share in shares[1:]:
                self._cluster.add_node(**node, num_cpus=share)
        except BaseException:
            self.close()
            raise
        self.address: Final[str] = self._cluster.address

    @property
    def pids(self) -> list[int]:
        """The processes of the cluster."""
        now = processes_below(os.getpid())
        self._started |= {pid: at for pid, at in now.items() if self._before.get(pid) != at}
        return sorted(self._started)

    def keep_guarded(self) -> None:
        """Start the guard again if somebody killed it."""
        if self._guard.exit_code is not None:
            self._guard.kill()
            self._guard = self._new_guard()

    def _new_guard(self) -> Child:
        return Child(module_command(_GUARD, self._folder), output="dropped")

    def describe(self) -> str:
        """Return what it opened."""
        opened = sorted({a for pid in self.pids for a in listening_addresses(pid)})
        wide = [a for a in opened if not a.startswith((LOOPBACK + ":", "[::1]:"))]
        where = f"NOT ON LOOPBACK ALONE: {', '.join(wide)}" if wide else "on loopback alone"
        return f"Ray at {self.address}, with a token, listens {where}: {', '.join(opened)}"

    def close(self) -> None:
        """End all its processes and remove its files; safe to call again."""
        # Seen before they lose their parent.
        _ = self.pids
        if self._cluster is not None:
            with suppress(Exception):
                self._cluster.shutdown()
            self._cluster = None
        end_processes(self._started)
        self._guard.close_input()
        if not self._guard.wait(_GUARD_S):
            self._guard.kill()
        shutil.rmtree(self._folder, ignore_errors=True)
