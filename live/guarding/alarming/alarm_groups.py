"""AlarmGroups: which alarms are delivered when, by rules without a clock and without I/O."""

from __future__ import annotations

import re
from typing import Any, Final, NamedTuple

GROUP_S: Final = 10.0
"""An alarm so soon after a delivery waits, and goes together with what comes meanwhile."""
REPEAT_S: Final = 300.0
"""The same alarm is not delivered again so soon; how often it came is told with the next one."""
MOST_WAITING: Final = 50
_DIGITS: Final = re.compile(r"\d+")


class RaisedAlarm(NamedTuple):
    """An alarm; ``pid`` 0: unknown."""

    kind: str
    node: str
    text: str
    state: str
    pid: int

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes another alarm the same; numbers, such as seconds, do not count."""
        return self.kind, self.node, _DIGITS.sub("#", self.text)


class AlarmGroup(NamedTuple):
    """What is delivered at once.

    Attributes
    ----------
    alarms : tuple of RaisedAlarm
        At least one, each once.
    repeated : int
        Alarms that were the same as one delivered before, and are told with this one.
    left_out : int
        Alarms for which there was no room.

    """

    alarms: tuple[RaisedAlarm, ...]
    repeated: int = 0
    left_out: int = 0

    def text(self) -> str:
        """Return all of it, one line an alarm."""
        lines = [f"{alarm.kind}: {alarm.node} {alarm.text}" for alarm in self.alarms]
        if self.repeated:
            lines.append(f"{self.repeated} alarms that were told already came again")
        if self.left_out:
            lines.append(f"{self.left_out} more")
        return "\n".join(lines)

    def table(self) -> dict[str, Any]:
        """Return all of it as JSON values."""
        return {
            "text": self.text(),
            "alarms": [alarm._asdict() for alarm in self.alarms],
            "repeated": self.repeated,
            "left_out": self.left_out,
        }


class AlarmGroups:
    """Takes alarms, gives groups.

    Parameters
    ----------
    group_s, repeat_s : float
        See ``GROUP_S`` and ``REPEAT_S``; 0: each alarm at once.

    """

    def __init__(self, group_s: float = GROUP_S, repeat_s: float = REPEAT_S) -> None:
        self._group_s: Final = group_s
        self._repeat_s: Final = repeat_s
        self._waiting: Final[list[RaisedAlarm]] = []
        self._told_s: Final[dict[tuple[str, str, str], float]] = {}
        self._repeated = self._left_out = 0
        self._delivered_s = float("-inf")

    def add(self, alarm: RaisedAlarm, now_s: float) -> None:
        """Take an alarm, at seconds of the monotonic clock."""
        told_s = self._told_s.get(alarm.key)
        if self._repeat_s and told_s is not None and now_s - told_s < self._repeat_s:
            self._repeated += 1
        elif len(self._waiting) >= MOST_WAITING:
            self._left_out += 1
        else:
            self._told_s[alarm.key] = now_s
            self._waiting.append(alarm)

    def due(self, now_s: float) -> AlarmGroup | None:
        """Return the group that is to be delivered now, or None."""
        if not self._waiting or now_s - self._delivered_s < self._group_s:
            return None
        return self._take(now_s)

    def rest(self, now_s: float) -> AlarmGroup | None:
        """Return what waits, or None: at the end."""
        return self._take(now_s) if self._waiting else None

    def _take(self, now_s: float) -> AlarmGroup:
        group = AlarmGroup(tuple(self._waiting), self._repeated, self._left_out)
        self._waiting.clear()
        self._repeated = self._left_out = 0
        self._delivered_s = now_s
        for key in [k for k, told in self._told_s.items() if now_s - told >= self._repeat_s]:
            del self._told_s[key]
        return group
