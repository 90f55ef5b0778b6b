"""The delivery of alarms to a webhook or by mail: ``-m live.guarding.alarming.alarm_delivery``.

A process of its own, which the watchdog ends if it takes too long. What it sends is in its
environment, and so are the addresses with their secrets, which no list of processes shows.
"""

from __future__ import annotations

import json
import os
import smtplib
import socket
import ssl
import sys
import time
from email.message import EmailMessage
from typing import Any, Final
from urllib.error import HTTPError
from urllib.parse import unquote, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

WEBHOOK: Final = "DOLPHIN_ALARM_WEBHOOK"
"""The webhook's URL."""
SMTP: Final = "DOLPHIN_ALARM_SMTP"
"""The mail server: ``smtp://USER:PASSWORD@HOST:587``, or ``smtps://...``."""
CONTENT: Final = "DOLPHIN_ALARM_JSON"
ATTEMPTS_S: Final = (0.0, 1.0, 2.0)
"""Seconds before each attempt."""
ATTEMPT_S: Final = 2.0
_LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")


class DeliveryError(Exception):
    """It could not be delivered; says why, without the address's secrets."""


class _NoRedirect(HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """Follow none: it would go, without its content, to where nobody has sent it."""


def post(url: str, table: dict[str, Any]) -> None:
    """Send a group of alarms to a webhook as JSON.

    Raises
    ------
    DeliveryError
        If it does not answer with a 2xx status.

    """
    if urlsplit(url).scheme not in {"http", "https"}:
        msg = f"{WEBHOOK}: expected http:// or https://"
        raise DeliveryError(msg)
    request = Request(  # noqa: S310 - the scheme was checked
        url, json.dumps(table).encode(), {"Content-Type": "application/json"}, method="POST"
    )
    try:
        with build_opener(_NoRedirect).open(request, timeout=ATTEMPT_S):
            return
    except HTTPError as error:
        msg = f"the webhook answered {error.code} {error.reason}"
    except (OSError, ValueError) as error:
        msg = f"the webhook cannot be reached: {_reason(error)}"
    raise DeliveryError(msg)


def mail(server: str, to: str, table: dict[str, Any]) -> None:
    """Send a group of alarms by mail.

    Raises
    ------
    DeliveryError
        If the server does not take it, or would get the password without encryption.

    """
    found = urlsplit(server)
    host = found.hostname or ""
    if found.scheme not in {"smtp", "smtps"} or not host:
        msg = f"{SMTP}: expected smtp://HOST:PORT or smtps://HOST:PORT"
        raise DeliveryError(msg)
    message = EmailMessage()
    first = table["alarms"][0]
    more = f" and {len(table['alarms']) - 1} more" if len(table["alarms"]) > 1 else ""
    message["Subject"] = f"dolphin {first['kind']}: {first['node']}"[:150] + more
    user = unquote(found.username or "")
    message["From"] = user if "@" in user else f"dolphin@{socket.gethostname()}"
    message["To"] = to
    message.set_content(table["text"])
    context = ssl.create_default_context()
    try:
        if found.scheme == "smtps":
            client: smtplib.SMTP = smtplib.SMTP_SSL(
                host, found.port or 465, timeout=ATTEMPT_S, context=context
            )
        else:
            client = smtplib.SMTP(host, found.port or 587, timeout=ATTEMPT_S)
        with client:
            if found.scheme == "smtp" and host not in _LOOPBACK:
                client.starttls(context=context)
            if user:
                client.login(user, unquote(found.password or ""))
            client.send_message(message)
    except (OSError, ValueError, smtplib.SMTPException) as error:
        msg = f"the mail server does not take it: {_reason(error)}"
        raise DeliveryError(msg) from None


def _reason(error: Exception) -> str:
    reason = getattr(error, "reason", None) or getattr(error, "strerror", None)
    return str(reason or type(error).__name__)


def main() -> int:
    """Deliver, trying again for some seconds; return the exit code: 0, or 1."""
    how, *to = sys.argv[1:]
    table = json.loads(os.environ[CONTENT])
    problem = ""
    for pause_s in ATTEMPTS_S:
        time.sleep(pause_s)
        try:
            if how == "webhook":
                post(os.environ[WEBHOOK], table)
            else:
                mail(os.environ[SMTP], to[0], table)
        except DeliveryError as error:
            problem = str(error)
        else:
            return 0
    sys.stderr.write(f"alarm not delivered by {how}: {problem}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
