"""Child: a process that this one starts, reads and ends, with a bound on every wait."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Literal

from dolphin_strategies.errors import DolphinError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

STOP_TIMEOUT_S: Final = 2.0
_READ_BYTES: Final = 1 << 16


class ChildError(DolphinError):
    """A child process failed to start, to become ready or to report."""


def module_command(module: str, *arguments: object) -> list[str]:
    """Return the command that runs a module with this interpreter.

    Python would look for modules in the working folder first: with ``-P`` a file ``json.py`` there
    is not loaded for the library of that name.
    """
    return [sys.executable, "-P", "-m", module, *map(str, arguments)]


class Child:
    """A process with a pipe to its standard input, and one from its standard output.

    The child runs in a session of its own, so that Ctrl-C in a terminal reaches only the parent,
    which ends the child in time. The child's standard input is its lifeline: it closes when the
    parent dies for any reason, and the child is expected to end.

    Parameters
    ----------
    command : sequence of str
        The command line.
    output : "read", "inherited" or "dropped"
        Whether its standard output is read with :meth:`lines`, goes to the parent's, or is
        discarded. Its standard error goes to the parent's, unless output is dropped.
    inherits : sequence of int
        Further descriptors that the child inherits, under the same numbers.

    Attributes
    ----------
    pid : int
        Its process identifier.
    into, out : int
        The parent's ends of the pipes; -1 without one.

    """

    def __init__(
        self,
        command: Sequence[str],
        output: Literal["read", "inherited", "dropped"] = "read",
        inherits: Sequence[int] = (),
    ) -> None:
        self._rest = b""
        input_fd, self.into = os.pipe()
        self.out, output_fd = os.pipe() if output == "read" else (-1, -1)
        dropped = subprocess.DEVNULL if output == "dropped" else None
        try:
            self._process: Final = subprocess.Popen(
                command,
                stdin=input_fd,
                stdout=output_fd if output == "read" else dropped,
                stderr=dropped,
                pass_fds=inherits,
                start_new_session=True,
            )
        except BaseException:
            self._close()
            raise
        finally:
            os.close(input_fd)
            if output_fd >= 0:
                os.close(output_fd)
        self.pid: Final = self._process.pid

    @property
    def exit_code(self) -> int | None:
        """The exit code, negative for a signal, or None while the child runs."""
        return self._process.poll()

    def lines(self, timeout_s: float) -> list[str] | None:
        """Return the lines that the child has printed since the last call.

        Parameters
        ----------
        timeout_s : float
            How long to wait for output, seconds; 0 does not wait.

        Returns
        -------
        list of str or None
            Whole lines, empty without output; None once the output has ended.

        """
        if not select.select([self.out], [], [], max(timeout_s, 0))[0]:
            return []
        received = os.read(self.out, _READ_BYTES)
        if not received:
            return None
        *lines, self._rest = (self._rest + received).split(b"\n")
        return [line.decode(errors="replace") for line in lines]

    def wait_for(self, is_ready: Callable[[str], bool], timeout_s: float, what: str) -> None:
        """Wait for the line with which the child reports that it is ready.

        Parameters
        ----------
        is_ready : callable
            Called with each line; returns whether it is the report.
        timeout_s : float
            How long to wait, seconds.
        what : str
            The child's name, for the error.

        Raises
        ------
        ChildError
            If the child ends first or takes longer.

        """
        deadline_s = time.monotonic() + timeout_s
        while (left_s := deadline_s - time.monotonic()) > 0:
            lines = self.lines(left_s)
            if lines is None:
                self.wait(STOP_TIMEOUT_S)
                code = self.exit_code
                how = "closed its output" if code is None else f"ended with code {code}"
                msg = f"{what} is not ready: it {how}; see its error above"
                raise ChildError(msg)
            if any(map(is_ready, lines)):
                return
        msg = f"{what} is not ready: it did not report that it is ready within {timeout_s:g} s"
        raise ChildError(msg)

    def send(self, line: str) -> None:
        """Write a line to the child's standard input; do nothing if the child has ended."""
        with suppress(OSError):
            os.write(self.into, line.encode() + b"\n")

    def close_input(self) -> None:
        """Close the child's standard input; safe to call again."""
        if self.into >= 0:
            os.close(self.into)
            self.into = -1

    def wait(self, timeout_s: float) -> bool:
        """Wait for the child to end and return whether it ended in time."""
        try:
            self._process.wait(max(timeout_s, 0))
        except subprocess.TimeoutExpired:
            return False
        return True

    def stop(self, timeout_s: float = STOP_TIMEOUT_S) -> None:
        """Ask the child to end, and kill it if it does not end in time; safe to call again."""
        if self.exit_code is None:
            self._process.terminate()
            if not self.wait(timeout_s):
                self.kill()
        self._close()

    def kill(self) -> None:
        """Kill the child."""
        self._process.kill()
        self.wait(STOP_TIMEOUT_S)
        self._close()

    def _close(self) -> None:
        self.close_input()
        if self.out >= 0:
            os.close(self.out)
            self.out = -1
