"""GuardLoop: looks at every node ten times a second, and acts."""

from __future__ import annotations

import select
import time
from typing import TYPE_CHECKING, Final

from adapters.process.run_folder import PARENT, PREFIX
from adapters.run_state.service_manager import ServiceManager
from adapters.run_state.state_file import STATE_NAME
from live.guarding.guard_rules import Alarm, CloseOpen, Kill, Notice, Terminate
from live.guarding.guarded_node import GuardedNode

if TYPE_CHECKING:
    from pathlib import Path

    from live.guarding.alarming.alarms import Alarms
    from live.guarding.closings import Closings
    from live.guarding.guard_options import GuardOptions
    from live.guarding.guard_rules import Decision

LOOK_S: Final = 0.1
PAUSE_S: Final = 1.0
"""A look that is this late was delayed together with the whole machine."""
FORGET_S: Final = 60.0
"""How long the node of a run that has ended is kept."""
OK: Final = 0
ALARMED: Final = 1
LEFT_OPEN: Final = 3
"""The exit codes."""


class GuardLoop:
    """Watch nodes until it is asked to end.

    Parameters
    ----------
    options : GuardOptions
        What to do.
    alarms : Alarms
        Where alarms go.
    closings : Closings
        Closes what a dead node left open.

    """

    def __init__(self, options: GuardOptions, alarms: Alarms, closings: Closings) -> None:
        self._options: Final = options
        self._alarms: Final = alarms
        self._closings: Final = closings
        self._manager: Final = ServiceManager()
        self._nodes: Final[dict[Path, GuardedNode]] = {}
        self._over_s: Final[dict[Path, float]] = {}
        self._looked_s = time.monotonic()
        self._has_left_open = False
        for path in options.nodes:
            self._nodes[path] = GuardedNode(path, options.limits, is_expected=True)
        if not options.nodes:
            self._find_runs(is_first=True)

    @property
    def code(self) -> int:
        """The exit code, if it ended now."""
        return LEFT_OPEN if self._has_left_open else ALARMED if self._alarms.count else OK

    def turn(self) -> bool:
        """Wait for a death or the next look, act, and return whether to go on."""
        pidfds = [node.pidfd for node in self._nodes.values() if node.pidfd >= 0]
        select.select(pidfds, [], [], LOOK_S)
        now_s = time.monotonic()
        late_s, self._looked_s = now_s - self._looked_s - LOOK_S, now_s
        if not self._options.nodes:
            self._find_runs()
        for node in [*self._nodes.values()]:
            for decision in node.look(now_s, late_s if late_s >= PAUSE_S else 0.0):
                self._act(node, decision)
        self._alarms.tend()
        self._take_closings()
        self._forget(now_s)
        if self._manager.is_listening:
            watched = sum(not node.is_over for node in self._nodes.values())
            status = f"watches {watched} nodes, {self._alarms.count} alarms"
            self._manager.turned(is_running=True, is_stopping=False, status=status)
        nodes = self._nodes.values()
        if self._closings.are_running or not self._options.ends_with_nodes:
            return True
        return not nodes or not all(node.is_over for node in nodes)

    def _take_closings(self) -> None:
        for path, wrong in self._closings.ended():
            node = self._nodes[path]
            if wrong:
                self._act(node, Alarm("LEFT_OPEN", wrong))
            else:
                self._alarms.notice(node.name, "was closed")

    def _find_runs(self, *, is_first: bool = False) -> None:
        """Take in the runs of this user that have begun."""
        for path in PARENT.glob(f"{PREFIX}*/{STATE_NAME}"):
            if path not in self._nodes:
                node = GuardedNode(path, self._options.limits, is_expected=False)
                self._nodes[path] = node
                if is_first:
                    node.forgive_an_old_end()

    def _forget(self, now_s: float) -> None:
        """Drop the runs that have ended long ago; their successors have folders of their own."""
        for path, node in [*self._nodes.items()]:
            if not node.is_over or path in self._options.nodes or self._closings.are_running:
                self._over_s.pop(path, None)
            elif now_s - self._over_s.setdefault(path, now_s) >= FORGET_S and not path.exists():
                self._nodes.pop(path).close()
                del self._over_s[path]

    def _act(self, node: GuardedNode, decision: Decision) -> None:
        match decision:
            case Alarm(kind, text):
                state = node.state
                pid = 0 if state is None else state.process.pid
                self._has_left_open |= kind == "LEFT_OPEN" or (
                    kind == "DIED" and state is not None and not state.is_flat
                )
                self._alarms.alarm(kind, node.name, text, node.path, pid)
            case Notice(text):
                self._alarms.notice(node.name, text)
            case Terminate() | Kill():
                self._act(node, node.signal(decision))
            case CloseOpen(state):
                self._alarms.notice(node.name, self._closings.begin(node.path, state))

    def close(self) -> None:
        """Close the files, and wait for closings and for the alarms' commands."""
        self._closings.close()
        for node in self._nodes.values():
            node.close()
        self._alarms.close()
