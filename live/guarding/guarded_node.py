"""GuardedNode: one file of a state, and the process that is proved to write it."""

from __future__ import annotations

import os
import select
import signal
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from adapters.process.safe_files import UnusableFileError, open_file
from adapters.run_state.process_identity import is_stopped
from adapters.run_state.run_state import BadStateError, RunState
from adapters.run_state.state_file import StateReader
from live.guarding.guard_rules import Alarm, GuardRules, Kill, Notice, Terminate
from live.switching.escalation import take

if TYPE_CHECKING:
    from pathlib import Path

    from live.guarding.guard_rules import Decision, Limits


class GuardedNode:
    """Looks at a node through its state, and signals its process, and none other.

    Parameters
    ----------
    path : Path
        The file; the node may start later, end, and start again.
    limits : Limits
        When to act.
    is_expected : bool
        Whether it is an alarm if there is no node within ``start_s``.

    Notes
    -----
    A signal needs three proofs: the state names the process by pid, start time and boot; the
    kernel names the same pid as the holder of the file's lock; and the signal goes through a
    descriptor of that process, so that a pid which was used again never gets it. Whoever copies
    or forges a state cannot make another process hold the lock.

    """

    def __init__(self, path: Path, limits: Limits, *, is_expected: bool) -> None:
        self.path: Final = path
        self._limits: Final = limits
        self._is_expected = is_expected
        self._began_s = time.monotonic()
        self._reader: StateReader | None = None
        self._rules: GuardRules | None = None
        self._counter = 0
        self._pidfd = -1
        self._is_over = False
        self._was_alive = self._is_forgiven = False
        self._told: Final[set[str]] = set()

    @property
    def name(self) -> str:
        """The node in one word or two, for a line."""
        if self._rules is None:
            return str(self.path)
        state = self._rules.state
        strategy = state.strategy or "node"
        return f"{strategy} (pid {state.process.pid}, {state.orders} orders)"

    @property
    def state(self) -> RunState | None:
        """The newest state."""
        return None if self._rules is None else self._rules.state

    @property
    def pidfd(self) -> int:
        """A descriptor that is readable once the process has ended; -1 without one."""
        return self._pidfd

    @property
    def is_over(self) -> bool:
        """Whether the last run that was seen has ended, or never began."""
        return self._is_over

    def forgive_an_old_end(self) -> None:
        """Raise no alarm about a process that is gone before the first look."""
        self._is_forgiven = True

    def look(self, now_s: float, late_s: float) -> list[Decision]:
        """Read the state and return what is due.

        Parameters
        ----------
        now_s : float
            Seconds of the monotonic clock.
        late_s : float
            For how long the watchdog itself did not run; 0: it was on time.

        """
        found = self._read(now_s)
        rules = self._rules
        if rules is None:
            return found + self._look_for_start(now_s)
        if self._is_over:
            return found
        if late_s:
            rules.late(late_s)
        if self._has_ended():
            self._is_over = True
            self._close_pidfd()
            return found + self._ended(rules, now_s)
        if self._pidfd >= 0 and not self._holder():
            found += self._tell_once("does not hold its state any more: nothing will be signalled")
        found += self._take_unanswered()
        stopped = is_stopped(rules.state.process.pid)
        return found + rules.look(now_s, is_stopped=stopped)

    def _ended(self, rules: GuardRules, now_s: float) -> list[Decision]:
        """Return what follows from the end of the process.

        What was found dead is not closed: somebody may have seen to it, and hold it again.
        """
        found = rules.died(now_s)
        if self._was_alive:
            return found
        if self._is_forgiven:
            return []
        return [d for d in found if isinstance(d, (Alarm, Notice))]

    def _look_for_start(self, now_s: float) -> list[Decision]:
        if not self._is_expected or now_s - self._began_s < self._limits.start_s:
            return []
        self._is_expected, self._is_over = False, True
        return [Alarm("NOT_UP", f"no node has come up within {self._limits.start_s:g} s")]

    def _read(self, now_s: float) -> list[Decision]:
        """Take the newest content; a new process is a new run."""
        try:
            written = self._open().newest()
            if written is None or written.counter == self._counter:
                return []
            self._counter = written.counter
            state = RunState.decode(written.content)
        except FileNotFoundError:
            return []
        except (UnusableFileError, BadStateError, OSError) as error:
            return self._tell_once(str(error))
        if self._rules is None or state.process != self._rules.state.process:
            return self._adopt(state, now_s)
        return self._rules.turned(state, now_s)

    def _open(self) -> StateReader:
        if self._reader is not None and self._is_over and not self._reader.is_in_place():
            self._reader.close()
            self._reader = None
        if self._reader is None:
            self._reader = StateReader(open_file(self.path, os.O_RDONLY), self.path)
            self._counter = 0
        return self._reader

    def _adopt(self, state: RunState, now_s: float) -> list[Decision]:
        found: list[Decision] = []
        if self._rules is not None and not self._is_over:
            # Its successor was faster than this look.
            ended = self._rules.died(now_s)
            found = [d for d in ended if isinstance(d, (Alarm, Notice))]
        self._close_pidfd()
        with suppress(OSError):
            self._pidfd = os.pidfd_open(state.process.pid)
        self._rules = GuardRules(self._limits, state, now_s)
        self._is_over = False
        self._told.clear()
        self._was_alive = self._is_proved()
        if self._was_alive:
            return [*found, Notice(f"is watched, {state.phase}")]
        self._close_pidfd()
        if not self._has_ended():
            found += self._tell_once(
                f"its state names process {state.process.pid}, and process "
                f"{self._holder()} writes it: nothing will be signalled"
            )
        return found

    def _take_unanswered(self) -> list[Decision]:
        """Act on a command that the node has not acknowledged, see ``live/switch.py``."""
        state = self.state
        table = None if state is None else take(self.path, state.process.pid)
        if table is None or state is None:
            return []
        text = f"has not acknowledged {table.get('command')!r} by {table.get('who')!r}"
        alarm = Alarm("SWITCH", f"{text}; left open: {state.left_open()}")
        # 0: the user wants no signal to be sent.
        return [alarm, Terminate()] if self._limits.term_s else [alarm]

    def _holder(self) -> int:
        return 0 if self._reader is None else self._reader.holder()

    def _is_proved(self) -> bool:
        state = self.state
        return (
            state is not None
            and self._pidfd >= 0
            and state.process.is_running()
            and self._holder() == state.process.pid
        )

    def _has_ended(self) -> bool:
        """Return whether the process is gone, or has written that it ended and let the state go.

        A process that was proved is gone when the kernel says so: it may have lost the lock.
        """
        if self._pidfd >= 0 and select.select([self._pidfd], [], [], 0)[0]:
            return True
        state = self.state
        may_live = self._pidfd >= 0 and state is not None and state.phase != "ended"
        return not may_live and not self._holder()

    def signal(self, decision: Terminate | Kill) -> Decision:
        """Send a signal to the process that is proved to write the state; return what was done."""
        if not self._is_proved():
            return Alarm("UNUSABLE", "is not signalled: it is not proved which process it is")
        number = signal.SIGTERM if isinstance(decision, Terminate) else signal.SIGKILL
        try:
            signal.pidfd_send_signal(self._pidfd, number)
            if number == signal.SIGTERM:
                # A stopped process acts on a signal once it goes on.
                signal.pidfd_send_signal(self._pidfd, signal.SIGCONT)
        except OSError as error:
            return Alarm("UNUSABLE", f"cannot be sent {number.name}: {error.strerror}")
        return Notice(f"was sent {number.name}")

    def _tell_once(self, text: str) -> list[Decision]:
        if text in self._told:
            return []
        self._told.add(text)
        return [Alarm("UNUSABLE", text)]

    def _close_pidfd(self) -> None:
        if self._pidfd >= 0:
            os.close(self._pidfd)
            self._pidfd = -1

    def close(self) -> None:
        """Close the files."""
        self._close_pidfd()
        if self._reader is not None:
            self._reader.close()
