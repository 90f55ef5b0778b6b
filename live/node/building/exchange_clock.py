"""Whether this machine's clock is the exchange's, without which it refuses every order."""

from __future__ import annotations

import json
import time
import urllib.request
from typing import Final

from dolphin_strategies.errors import DolphinError

EXCHANGE: Final = "https://fapi.binance.com"
TIME: Final = "/fapi/v1/time"
TIMEOUT_S: Final = 10.0
MOST_MS: Final = 500
"""Binance refuses a request that is stamped 1,000 ms after its clock, or 5,000 ms before it."""
_MOST_BYTES: Final = 4096


class ClockError(DolphinError):
    """The clocks differ too much, or the exchange's cannot be read."""


def check_clock(base_url: str = "") -> None:
    """Compare this machine's clock with the exchange's.

    Parameters
    ----------
    base_url : str
        A server in the exchange's place; empty: the exchange itself.

    Raises
    ------
    ClockError
        If they certainly differ by more than ``MOST_MS``, or the exchange does not answer.

    """
    url = (base_url.rstrip("/") or EXCHANGE) + TIME
    began_ms, began_s = time.time() * 1e3, time.monotonic()
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_S) as answer:  # noqa: S310 - HTTP by the settings' rules
            theirs_ms = int(json.loads(answer.read(_MOST_BYTES))["serverTime"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        msg = (
            f"the exchange's clock cannot be read ({url}: {error}), and with another clock it "
            "refuses every order: nothing was started"
        )
        raise ClockError(msg) from None
    took_ms = (time.monotonic() - began_s) * 1e3
    # It was read at an unknown instant between the request and the answer.
    behind_ms = theirs_ms - (began_ms + took_ms)
    ahead_ms = began_ms - theirs_ms
    if max(behind_ms, ahead_ms) > MOST_MS:
        how, by_ms = ("behind", behind_ms) if behind_ms > ahead_ms else ("ahead of", ahead_ms)
        msg = (
            f"this machine's clock is {by_ms / 1e3:.1f} s {how} the exchange's, which refuses "
            "orders with such a stamp: nothing was started; synchronise it (NTP) and start again"
        )
        raise ClockError(msg)
