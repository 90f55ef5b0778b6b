"""What a switch and a node say to each other: one line of JSON each way."""

from __future__ import annotations

import pwd
from typing import Any, Final, NamedTuple

import orjson

from dolphin_strategies.errors import DolphinError
from dolphin_strategies.order_gates.risk.trading import COMMANDS

SOCKET_NAME: Final = "switch"
FIFO_NAME: Final = "switch.fifo"
STATE_PATH_NAME: Final = "switch.state"
"""Has the path of the run's state. All three are in the folder of a run."""
LONGEST_BYTES: Final = 4096
LONGEST_TEXT: Final = 200
STATUS: Final = "status"


class BadRequestError(DolphinError):
    """What came is no command."""


class Request(NamedTuple):
    """What is asked of a node.

    Attributes
    ----------
    command : str
        One of ``COMMANDS``, or ``status``.
    why : str
        The reason, one line.

    """

    command: str
    why: str = ""

    def encode(self) -> bytes:
        """Return the line."""
        return orjson.dumps(self._asdict()) + b"\n"

    @classmethod
    def decode(cls, line: bytes) -> Request:
        """Read a line: JSON, or the words of ``echo halt a reason``.

        Raises
        ------
        BadRequestError
            If it is no command.

        """
        text = line.decode("utf-8", errors="replace").strip()
        if text.startswith("{"):
            try:
                table = dict(orjson.loads(text))
            except (ValueError, TypeError):
                table = {}
            command, why = table.get("command"), table.get("why", "")
        else:
            command, _, why = text.partition(" ")
        if command not in (*COMMANDS, STATUS) or not isinstance(why, str):
            msg = f"expected one of {', '.join((*COMMANDS, STATUS))}, found {text!r:.80}"
            raise BadRequestError(msg)
        return cls(command, one_line(why))


def one_line(text: str) -> str:
    """Return a text that is short and printable."""
    return "".join(c if c.isprintable() else " " for c in text.strip()[:LONGEST_TEXT])


def encode_answer(**answer: Any) -> bytes:
    """Return the line of an answer."""
    return orjson.dumps(answer) + b"\n"


def user_name(uid: int) -> str:
    """Return the name of a user, also of one who has none: in a container, for example."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"
