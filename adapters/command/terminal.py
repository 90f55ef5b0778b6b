"""Lines and documents for a terminal or pipe, which may be closed, or read by nobody."""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import fields, is_dataclass
from typing import Any, Final

from adapters.command.json_lines import json_line
from dolphin_strategies.errors import DolphinError, printable

JSON_HELP: Final = "print one JSON document instead, for programs"
"""Of ``--json``."""


class _Form:
    """How this process says its lines: text, or JSON once it has a name there."""

    program = ""


def say_json(program: str) -> None:
    """Say everything from now on as lines of JSON in a program's name."""
    _Form.program = program


def takes_colour(stream: Any = None) -> bool:
    """Return whether colour belongs on a stream, standard output by default.

    Only on a terminal that has it, and not where ``NO_COLOR`` is set to anything
    (https://no-color.org).
    """
    return not os.environ.get("NO_COLOR") and moves_cursor(stream)


def moves_cursor(stream: Any = None) -> bool:
    """Return whether a stream, standard output by default, is a terminal that draws.

    One with ``TERM=dumb`` only prints, one character after the other.
    """
    stream = stream or sys.stdout
    if os.environ.get("TERM") == "dumb":
        return False
    with suppress(ValueError, AttributeError):  # closed, or not there
        return bool(stream.isatty())
    return False


def say(text: str, to: Any = None) -> bool:
    """Print a line and flush; return False if the terminal or pipe is closed or not there.

    What a terminal would take for a command is shown as an escape instead.
    """
    stream = to or sys.stdout
    # Not with print(): a strategy may have put something else in its place.
    with suppress(OSError, ValueError, RuntimeError, AttributeError):
        if _Form.program and text:
            level = "error" if stream is sys.stderr else "info"
            stream.write(json_line(_Form.program, level, text) + "\n")
        else:
            stream.write(printable(text) + "\n")
        stream.flush()
        return True
    return False


class UnwritableOutputError(DolphinError):
    """Standard output cannot be written, as on a full disk: what is there is not all of it."""


def show(text: str) -> None:
    """Print a result, which is all there or an error; that nobody reads it is none.

    Raises
    ------
    UnwritableOutputError
        If it cannot be written.

    """
    try:
        sys.stdout.write(printable(text) + "\n")
        sys.stdout.flush()
    except (BrokenPipeError, ValueError, AttributeError):  # closed, or not there
        return
    except OSError as error:
        _discard(sys.stdout.fileno())
        msg = f"standard output cannot be written: {error.strerror}; what is there is not all"
        raise UnwritableOutputError(msg) from None


def say_document(document: object) -> None:
    """Print one JSON document; whatever else is to be said belongs on standard error.

    Parameters
    ----------
    document : object
        Plain data, dataclasses, and anything else as its text. NaN and infinities are ``null``.

    Raises
    ------
    UnwritableOutputError
        If it cannot be written.

    """
    # In ASCII: what a terminal would obey is escaped as JSON has it, and stays valid.
    show(json.dumps(_plain(document), indent=2, allow_nan=False))


def _plain(value: Any) -> Any:
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else None
        case Mapping():
            return {str(name): _plain(one) for name, one in value.items()}
        case list() | tuple():
            return [*map(_plain, value)]
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    return str(value)


def let_go_of_terminal() -> None:
    """Discard further output, and leave the current folder."""
    os.chdir("/")
    _discard(0, 1, 2)


def _discard(*fds: int) -> None:
    """Have these descriptors lead nowhere from now on."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for fd in fds:
        os.dup2(nowhere, fd)
    os.close(nowhere)
