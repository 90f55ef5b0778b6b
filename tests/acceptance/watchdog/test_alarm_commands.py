"""What an alarm sets off: a line in a file, a command that has a bound."""

from __future__ import annotations

import json
import signal
import sys
from typing import TYPE_CHECKING

import pytest

from live.guarding.alarming.alarm_channels import AlarmChannels
from live.guarding.alarming.alarm_groups import AlarmGroups
from live.guarding.alarming.alarms import MOST_COMMANDS, Alarms
from tests.support.eventually import eventually
from tests.support.guarding.guarded_nodes import watchdog

if TYPE_CHECKING:
    from pathlib import Path


def test_an_alarm_is_a_line_in_a_file_and_runs_a_command(tmp_path: Path) -> None:
    """The command has what happened in its environment, and never a shell."""
    missing, told, out = (tmp_path / name for name in ("state;rm", "alarms", "out"))
    script = tmp_path / "script.py"
    script.write_text(
        "import os\n"
        f"open({str(out)!r}, 'w').write(os.environ['DOLPHIN_ALARM_KIND'] + ' ' +\n"
        "    os.environ['DOLPHIN_ALARM_STATE'])\n"
    )
    with watchdog(
        "--node", missing, "--until-end", "--start-within", 0.2, "--alarm-file", told,
        "--on-alarm", f"{sys.executable} {script}",
    ) as guard:  # fmt: skip
        assert guard.exit_code() == 1, guard.output
    row = json.loads(told.read_text())
    assert row["kind"] == "NOT_UP"
    assert row["state"] == str(missing)
    assert told.stat().st_mode & 0o777 == 0o600
    assert out.read_text() == f"NOT_UP {missing}"


def test_an_alarm_file_is_never_followed_through_a_link(tmp_path: Path) -> None:
    """Refused at the start."""
    victim, link = tmp_path / "victim", tmp_path / "link"
    victim.write_text("precious")
    link.symlink_to(victim)
    with watchdog("--alarm-file", link) as guard:
        assert guard.exit_code() == 2, guard.output
    assert victim.read_text() == "precious"


def test_commands_that_do_not_end_are_ended_and_do_not_hold_up_alarms(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what they started; not more than eight at once, and every alarm is in the file."""
    monkeypatch.setattr("live.guarding.alarming.alarms.COMMAND_S", 0.5)
    file = tmp_path / "alarms"
    channels = AlarmChannels(command="sh -c 'sleep 1000 & sleep 1000'")
    alarms = Alarms(file, channels, AlarmGroups(group_s=0, repeat_s=0))
    for n in range(MOST_COMMANDS + 3):
        alarms.alarm("DIED", "node", f"number {n}", tmp_path / "state", 0)
    assert alarms.commands_left_out == 3
    alarms.close()
    assert alarms.count == MOST_COMMANDS + 3
    assert len(file.read_text().splitlines()) == MOST_COMMANDS + 3


def test_a_command_that_cannot_run_stops_nothing(tmp_path: Path) -> None:
    """Neither one that is missing nor one that fails."""
    for command in ("no-such-command-here", "false"):
        missing = tmp_path / "missing"
        with watchdog(
            "--node", missing, "--until-end", "--start-within", 0.2, "--on-alarm", command
        ) as guard:
            assert guard.exit_code() == 1, guard.output
            assert "ALARM NOT_UP" in guard.output


@pytest.mark.parametrize(
    "arguments",
    [
        ["--term-after", 1],
        ["--kill-after", 2],
        ["--alarm-after", 0],
        ["--alarm-after", "nan"],
        ["--term-after", -1],
        ["--on-alarm", "'open"],
        ["--live-orders"],
    ],
)
def test_options_that_contradict_each_other_are_refused(arguments: list[object]) -> None:
    """Exit code 2."""
    with watchdog(*arguments) as guard:
        assert guard.exit_code() == 2, guard.output


def test_a_watchdog_ends_at_a_signal(tmp_path: Path) -> None:
    """Exit code 0 without an alarm."""
    told = tmp_path / "alarms"
    with watchdog("--node", tmp_path / "state", "--alarm-file", told) as guard:
        eventually(told.exists, "it to have begun")
        guard.signal(signal.SIGTERM)
        assert guard.exit_code() == 0, guard.output
