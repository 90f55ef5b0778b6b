"""The command of a closing, which the watchdog starts: ``--check``, or the state's path.

It takes the lock of the state, so that the node cannot start again meanwhile, and the right to
real orders, so that no other node can; one that has started already keeps what is open.
"""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from adapters.command.terminal import say
from adapters.process.safe_files import open_or_make
from adapters.process.stop_signals import ignore_stop_signals
from adapters.run_state.run_state import RunState
from adapters.run_state.state_file import StateHeldError, StateWriter
from dolphin_strategies.errors import ConfigError, DolphinError
from live.guarding.closing.closing_run import Exchange, close_left_open
from live.guarding.closing.closing_scope import ClosingScope
from live.node.order_right import OrderRight, RightHeldError
from live.node.settings.computed_settings import TRADING_VENUE
from live.node.settings.nautilus_configs import execution_client
from live.node.settings.node_settings import VENUE, load
from live.node.settings.settings_check import binance_keys, check_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

OK: Final = 0
FAILED: Final = 1
BAD_USAGE: Final = 2
LEFT_OPEN: Final = 3
RIGHT_HELD: Final = 4
"""Another process has the right to these orders."""


def close_state(path: Path, exchange: Callable[[RunState], Exchange]) -> int:
    """Close what the node of a state left open; return the exit code.

    Parameters
    ----------
    path : Path
        The state, whose process is gone.
    exchange : callable
        Gives the connection.

    Raises
    ------
    RightHeldError
        If another process has the right to real orders of what is open.
    DolphinError
        If the state cannot be used, or the connection is refused.

    """
    try:
        file = StateWriter(open_or_make(path), path)
    except StateHeldError as error:
        say(f"closes nothing: process {error.pid} has taken the node's place")
        return OK
    with file:
        if file.earlier is None:
            msg = f"{path} holds no state"
            raise ConfigError(msg)
        state = RunState.decode(file.earlier.content)
        connection = exchange(state)
        instruments = ClosingScope(state).instruments
        # The dead node's own was freed by the kernel with its process.
        with OrderRight(VENUE, binance_keys(os.environ)[0], instruments):
            left = close_left_open(state, connection, say)
        if left:
            say(f"STILL OPEN: {'; '.join(left)}", to=sys.stderr)
            return LEFT_OPEN
        closed = replace(state, phase="ended", positions=(), open_orders=(), not_listed=0)
        file.write(replace(closed, reason="closed by the watchdog").encode())
    say("closed: nothing of the dead node is open any more")
    return OK


def exchange_of(config: Path, *, live_orders: bool, state: RunState | None = None) -> Exchange:
    """Return the connection that a configuration names, with keys from the environment.

    Raises
    ------
    ConfigError
        If it does not ask for real orders, twice; if a key is missing; if the state is of a node
        with other orders.

    """
    settings = load(config)
    check_settings(settings, live_orders=live_orders)
    if settings.node.orders != "live":
        msg = (
            f"{config}: expected a node with real orders, found "
            f"{settings.node.orders!r}: a paper account ends with its node"
        )
        raise ConfigError(msg)
    if state is not None and (state.orders, state.venue) != ("live", settings.node.venue):
        msg = (
            f"the node had {state.orders} orders on {state.venue}, and {config} is of one with "
            f"live orders on {settings.node.venue}: nothing is closed"
        )
        raise ConfigError(msg)
    url = settings.node.base_url
    return Exchange(TRADING_VENUE.data_client(url or None), execution_client(os.environ, url))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    # The watchdog bounds and ends it; a copy of the watchdog's own signal would cut it short.
    ignore_stop_signals()
    parser = argparse.ArgumentParser(prog="closing")
    parser.add_argument("config", type=Path)
    parser.add_argument("--live-orders", action="store_true")
    parser.add_argument("--state", type=Path)
    found = parser.parse_args(arguments)
    try:
        if found.state is None:
            exchange_of(found.config, live_orders=found.live_orders)
            return OK
        return close_state(
            found.state,
            lambda state: exchange_of(found.config, live_orders=found.live_orders, state=state),
        )
    except RightHeldError as error:
        say(f"closes nothing: {error}", to=sys.stderr)
        return RIGHT_HELD
    except DolphinError as error:
        say(f"closes nothing: {error}", to=sys.stderr)
        return BAD_USAGE


if __name__ == "__main__":
    code = main()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)
