"""What a command prints: text that a terminal shows and does not obey."""

from __future__ import annotations

import ast
import json
import math
import os
from dataclasses import dataclass
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.command.terminal import say, say_document, takes_colour
from dolphin_strategies.errors import printable
from tests.architecture.modules import TOPS, python_files, tree_of

MAY_PRINT: Final = {
    # Through printable, which they import themselves.
    "adapters/shm/native/__main__.py",
    "live/latency/latency_probe.py",  # numbers for its parent
}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain, é and 漢", "plain, é and 漢"),
        ("two\n\tlines", "two\n\tlines"),
        ("\x1b[2J\x1b]0;title\x07", "\\x1b[2J\\x1b]0;title\\x07"),
        ("over\rwritten\b\x00\x7f", "over\\rwritten\\x08\\x00\\x7f"),
        ("\x9b31m", "\\x9b31m"),
        ("a\u202eb\u2066\u200b\ufeff", "a\\u202eb\\u2066\\u200b\\ufeff"),
        ("\ud800\U000e0001", "\\ud800\\U000e0001"),
    ],
    ids=["plain", "lines", "escape", "overwriting", "C1", "direction", "surrogate and tag"],
)
def test_what_a_terminal_would_obey_is_shown(text: str, shown: str) -> None:
    """Fault B04: escape sequences, carriage returns, marks of direction; the rest is as it was."""
    assert printable(text) == shown
    to = StringIO()
    say(text, to)
    assert to.getvalue() == shown + "\n"


@given(st.text())
def test_nothing_else_is_printed(text: str) -> None:
    """Whatever it is: visible characters, spaces, tabs and line ends."""
    assert printable(text).replace("\n", "").replace("\t", "").isprintable()


@dataclass(frozen=True)
class Seen:
    """Part of a document."""

    path: Path
    rate: float


def test_a_document_is_json_whatever_is_in_it(capsys: pytest.CaptureFixture[str]) -> None:
    """Numbers that are none, 64 bits, paths of odd bytes, and what a terminal would obey."""
    odd = Path(os.fsdecode(b"/caf\xe9"))
    say_document({
        "seen": [Seen(odd, math.nan), Seen(Path("/x"), math.inf)],
        "big": 2**64 - 1,
        "names": ("\x9b31m", "\u202e", "é"),
        "decimal": Decimal("1.50"),
        "is": None,
    })  # fmt: skip
    printed = capsys.readouterr().out
    assert printed.isascii()
    assert json.loads(printed) == {
        "seen": [{"path": str(odd), "rate": None}, {"path": "/x", "rate": None}],
        "big": 2**64 - 1,
        "names": ["\x9b31m", "\u202e", "é"],
        "decimal": "1.50",
        "is": None,
    }


def test_all_that_commands_print_passes_one_place() -> None:
    """A print elsewhere would show a terminal what stands in a file or an answer."""
    printing = {
        file.as_posix()
        for top in TOPS
        for file in python_files(top)
        for node in ast.walk(tree_of(file))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "print"
    }
    assert printing == MAY_PRINT


@pytest.mark.parametrize(
    ("settings", "is_coloured"),
    [
        ({"TERM": "xterm"}, True),
        ({"TERM": "xterm", "NO_COLOR": ""}, True),
        ({"TERM": "xterm", "NO_COLOR": "0"}, False),
        ({"TERM": "dumb"}, False),
    ],
)
def test_colour_is_for_a_terminal_that_takes_it(
    settings: dict[str, str], monkeypatch: pytest.MonkeyPatch, *, is_coloured: bool
) -> None:
    """Any text in NO_COLOR turns it off, an empty one does not; a file or pipe never has any."""
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    leader, follower = os.openpty()
    with os.fdopen(follower, "w") as terminal, os.fdopen(leader, "rb"):
        assert takes_colour(terminal) is is_coloured
    assert not takes_colour(terminal)  # closed
    with Path(os.devnull).open("w") as file:
        assert not takes_colour(file)
