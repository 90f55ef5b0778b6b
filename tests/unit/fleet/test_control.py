"""What reaches the supervisor of a fleet that no command of ours sends."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from typing import TYPE_CHECKING, Any

import pytest

from live.fleet.supervision import control
from live.fleet.supervision.control import ControlServer, NoSupervisorError, ask
from tests.support.eventually import TIMEOUT_S

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DEEP = b"[" * 100_000 + b"]" * 100_000


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ControlServer]:
    """Give a server in a folder of its own, which waits for a client on a busy machine too."""
    monkeypatch.setattr(control, "_SERVE_S", TIMEOUT_S)
    tmp_path.chmod(0o700)
    found = ControlServer(tmp_path)
    yield found
    found.close()


def serve_one(server: ControlServer, folder: Path, content: bytes) -> list[dict[str, Any]]:
    """Send these bytes, have the server look once, and return the requests that it passed on."""
    asked: list[dict[str, Any]] = []

    def answer(request: dict[str, Any]) -> dict[str, Any]:
        asked.append(request)
        return {}

    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(TIMEOUT_S)
        client.connect(str(folder / "control"))
        sender = threading.Thread(target=_send, args=(client, content))
        sender.start()
        server.serve(answer)
        client.close()
        sender.join()
    return asked


def _send(client: socket.socket, content: bytes) -> None:
    try:
        client.sendall(content)
        client.shutdown(socket.SHUT_WR)
    except OSError:
        return


@pytest.mark.parametrize(
    "content",
    [
        b"[]\n", b"1\n", b"\xff\n", DEEP + b"\n", b'{"command": []}\n', b"9" * 10_000 + b"\n",
        b'{"command": "stop", "name": {}}\n', b"x" * (2 * control.MOST_BYTES), b"no end",
    ],
    ids=["list", "number", "bytes", "deep", "command", "long number", "name", "large", "no end"],
)  # fmt: skip
def test_what_is_no_request_ends_no_supervisor(
    server: ControlServer, tmp_path: Path, content: bytes
) -> None:
    """It is not passed on, and the next one is answered."""
    assert serve_one(server, tmp_path, content) == []
    assert serve_one(server, tmp_path, b'{"command": "status"}\n') == [{"command": "status"}]


def test_a_silent_client_holds_up_nobody_for_long(
    server: ControlServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is left, and of many only some are waited for in one turn."""
    monkeypatch.setattr(control, "_SERVE_S", 0.01)
    path, asked = str(tmp_path / "control"), list[dict[str, Any]]()
    with contextlib.ExitStack() as stack:
        for _ in range(6):
            stack.enter_context(socket.socket(socket.AF_UNIX)).connect(path)
        client = stack.enter_context(socket.socket(socket.AF_UNIX))
        client.connect(path)
        client.sendall(b'{"command": "status"}\n')

        def answer(request: dict[str, Any]) -> dict[str, Any]:
            asked.append(request)
            return {}

        turns = 0
        while not asked:
            server.serve(answer)
            turns += 1
        assert turns == 2


def test_an_answer_that_is_none_is_no_supervisor(tmp_path: Path) -> None:
    """Whoever listens there is none of ours."""
    tmp_path.chmod(0o700)
    for content in (DEEP, b"[]"):
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(tmp_path / "control"))
            listener.listen()
            listener.settimeout(TIMEOUT_S)
            asked: list[bytes] = []
            thread = threading.Thread(target=_answer, args=(listener, content + b"\n", asked))
            thread.start()
            with pytest.raises(NoSupervisorError):
                ask(tmp_path, {"command": "status"}, TIMEOUT_S)
            thread.join()
            assert [json.loads(one) for one in asked] == [{"command": "status"}]
        (tmp_path / "control").unlink()


def _answer(listener: socket.socket, content: bytes, asked: list[bytes]) -> None:
    client, _ = listener.accept()
    with client:
        asked.append(client.recv(1 << 16))
        client.sendall(content)
