"""Which alarms are delivered when."""

from __future__ import annotations

from live.guarding.alarming.alarm_groups import (
    GROUP_S,
    MOST_WAITING,
    REPEAT_S,
    AlarmGroups,
    RaisedAlarm,
)


def alarm(kind: str = "HANG", node: str = "node", text: str = "wrong") -> RaisedAlarm:
    """Return an alarm."""
    return RaisedAlarm(kind, node, text, "state", 1)


def test_the_first_alarm_goes_at_once_and_what_follows_goes_together() -> None:
    """One delivery in each span, however many alarms."""
    groups = AlarmGroups()
    groups.add(alarm(), 0.0)
    first = groups.due(0.0)
    assert first is not None
    assert first.alarms == (alarm(),)
    for n in range(5):
        groups.add(alarm(node=f"other{n}x"), 1.0)
        groups.add(alarm(kind="DIED", node=f"other{n}x"), 1.0)
    assert groups.due(GROUP_S - 0.1) is None
    second = groups.due(GROUP_S)
    assert second is not None
    assert len(second.alarms) == 10
    assert groups.due(10 * GROUP_S) is None


def test_the_same_alarm_is_not_delivered_again_soon() -> None:
    """Its numbers may differ; how often it came is told with the next one."""
    groups = AlarmGroups()
    groups.add(alarm(text="silent for 5 s"), 0.0)
    assert groups.due(0.0) is not None
    for n in range(7):
        groups.add(alarm(text=f"silent for {n} s"), 20.0)
    assert groups.due(20.0) is None
    groups.add(alarm(text="another"), 30.0)
    found = groups.due(30.0)
    assert found is not None
    assert found.repeated == 7
    assert "7 alarms" in found.text()
    groups.add(alarm(text="silent for 9 s"), REPEAT_S + 1)
    assert groups.due(REPEAT_S + 1) is not None


def test_what_waits_is_bounded() -> None:
    """And what finds no room is counted."""
    groups = AlarmGroups()
    for n in range(MOST_WAITING + 9):
        groups.add(alarm(node="n" * (n + 1)), 0.0)
    found = groups.due(0.0)
    assert found is not None
    assert (len(found.alarms), found.left_out) == (MOST_WAITING, 9)


def test_the_rest_is_delivered_at_the_end() -> None:
    """However soon after the last delivery."""
    groups = AlarmGroups()
    groups.add(alarm(), 0.0)
    assert groups.due(0.0) is not None
    groups.add(alarm(kind="DIED"), 0.1)
    found = groups.rest(0.2)
    assert found is not None
    assert groups.rest(0.3) is None
