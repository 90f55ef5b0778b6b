"""Side: a process of a measurement that answers lines, and how much processor time it took."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from adapters.process.child import Child, ChildError

if TYPE_CHECKING:
    from collections.abc import Sequence

ANSWER_S: Final = 60.0
"""A virtual machine for Java starts in less than a second, and in many on a busy machine."""
ENDING_S: Final = 2.0
"""From the end of its output to its own."""
_TICKS: Final = os.sysconf("SC_CLK_TCK")


class Side:
    """A producer, a reader or a driver in a process of its own.

    Parameters
    ----------
    name : str
        For errors: ``producer``, ``reader`` or ``driver``.
    command : sequence of str
        Its command line.

    Attributes
    ----------
    pid : int
        Its process identifier.

    Notes
    -----
    The process ends when its standard input does, so also when this one is killed.

    """

    def __init__(self, name: str, command: Sequence[str]) -> None:
        self._name: Final = name
        self._child: Final = Child(command)
        self._lines: list[str] = []
        self.pid: Final = self._child.pid

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def send(self, line: str) -> None:
        """Write a line to it."""
        self._child.send(line)

    def ask(self, line: str, timeout_s: float = ANSWER_S) -> str:
        """Write a line to it and return the next one that it prints."""
        self.send(line)
        return self.answer(timeout_s)

    def expect(self, word: str, timeout_s: float = ANSWER_S) -> None:
        """Wait for a line that is a word; raise if it is another."""
        found = self.answer(timeout_s)
        if found != word:
            msg = f"the {self._name} said {found!r} in place of {word!r}"
            raise ChildError(msg)

    def answer(self, timeout_s: float = ANSWER_S) -> str:
        """Return the next line that it prints.

        Raises
        ------
        ChildError
            If it ends before, or prints nothing for so long.

        """
        deadline_s = time.monotonic() + timeout_s
        while not self._lines:
            left_s = deadline_s - time.monotonic()
            if left_s <= 0:
                msg = f"the {self._name} gave no answer in {timeout_s:g} s"
                raise ChildError(msg)
            lines = self._child.lines(left_s)
            if lines is None:
                has_ended = self._child.wait(ENDING_S)
                how = f"ended with code {self._child.exit_code}" if has_ended else "went silent"
                msg = f"the {self._name} {how}; see what it printed above"
                raise ChildError(msg)
            self._lines += lines
        return self._lines.pop(0)

    def cpu_s(self) -> float:
        """Return the processor time of all of its threads, seconds."""
        stat = Path(f"/proc/{self.pid}/stat").read_text(encoding="utf-8")
        fields = stat.rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def close_input(self) -> None:
        """Close its standard input, which ends it in order; safe to call again."""
        self._child.close_input()

    def kill(self) -> None:
        """End it with SIGKILL and wait until it is gone; safe to call again."""
        self._child.kill()
