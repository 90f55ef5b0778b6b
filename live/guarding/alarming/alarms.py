"""Alarms: what a watchdog tells: a line, a file, and deliveries, none of which it waits for."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from adapters.process.bounded_lines import STDERR, STDOUT, say_bounded
from adapters.process.safe_files import UnusableFileError, open_private
from live.guarding.alarming.alarm_groups import AlarmGroups, RaisedAlarm

if TYPE_CHECKING:
    from pathlib import Path

    from live.guarding.alarming.alarm_channels import AlarmChannels
    from live.guarding.alarming.alarm_groups import AlarmGroup

COMMAND_S: Final = 10.0
"""How long a command of an alarm may run."""
MOST_COMMANDS: Final = 8
"""Commands that run at once; the alarms of further ones are in the file and on the terminal."""
VARIABLES: Final = "DOLPHIN_ALARM_"
"""How the command's variables begin: KIND, NODE, STATE (the state's file) and PID of the first
alarm, TEXT and JSON of all, COUNT.
"""


class Alarms:
    """Prints alarms, appends them to a file, and delivers them in groups.

    Parameters
    ----------
    file : Path, optional
        Gets one line of JSON for each alarm; made with mode 0600.
    channels : AlarmChannels
        The command, the webhook and the mail.
    groups : AlarmGroups, optional
        Which alarms are delivered together, and which not again.

    Attributes
    ----------
    count : int
        Alarms so far.
    failed : int
        Deliveries that failed.
    commands_left_out : int
        Deliveries that were not begun, because too many ran.

    Raises
    ------
    UnusableFileError
        If the file cannot be used.

    Notes
    -----
    Nothing here waits: a terminal that nobody reads costs a second at most, a delivery is a
    process, which is ended, with all that it started, after ``COMMAND_S``.

    """

    def __init__(
        self, file: Path | None, channels: AlarmChannels, groups: AlarmGroups | None = None
    ) -> None:
        self._file: Final = file
        if file is not None:
            os.close(open_private(file, appends=True))
        self._commands: Final = channels.commands()
        self._groups: Final = groups or AlarmGroups()
        self._running: Final[list[_Delivery]] = []
        self.count = self.failed = 0
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
        self._groups.add(RaisedAlarm(kind, name, text, str(state), pid), time.monotonic())
        self._deliver(self._groups.due(time.monotonic()))

    def _append(self, file: Path, row: dict[str, Any]) -> None:
        try:
            fd = open_private(file, appends=True)
        except UnusableFileError as error:
            say_bounded(f"{_clock()} the alarm file cannot be written: {error}", STDERR)
            return
        why = ""
        try:
            line, size = json.dumps(row).encode() + b"\n", os.fstat(fd).st_size
            written = os.write(fd, line)
            if written != len(line):
                # Half a line would make the next one unreadable too; if nobody's is behind it.
                if os.fstat(fd).st_size == size + written:
                    os.ftruncate(fd, size)
                why = os.strerror(errno.ENOSPC)
        except OSError as error:
            why = error.strerror or str(error)
        finally:
            os.close(fd)
        if why:
            say_bounded(f"{_clock()} {file} cannot be written: {why}", STDERR)

    def _deliver(self, group: AlarmGroup | None) -> None:
        if group is None:
            return
        first = group.alarms[0]._asdict()
        told = {
            **first,
            "text": first["text"] if len(group.alarms) == 1 else group.text(),
            "json": json.dumps(group.table()),
            "count": len(group.alarms),
        }
        # A variable holds no NUL, and the environment not more than the kernel takes.
        variables = {
            f"{VARIABLES}{key.upper()}": str(value).replace("\0", "?")
            for key, value in told.items()
        }
        for name, command in self._commands.items():
            self._run(name, command, variables)

    def _run(self, name: str, command: list[str], variables: dict[str, str]) -> None:
        if len(self._running) >= MOST_COMMANDS:
            self.commands_left_out += 1
            say_bounded(f"{_clock()} {MOST_COMMANDS} deliveries of alarms run already", STDERR)
            return
        try:
            started = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                env=os.environ | variables,
                start_new_session=True,
            )
        except OSError as error:
            self.failed += 1
            say_bounded(f"{_clock()} {name} cannot be started: {error}", STDERR)
            return
        self._running.append(_Delivery(name, started, time.monotonic() + COMMAND_S))

    def tend(self) -> None:
        """Deliver what is due, take in what has ended, and end what takes too long."""
        self._deliver(self._groups.due(time.monotonic()))
        for delivery in [*self._running]:
            code = delivery.process.poll()
            if code is None and time.monotonic() < delivery.until_s:
                continue
            self._running.remove(delivery)
            if code == 0:
                continue
            self.failed += 1
            if code is None:
                _kill_group(delivery.process)
                say_bounded(f"{_clock()} {delivery.name} took over {COMMAND_S:g} s", STDERR)
            else:
                say_bounded(f"{_clock()} {delivery.name} ended with code {code}", STDERR)

    def close(self) -> None:
        """Deliver what waits, and wait for it, within its limit."""
        self._deliver(self._groups.rest(time.monotonic()))
        while self._running:
            self.tend()
            time.sleep(0.01)


class _Delivery(NamedTuple):
    """A delivery that runs."""

    name: str
    process: subprocess.Popen[bytes]
    until_s: float


def _kill_group(started: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        # A session of its own, whose number is its pid until it is waited for.
        os.killpg(started.pid, signal.SIGKILL)
    started.wait()


def _clock() -> str:
    return time.strftime("%H:%M:%S")
