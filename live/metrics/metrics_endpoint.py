"""MetricsEndpoint: a port at which Prometheus reads a process, served by a process beside it."""

from __future__ import annotations

import errno
import os
import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from adapters.process.child import Child, module_command
from dolphin_strategies.errors import ConfigError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator
    from pathlib import Path

HELP: Final = (
    "serve metrics for Prometheus at http://127.0.0.1:PORT/metrics, or at ADDRESS:PORT; see "
    "docs/metrics.md (default: none)"
)
LOOPBACK: Final = "127.0.0.1"
_WAITING: Final = 16


class MetricsEndpoint:
    """Listens from now on, so that a port in use is known before anything starts.

    Parameters
    ----------
    where : str or None
        ``PORT`` or ``ADDRESS:PORT``; None: nowhere.

    Raises
    ------
    ConfigError
        If it is no such text, or nobody can listen there.

    Notes
    -----
    The server is a process of its own, which reads the snapshot that this one writes into memory:
    a scrape takes nothing of this process, not even its interpreter's lock.

    """

    def __init__(self, where: str | None = None) -> None:
        self._socket: socket.socket | None = None
        if where is None:
            return
        address, _, port = where.rpartition(":")
        address = address.strip("[]") or LOOPBACK
        if not port.isdecimal() or int(port) > 65535:
            msg = f"--metrics: expected PORT or ADDRESS:PORT, found {where!r}"
            raise ConfigError(msg)
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_STREAM)
        try:
            # Connections of an earlier run that are just closing do not hold the port.
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._socket.bind((address, int(port)))
            self._socket.listen(_WAITING)
        except OSError as error:
            self._socket.close()
            why = "in use; choose another" if error.errno == errno.EADDRINUSE else error.strerror
            msg = f"--metrics: nobody can listen at {address} port {port}: {why}"
            raise ConfigError(msg) from None

    @property
    def is_wanted(self) -> bool:
        """Whether there is an endpoint."""
        return self._socket is not None

    @property
    def port(self) -> int:
        """The port, of which 0 asked for a free one."""
        return 0 if self._socket is None else int(self._socket.getsockname()[1])

    @contextmanager
    def serving(self, path: Path) -> Iterator[None]:
        """Serve the snapshots in a file.

        Parameters
        ----------
        path : Path
            The file of a :class:`~live.metrics.snapshot_file.SnapshotWriter`.

        """
        if self._socket is None:
            yield
            return
        fd = self._socket.fileno()
        command = module_command("live.metrics.endpoint", fd, path.absolute(), os.getpid())
        child = Child(command, "dropped", inherits=(fd,))
        # Without this, a client would wait for ever once the child is gone.
        self._socket.close()
        self._socket = None
        try:
            yield
        finally:
            child.stop()


def add_option(parser: argparse.ArgumentParser) -> None:
    """Add ``--metrics``."""
    parser.add_argument("--metrics", metavar="PORT", help=HELP)
