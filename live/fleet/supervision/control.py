"""The socket through which commands reach the supervisor of a fleet: one request, one answer."""

from __future__ import annotations

import json
import os
import socket
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final

from adapters.process.safe_files import UnusableFileError, open_private_folder
from dolphin_strategies.errors import DolphinError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_NAME: Final = "control"
_SERVE_S: Final = 0.5
"""How long a client may keep the supervisor waiting, seconds."""
ASK_S: Final = 15.0
_READ_BYTES: Final = 1 << 16


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
        """Answer everybody who has asked by now."""
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            with client, suppress(OSError, ValueError):
                client.settimeout(_SERVE_S)
                client.sendall(json.dumps(answer(json.loads(_line(client)))).encode() + b"\n")

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
            found: dict[str, Any] = json.loads(_line(client))
    except (OSError, ValueError, DolphinError):
        msg = (
            f"no supervisor of this fleet runs ({folder}): start it with 'run_fleet.py FILE start'"
        )
        raise NoSupervisorError(msg) from None
    if "refused" in found:
        raise DolphinError(found["refused"])
    return found


def _line(client: socket.socket) -> bytes:
    received = b""
    while not received.endswith(b"\n"):
        more = client.recv(_READ_BYTES)
        if not more:
            raise ValueError
        received += more
    return received


@contextmanager
def _address(folder: Path) -> Iterator[str]:
    """Give the socket's address, short enough for any folder: the kernel takes 107 bytes."""
    fd = open_private_folder(folder, create=False)
    try:
        yield f"/proc/self/fd/{fd}/{_NAME}"
    finally:
        os.close(fd)
