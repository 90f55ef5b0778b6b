"""Alarms on their way: the channels, their order, and the secrets of their addresses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dolphin_strategies.errors import ConfigError
from live.guarding.alarming.alarm_channels import AlarmChannels
from live.guarding.alarming.alarm_delivery import SMTP, WEBHOOK, DeliveryError, mail, post
from live.guarding.alarming.alarm_groups import AlarmGroup, RaisedAlarm
from live.guarding.alarming.alarms import Alarms
from live.guarding.guard_command import main
from tests.support.guarding.alarm_servers import mail_server, webhook

ALARM = RaisedAlarm("DIED", "Taker (pid 7)", "was killed; left open: +1 BTC", "/state", 7)
TABLE: dict[str, Any] = AlarmGroup((ALARM, ALARM._replace(kind="HANG")), repeated=3).table()


def test_alarms_reach_a_webhook_by_a_process_that_nobody_waits_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The first at once, those that follow in one delivery; the URL is in no command line."""
    with webhook() as (url, came):
        monkeypatch.setenv(WEBHOOK, url)
        channels = AlarmChannels(webhook=True)
        assert url not in " ".join(channels.commands()["the webhook"])
        alarms = Alarms(None, channels)
        for n in range(4):
            alarms.alarm("DIED", "node" + "x" * n, "gone", Path("/state"), n)
        alarms.close()
    assert alarms.failed == 0
    assert [len(group["alarms"]) for group in came] in ([1, 3], [3, 1])
    assert {row["pid"] for group in came for row in group["alarms"]} == {0, 1, 2, 3}


def test_a_webhook_that_refuses_is_an_error_without_its_address() -> None:
    """A redirection too: it would take the alarm to where nobody has sent it."""
    for status in (500, 403, 302):
        with webhook(status) as (url, came):
            with pytest.raises(DeliveryError) as error:
                post(url, TABLE)
            assert "secret-token" not in str(error.value)
            assert len(came) == 1
    with pytest.raises(DeliveryError):
        post("file:///etc/passwd", TABLE)


def test_a_mail_has_all_alarms_in_it() -> None:
    """The first one in its subject."""
    with mail_server() as (server, mails):
        mail(server, "me@example.org", TABLE)
    assert "Subject: dolphin DIED: Taker (pid 7) and 1 more" in mails[0]
    assert "To: me@example.org" in mails[0]
    assert "HANG: Taker (pid 7)" in mails[0]
    assert "3 alarms that were told already" in mails[0]


def test_a_name_cannot_add_a_header() -> None:
    """A line break in it is refused, and nothing is sent."""
    hostile = AlarmGroup((ALARM._replace(node="x\nBcc: all@example.org"),)).table()
    with mail_server() as (server, mails), pytest.raises((DeliveryError, ValueError)):
        mail(server, "me@example.org", hostile)
    assert not mails


def test_the_test_button_tells_whether_an_alarm_arrives(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Exit code 0 or 1; without a channel, or without its address, 2."""
    told = tmp_path / "told"
    command = f"sh -c 'echo $DOLPHIN_ALARM_JSON > {told}'"
    assert main(["--on-alarm", command, "--test-alarm"]) == 0
    assert json.loads(told.read_text())["alarms"][0]["kind"] == "TEST"
    assert main(["--on-alarm", "false", "--test-alarm"]) == 1
    assert main(["--test-alarm"]) == 2
    monkeypatch.delenv(WEBHOOK, raising=False)
    assert main(["--alarm-webhook", "--test-alarm"]) == 2
    assert WEBHOOK in capfd.readouterr().err


def test_a_channel_needs_its_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """From the environment; an address of mails is one."""
    monkeypatch.delenv(SMTP, raising=False)
    with pytest.raises(ConfigError, match=SMTP):
        AlarmChannels(mail_to="me@example.org")
    monkeypatch.setenv(SMTP, "smtp://host")
    with pytest.raises(ConfigError, match="--alarm-mail"):
        AlarmChannels(mail_to="nobody")
