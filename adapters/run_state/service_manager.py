"""ServiceManager: what systemd is told of a node: that it is up, that it turns, how it stops."""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from typing import Final

SOCKET: Final = "NOTIFY_SOCKET"


class ServiceManager:
    """Speaks the protocol of sd_notify(3); does nothing where no service manager listens.

    Notes
    -----
    One datagram a call, which never blocks. The variable is taken out of the environment, so that
    no child speaks in the node's name.

    """

    def __init__(self) -> None:
        self._address = os.environ.pop(SOCKET, "")
        self._socket: socket.socket | None = None
        self._is_ready = self._is_stopping = False
        if self._address.startswith(("/", "@")):
            # An abstract name begins with a NUL, which systemd writes as "@".
            self._address = "\0" + self._address[1:] if self._address[0] == "@" else self._address
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
            self._socket.settimeout(0)

    @property
    def is_listening(self) -> bool:
        """Whether a service manager listens."""
        return self._socket is not None

    def turned(self, *, is_running: bool, is_stopping: bool, status: str) -> None:
        """Tell that the thread turns, and the first time that the node runs or stops.

        Parameters
        ----------
        is_running : bool
            Whether the node has started.
        is_stopping : bool
            Whether it was asked to stop.
        status : str
            One line for ``systemctl status``.

        """
        if self._socket is None:
            return
        lines = ["WATCHDOG=1", f"STATUS={status}"]
        if is_running and not self._is_ready:
            self._is_ready = True
            lines.append("READY=1")
        if is_stopping and not self._is_stopping:
            self._is_stopping = True
            lines.append("STOPPING=1")
        with suppress(OSError):
            self._socket.sendto("\n".join(lines).encode(), self._address)
