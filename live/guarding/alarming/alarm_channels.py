"""AlarmChannels: the commands, the webhook and the mail that alarms go to."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass

from adapters.process.child import module_command
from dolphin_strategies.errors import ConfigError
from live.guarding.alarming.alarm_delivery import SMTP, WEBHOOK

MODULE = "live.guarding.alarming.alarm_delivery"


@dataclass(frozen=True, kw_only=True)
class AlarmChannels:
    """Where alarms are delivered to.

    Attributes
    ----------
    command : str
        A command line without a shell; empty: none.
    webhook : bool
        Whether to the URL in ``DOLPHIN_ALARM_WEBHOOK``.
    mail_to : str
        The address of mails through the server in ``DOLPHIN_ALARM_SMTP``; empty: none.

    Raises
    ------
    ConfigError
        If what a channel needs is not in the environment, or an address is none.
    ValueError
        If the command line has an open quotation.

    """

    command: str = ""
    webhook: bool = False
    mail_to: str = ""

    def __post_init__(self) -> None:
        shlex.split(self.command)
        needed = ((self.webhook, WEBHOOK, "--alarm-webhook"), (self.mail_to, SMTP, "--alarm-mail"))
        for is_wanted, variable, option in needed:
            if is_wanted and not os.environ.get(variable):
                msg = f"{option} needs the address in the variable {variable}, which is not set"
                raise ConfigError(msg)
        if self.mail_to and ("@" not in self.mail_to or not self.mail_to.isprintable()):
            msg = f"--alarm-mail: expected an address, found {self.mail_to!r}"
            raise ConfigError(msg)

    def commands(self) -> dict[str, list[str]]:
        """Return the command line of each channel by its name."""
        found: dict[str, list[str]] = {}
        if self.command:
            found["the alarm command"] = shlex.split(self.command)
        if self.webhook:
            found["the webhook"] = module_command(MODULE, "webhook")
        if self.mail_to:
            found["the mail"] = module_command(MODULE, "mail", self.mail_to)
        return found
