"""The socket through which commands reach the supervisor of a fleet: one request, one answer."""

from __future__ import annotations

import json
import os
import socket
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final

from adapters.process.safe_files import UnusableFileError, open_private_folder
from dolphin_strategies.errors import DolphinError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_NAME: Final = "control"
_LEAST_S: Final = 0.001
_SERVE_S: Final = 0.5
"""How long a client may keep the supervisor waiting, seconds."""
_MOST_CLIENTS: Final = 4
"""Answered between two looks at the services."""
ASK_S: Final = 15.0
_READ_BYTES: Final = 1 << 16
MOST_BYTES: Final = 1 << 24
"""Of a request, and of an answer."""


class NoSupervisorError(DolphinError):
    """No supervisor of the fleet answers."""


class ControlServer:
    """The supervisor's end.

    Parameters
    ----------
    folder : Path
        The run folder, which only this user may enter.

    Raises
    ------
    UnusableFileError
        If there can be no socket.

    """

    def __init__(self, folder: Path) -> None:
        self._socket: Final = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            with _address(folder) as address:
                # Whoever made it is gone: the supervisor's lock is ours.
                (folder / _NAME).unlink(missing_ok=True)
                self._socket.bind(address)
            self._socket.listen(16)
            self._socket.settimeout(0)
        except OSError as error:
            self._socket.close()
            msg = f"{folder / _NAME} cannot be listened at: {error.strerror}"
            raise UnusableFileError(msg) from None
        self._path: Final = folder / _NAME

    def fileno(self) -> int:
        """Return the descriptor that is readable when somebody asks."""
        return self._socket.fileno()

    def serve(self, answer: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        """Answer who has asked by now, a few at a time: the others wait for the next turn."""
        for _ in range(_MOST_CLIENTS):
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            with client, suppress(OSError, ValueError):
                request = _table(client, _SERVE_S)
                if not isinstance(request.get("command"), str):
                    continue
                if not isinstance(request.get("name"), str | None):
                    continue
                client.sendall(json.dumps(answer(request)).encode() + b"\n")

    def close(self) -> None:
        """Take the socket away; safe to call again."""
        self._socket.close()
        self._path.unlink(missing_ok=True)


def ask(folder: Path, request: dict[str, Any], timeout_s: float = ASK_S) -> dict[str, Any]:
    """Send a request to the supervisor and return its answer.

    Raises
    ------
    NoSupervisorError
        If none answers in time.
    DolphinError
        If it refuses.

    """
    try:
        with _address(folder) as address, socket.socket(socket.AF_UNIX) as client:
            client.settimeout(timeout_s)
            client.connect(address)
            client.sendall(json.dumps(request).encode() + b"\n")
            found = _table(client, timeout_s)
    except (OSError, ValueError, DolphinError):
        msg = (
            f"no supervisor of this fleet runs ({folder}): start it with 'run_fleet.py FILE start'"
        )
        raise NoSupervisorError(msg) from None
    if "refused" in found:
        raise DolphinError(found["refused"])
    return found


def _table(client: socket.socket, timeout_s: float) -> dict[str, Any]:
    """Return what is sent, a line of JSON; OSError or ValueError if it is none, or not in time."""
    received = bytearray()
    deadline_s = time.monotonic() + timeout_s
    while not received.endswith(b"\n"):
        client.settimeout(max(deadline_s - time.monotonic(), _LEAST_S))
        more = client.recv(_READ_BYTES)
        received += more
        if not more or len(received) > MOST_BYTES or time.monotonic() > deadline_s:
            raise ValueError
    try:
        found = json.loads(received)
    except RecursionError:
        raise ValueError from None
    if not isinstance(found, dict):
        raise ValueError  # noqa: TRY004 - of what was sent, not of an argument
    return found


@contextmanager
def _address(folder: Path) -> Iterator[str]:
    """Give the socket's address, short enough for any folder: the kernel takes 107 bytes."""
    fd = open_private_folder(folder, create=False)
    try:
        yield f"/proc/self/fd/{fd}/{_NAME}"
    finally:
        os.close(fd)
