"""The command of a closing, at an account on this machine: its address is in the environment."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Final

from live.guarding.closing.closing_command import close_state
from live.guarding.closing.closing_run import Exchange
from live.node.settings.computed_settings import TRADING_VENUE
from tests.support.guarding.usdm_account import execution_client

ADDRESS: Final = "DOLPHIN_TEST_ACCOUNT"


def local_exchange(url: str) -> Exchange:
    """Return Nautilus's Binance clients, for a server on this machine."""
    return Exchange(TRADING_VENUE.data_client(url), execution_client(url))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("config", type=Path)
    parser.add_argument("--live-orders", action="store_true")
    parser.add_argument("--state", type=Path)
    found = parser.parse_args()
    assert found.live_orders
    code = 0
    if found.state is not None:
        code = close_state(found.state, lambda state: local_exchange(os.environ[ADDRESS]))
    sys.stdout.flush()
    os._exit(code)
