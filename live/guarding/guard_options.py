"""The options of watchdog.py."""

from __future__ import annotations

import argparse
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from dolphin_strategies.errors import ConfigError
from live.guarding.alarming.alarm_channels import AlarmChannels
from live.guarding.guard_rules import Limits

if TYPE_CHECKING:
    from collections.abc import Sequence

DESCRIPTION: Final = (
    "Watch nodes from outside: notice within two seconds that one hangs or is gone."
)
EXAMPLES: Final = """\
examples:
  watchdog.py                                       all nodes of this user, also those to come
  watchdog.py --node /run/user/1000/btc.state       the node that runs with --state FILE; it is an
                                                    alarm if it does not come up
  watchdog.py --alarm-file alarms.jsonl --on-alarm "notify-send dolphin"
  watchdog.py --alarm-webhook --test-alarm          see whether alarms reach you
  watchdog.py --node FILE --until-end               end with the nodes
  watchdog.py --node FILE --close node.toml --live-orders
                                                    and close what a killed node left open at
                                                    the exchange, with a connection of its own

A node whose thread does not turn is sent SIGTERM after 5 s, at which it stops flat if it can, and
SIGKILL after 15 s.
exit codes: 0 no alarm; 1 there was one; 2 bad usage; 3 something was left open.
"""


@dataclass(frozen=True, kw_only=True)
class GuardOptions:
    """What a watchdog is asked to do.

    Attributes
    ----------
    nodes : tuple of Path
        States by name; empty: of all runs of this user.
    limits : Limits
        When to act.
    alarm_file : Path, optional
        Gets the alarms as JSON.
    channels : AlarmChannels
        Where alarms are delivered to.
    is_test : bool
        Whether to deliver one alarm, to see that it comes, and end.
    ends_with_nodes : bool
        Whether to end once all nodes have.
    close : Path, optional
        The settings with which what is left open is closed; None: nothing is.
    live_orders : bool
        Whether real orders may be sent for that.

    """

    nodes: tuple[Path, ...] = ()
    limits: Limits = field(default_factory=Limits)
    alarm_file: Path | None = None
    channels: AlarmChannels = field(default_factory=AlarmChannels)
    is_test: bool = False
    ends_with_nodes: bool = False
    close: Path | None = None
    live_orders: bool = False


def parse(arguments: Sequence[str]) -> GuardOptions:
    """Parse the command line.

    Raises
    ------
    ConfigError
        If the options contradict each other.

    """
    default = Limits()
    parser = argparse.ArgumentParser(
        prog="watchdog.py",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--node", type=Path, nargs="+", action="extend", default=[], metavar="FILE",
        help="the --state of a node (default: the runs of this user in /dev/shm)")  # fmt: skip
    add("--alarm-after", type=_seconds, default=default.alarm_s, metavar="S",
        help="seconds without a turn, due every 0.25 s (default: %(default)g)")  # fmt: skip
    add("--term-after", type=_seconds, default=default.term_s, metavar="S",
        help="the same until SIGTERM; 0: never (default: %(default)g)")  # fmt: skip
    add("--kill-after", type=_seconds, default=default.kill_s, metavar="S",
        help="the same until SIGKILL; 0: never (default: %(default)g)")  # fmt: skip
    add("--start-within", type=_seconds, default=default.start_s, metavar="S",
        help="how long a node may take to run (default: %(default)g)")  # fmt: skip
    add("--alarm-only", action="store_true", help="send no signal")
    add("--alarm-file", type=Path, metavar="FILE", help="append each alarm as a line of JSON")
    add("--on-alarm", default="", metavar="COMMAND", help="run for alarms, without a shell, "
        "for 10 s at most; DOLPHIN_ALARM_KIND, _NODE, _TEXT, _STATE, _PID, _COUNT, _JSON tell "
        "which")  # fmt: skip
    add("--alarm-webhook", action="store_true", help="POST alarms as JSON to the URL in the "
        "variable DOLPHIN_ALARM_WEBHOOK")  # fmt: skip
    add("--alarm-mail", default="", metavar="ADDRESS", help="mail alarms there, through the "
        "server in DOLPHIN_ALARM_SMTP: smtp://USER:PASSWORD@HOST:587")  # fmt: skip
    add("--test-alarm", action="store_true", help="deliver one alarm of the kind TEST, say what "
        "came of it, and end with 0 or 1")  # fmt: skip
    add("--until-end", action="store_true", help="end once every node has ended")
    add("--close", type=Path, metavar="CONFIG.toml", help="close what a dead node left open, by "
        "the settings that it ran with")  # fmt: skip
    add(
        "--live-orders", action="store_true", help="really send the real orders that --close needs"
    )
    found = parser.parse_args(arguments)
    limits = Limits(
        alarm_s=found.alarm_after,
        term_s=0.0 if found.alarm_only else found.term_after,
        kill_s=0.0 if found.alarm_only else found.kill_after,
        start_s=found.start_within,
    )
    check(limits)
    if found.live_orders and found.close is None:
        msg = "--live-orders alone sends nothing: add --close CONFIG.toml"
        raise ConfigError(msg)
    channels = AlarmChannels(
        command=found.on_alarm, webhook=found.alarm_webhook, mail_to=found.alarm_mail
    )
    if found.test_alarm and not channels.commands():
        msg = "--test-alarm: expected a channel: --on-alarm, --alarm-webhook or --alarm-mail"
        raise ConfigError(msg)
    return GuardOptions(
        nodes=tuple(path.absolute() for path in found.node),
        limits=limits,
        alarm_file=found.alarm_file,
        channels=channels,
        is_test=found.test_alarm,
        ends_with_nodes=found.until_end,
        close=found.close,
        live_orders=found.live_orders,
    )


def check(limits: Limits) -> None:
    """Refuse limits that are out of order.

    Raises
    ------
    ConfigError
        With what was expected and found.

    """
    if not limits.alarm_s:
        msg = "--alarm-after: expected seconds over 0, found 0"
        raise ConfigError(msg)
    steps = [s for s in (limits.alarm_s, limits.term_s, limits.kill_s) if s]
    if steps != sorted(steps):
        msg = (
            "expected --alarm-after, --term-after and --kill-after in this order of time, found "
            f"{limits.alarm_s:g}, {limits.term_s:g} and {limits.kill_s:g} s"
        )
        raise ConfigError(msg)


def _seconds(text: str) -> float:
    value = float(text)
    if not math.isfinite(value) or value < 0:
        raise ValueError
    return value
