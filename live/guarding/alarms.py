"""Alarms: what a watchdog tells: a line, a file, a command."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from adapters.command.terminal import STDERR, STDOUT, say_bounded
from adapters.process.safe_files import UnusableFileError, open_private

if TYPE_CHECKING:
    from pathlib import Path

COMMAND_S: Final = 10.0
"""How long a command of an alarm may run."""
MOST_COMMANDS: Final = 8
"""Commands that run at once; the alarms of further ones are in the file and on the terminal."""
VARIABLES: Final = "DOLPHIN_ALARM_"
"""How the command's variables begin: KIND, NODE, TEXT, STATE (the state's file), PID."""


class Alarms:
    """Prints alarms, appends them to a file, and runs a command for each.

    Parameters
    ----------
    file : Path, optional
        Gets one line of JSON for each alarm; made with mode 0600.
    command : str
        A command line without a shell; empty: none.

    Attributes
    ----------
    count : int
        Alarms so far.
    commands_left_out : int
        Alarms whose command was not run, because too many ran.

    Raises
    ------
    UnusableFileError
        If the file cannot be used.
    ValueError
        If the command line has an open quotation.

    Notes
    -----
    Nothing here waits: a terminal that nobody reads costs a second at most, a command is ended,
    with all that it started, after ``COMMAND_S``.

    """

    def __init__(self, file: Path | None, command: str) -> None:
        self._file: Final = file
        if file is not None:
            os.close(open_private(file, appends=True))
        self._command: Final = shlex.split(command)
        self._running: Final[list[tuple[subprocess.Popen[bytes], float]]] = []
        self.count = 0
        self.commands_left_out = 0

    def notice(self, name: str, text: str) -> None:
        """Print a line that is no alarm."""
        say_bounded(f"{_clock()} {name} {text}", STDOUT)

    def alarm(self, kind: str, name: str, text: str, state: Path, pid: int) -> None:
        """Raise an alarm.

        Parameters
        ----------
        kind : str
            See :class:`~live.guarding.guard_rules.Alarm`.
        name, text : str
            The node and what is wrong with it.
        state : Path
            The node's state.
        pid : int
            The node's process; 0: unknown.

        """
        self.count += 1
        say_bounded(f"{_clock()} ALARM {kind}: {name} {text}", STDERR)
        row = {"kind": kind, "node": name, "text": text, "state": str(state), "pid": pid}
        if self._file is not None:
            self._append(self._file, {"at_ns": time.time_ns(), **row})
        if self._command:
            self._run({f"{VARIABLES}{key.upper()}": str(value) for key, value in row.items()})

    def _append(self, file: Path, row: dict[str, Any]) -> None:
        try:
            fd = open_private(file, appends=True)
        except UnusableFileError as error:
            say_bounded(f"{_clock()} the alarm file cannot be written: {error}", STDERR)
            return
        try:
            os.write(fd, json.dumps(row).encode() + b"\n")
        except OSError as error:
            say_bounded(f"{_clock()} {file} cannot be written: {error.strerror}", STDERR)
        finally:
            os.close(fd)

    def _run(self, variables: dict[str, str]) -> None:
        if len(self._running) >= MOST_COMMANDS:
            self.commands_left_out += 1
            say_bounded(f"{_clock()} {MOST_COMMANDS} alarm commands run already", STDERR)
            return
        try:
            started = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                env=os.environ | variables,
                start_new_session=True,
            )
        except OSError as error:
            say_bounded(f"{_clock()} the alarm command cannot be started: {error}", STDERR)
            return
        self._running.append((started, time.monotonic() + COMMAND_S))

    def tend(self) -> None:
        """Take in commands that have ended, and end those that take too long."""
        for started, until_s in [*self._running]:
            code = started.poll()
            if code is None and time.monotonic() < until_s:
                continue
            self._running.remove((started, until_s))
            if code is None:
                _kill_group(started)
                say_bounded(f"{_clock()} the alarm command took over {COMMAND_S:g} s", STDERR)
            elif code:
                say_bounded(f"{_clock()} the alarm command ended with code {code}", STDERR)

    def close(self) -> None:
        """Wait for the commands, within their limit."""
        while self._running:
            self.tend()
            time.sleep(0.01)


def _kill_group(started: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        # A session of its own, whose number is its pid until it is waited for.
        os.killpg(started.pid, signal.SIGKILL)
    started.wait()


def _clock() -> str:
    return time.strftime("%H:%M:%S")
