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
    """A process that was started did not do what it was started for."""


def module_command(module: str, *arguments: object) -> list[str]:
    """Return the command that runs a module with this interpreter."""
    return [sys.executable, "-m", module, *map(str, arguments)]


class Child:
    """A process with a pipe to its standard input, and one from its standard output.

    It runs in a session of its own, so that Ctrl-C in a terminal reaches only its parent, which
    ends it in time. Its standard input is its lifeline: when the parent dies, however that
    happens, it closes, and the child is expected to end.

    Parameters
    ----------
    command : sequence of str
        What to run.
    output : "read", "inherited" or "dropped"
        What becomes of its standard output: given by :meth:`lines`, printed where the parent
        prints, or nothing. Its errors are printed there too, unless all is dropped.
    inherits : sequence of int
        Further descriptors that the child gets, under the same numbers.

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
        """The code it ended with, negative for a signal, or None while it runs."""
        return self._process.poll()

    def lines(self, timeout_s: float) -> list[str] | None:
        """Return the lines it has printed since the last call.

        Parameters
        ----------
        timeout_s : float
            How long to wait for something to read; 0 only looks.

        Returns
        -------
        list of str or None
            Whole lines, none if nothing came; None once its output has ended.

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
            Called with each line; whether this is the one.
        timeout_s : float
            How long to wait.
        what : str
            What the child is, for the error.

        Raises
        ------
        ChildError
            If it ends first or takes longer.

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
        """Write a line to its standard input; nothing if it has ended."""
        with suppress(OSError):
            os.write(self.into, line.encode() + b"\n")

    def close_input(self) -> None:
        """Close its standard input; safe to call again."""
        if self.into >= 0:
            os.close(self.into)
            self.into = -1

    def wait(self, timeout_s: float) -> bool:
        """Wait for its end and return whether it came in time."""
        try:
            self._process.wait(max(timeout_s, 0))
        except subprocess.TimeoutExpired:
            return False
        return True

    def stop(self, timeout_s: float = STOP_TIMEOUT_S) -> None:
        """Ask it to end, and end it by force if it does not in time; safe to call again."""
        if self.exit_code is None:
            self._process.terminate()
            if not self.wait(timeout_s):
                self.kill()
        self._close()

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()
        self.wait(STOP_TIMEOUT_S)
        self._close()

    def _close(self) -> None:
        self.close_input()
        if self.out >= 0:
            os.close(self.out)
            self.out = -1
