"""JSON lines: what a program says, as one object a line, for what collects logs."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import argparse

HELP: Final = "print this program's own lines as JSON, one object a line"


def json_line(program: str, level: str, text: str) -> str:
    """Return a line of a log.

    Parameters
    ----------
    program : str
        Whose it is, such as ``run_node.py``.
    level : str
        ``info``, ``warning`` or ``error``.
    text : str
        What is said; its line ends are escaped.

    Returns
    -------
    str
        An object with ``at_ns`` (UNIX nanoseconds), ``program``, ``pid``, ``level``, ``text``.

    """
    row = {"at_ns": time.time_ns(), "program": program, "pid": os.getpid(), "level": level}
    # Escaped to ASCII: nothing in it can break a line or command a terminal.
    return json.dumps({**row, "text": text.strip("\n")})


def add_option(parser: argparse.ArgumentParser) -> None:
    """Add ``--log-json``."""
    parser.add_argument("--log-json", action="store_true", help=HELP)
