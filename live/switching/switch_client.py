"""The other end of the switch: find a node, ask it, and have the watchdog act if it is silent."""

from __future__ import annotations

import os
import re
import socket
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson

from adapters.process.run_folder import PARENT, PREFIX
from adapters.process.safe_files import UnusableFileError, open_file
from adapters.run_state.run_state import BadStateError, RunState
from adapters.run_state.state_file import STATE_NAME, StateReader, service_of
from dolphin_strategies.errors import ConfigError, DolphinError
from live.switching.switch_words import LONGEST_BYTES, SOCKET_NAME, STATE_PATH_NAME

if TYPE_CHECKING:
    from live.switching.switch_words import Request

ANSWER_S: Final = 0.5
"""How soon a node acknowledges."""
_RETRY_S: Final = 0.005
_PID: Final = re.compile(rf"{PREFIX}(\d+)_")


class NoAnswerError(DolphinError):
    """A node has not acknowledged in time."""


class Node(NamedTuple):
    """A node that runs.

    Attributes
    ----------
    pid : int
        Its process.
    folder : Path
        Its run's folder.
    path : Path
        Where its state is.
    state : RunState, optional
        What it tells; None: it cannot be read.

    """

    pid: int
    folder: Path
    path: Path
    state: RunState | None

    def __str__(self) -> str:
        state = self.state
        if state is None:
            return f"node of process {self.pid}"
        of_fleet = f"{self.service}: " if self.service else ""
        return f"{of_fleet}{state.strategy or 'node'} (pid {self.pid}, {state.orders} orders)"

    @property
    def service(self) -> str:
        """Its name in a fleet; empty: it belongs to none."""
        return service_of(self.path)


def running_nodes() -> list[Node]:
    """Return the nodes of this user that run and have a switch."""
    found = []
    for folder in sorted(PARENT.glob(f"{PREFIX}*")):
        named = _PID.match(folder.name)
        with suppress(OSError):
            is_ours = folder.stat().st_uid == os.geteuid()
            if named is not None and is_ours and (folder / SOCKET_NAME).is_socket():
                path = _state_path(folder)
                found.append(Node(int(named[1]), folder, path, state_at(path)))
    return found


def node_of(name: str | None, state: Path | None = None) -> Node:
    """Return the node that a user names.

    Parameters
    ----------
    name : str, optional
        A pid, a strategy's name, or that of a service of a fleet; None: the only node that runs.
    state : Path, optional
        The ``--state`` of the node.

    Raises
    ------
    ConfigError
        If there is no such node, or several.

    """
    nodes = running_nodes()
    known = "; running: " + (", ".join(map(str, nodes)) or "none")
    if state is not None:
        found = [n for n in nodes if n.path == state.absolute()]
    elif name is None:
        found = nodes
    else:
        found = [
            n for n in nodes
            if name and name in {str(n.pid), n.service, n.state.strategy if n.state else ""}
        ]  # fmt: skip
    if len(found) != 1:
        what = "no node" if not found else f"{len(found)} nodes"
        ways = "--node PID" if not any(n.service for n in nodes) else "--node PID|SERVICE"
        msg = f"expected one node, found {what}{known}; name it with {ways} or --state FILE"
        raise ConfigError(msg)
    return found[0]


def _state_path(folder: Path) -> Path:
    with (
        suppress(OSError, UnusableFileError),
        os.fdopen(open_file(folder / STATE_PATH_NAME, os.O_RDONLY), encoding="utf-8") as file,
    ):
        return Path(file.read())
    return folder / STATE_NAME


def state_at(path: Path) -> RunState | None:
    """Return the state in a file; None if there is none that can be read."""
    try:
        reader = StateReader(open_file(path, os.O_RDONLY), path)
    except (OSError, UnusableFileError):
        return None
    try:
        written = reader.newest()
        return None if written is None else RunState.decode(written.content)
    except (OSError, BadStateError):
        return None
    finally:
        reader.close()


def ask(node: Node, request: Request, timeout_s: float = ANSWER_S) -> dict[str, Any]:
    """Ask a node; return its answer.

    Raises
    ------
    NoAnswerError
        If it has not answered in time; it may act on the request later.

    """
    until_s = time.monotonic() + timeout_s
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as peer:
            peer.settimeout(timeout_s)
            while not _is_connected(peer, node, until_s):
                time.sleep(_RETRY_S)
            peer.sendall(request.encode())
            text = b""
            while not text.endswith(b"\n"):
                peer.settimeout(max(until_s - time.monotonic(), 0.001))
                more = peer.recv(LONGEST_BYTES)
                if not more:
                    break
                text += more
            answer: dict[str, Any] = orjson.loads(text)
    except (OSError, orjson.JSONDecodeError) as error:
        msg = f"{node} has not acknowledged {request.command} within {timeout_s:g} s ({error})"
        raise NoAnswerError(msg) from None
    return answer


def _is_connected(peer: socket.socket, node: Node, until_s: float) -> bool:
    """Connect, or return False to try again: at the moment too many others do."""
    try:
        peer.connect(str(node.folder / SOCKET_NAME))
    except BlockingIOError:
        if time.monotonic() > until_s:
            raise
        return False
    return True
