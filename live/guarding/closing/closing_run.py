"""One closing: a node of its own, that reads the account, closes, and ends."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from nautilus_trader.common import Environment, LoggerConfig, LogLevel
from nautilus_trader.live import (
    LiveExecutionEngineConfig,
    LiveNodeBuilder,
    LiveNodeConfig,
    LiveRiskEngineConfig,
)
from nautilus_trader.model import TraderId

from live.guarding.closing.closer import Closer
from live.guarding.closing.closing_scope import ClosingScope
from live.node.settings.nautilus_configs import CONNECTION_TIMEOUT_S, POST_STOP_S, TRADER
from live.node.settings.node_settings import VENUE

if TYPE_CHECKING:
    from collections.abc import Callable

    from nautilus_trader.live import LiveNode

    from adapters.run_state.run_state import RunState
    from adapters.streams.stream_venue import DataClient

START_S: Final = 25.0
"""From the start to the account as the exchange has it."""
CLOSE_S: Final = 15.0
"""From there to the end of the last order."""
_STEP_S: Final = 0.05


class Exchange(NamedTuple):
    """The clients of an exchange."""

    data: DataClient
    """Gives the instruments."""
    execution: tuple[Any, Any]
    """The factory and its config."""


def close_left_open(
    state: RunState, exchange: Exchange, tell: Callable[[str], object]
) -> list[str]:
    """Close what a dead node left open, and return what is left.

    Parameters
    ----------
    state : RunState
        The last state of the node.
    exchange : Exchange
        The connection.
    tell : callable
        Takes a line for the user.

    Returns
    -------
    list of str
        What is still open, and why; empty: nothing.

    """
    scope = ClosingScope(state)
    closer = Closer(scope, tell)
    return asyncio.run(_run(_build(scope, exchange, closer), closer))


def _build(scope: ClosingScope, exchange: Exchange, closer: Closer) -> LiveNode:
    config = LiveNodeConfig(
        environment=Environment.LIVE,
        trader_id=TraderId(TRADER),
        shutdown_on_error=True,
        timeout_connection_secs=CONNECTION_TIMEOUT_S,
        delay_post_stop_secs=POST_STOP_S,
        logging=LoggerConfig(stdout_level=LogLevel.WARNING),
        # It would deny a market order for want of a price, and no quotes are subscribed here.
        risk_engine=LiveRiskEngineConfig(bypass=True),
        exec_engine=LiveExecutionEngineConfig(
            reconciliation=True,
            reconciliation_instrument_ids=scope.instruments,
        ),
    )
    builder = LiveNodeBuilder.from_config("DolphinCloser", config)
    builder = builder.add_data_client(*exchange.data)
    node = builder.add_exec_client(VENUE, *exchange.execution).build()
    node.add_strategy(closer)
    return node


async def _run(node: LiveNode, closer: Closer) -> list[str]:
    handle = node.handle()
    running = asyncio.ensure_future(node.run_async())
    try:
        if not await _until(lambda: closer.has_started or running.done(), START_S):
            return [f"the account could not be read within {START_S:g} s"]
        if running.done():
            error = running.exception()
            return [f"the account could not be read: {error or 'the node ended'}"]
        if not await _until(lambda: running.done() or closer.step(), CLOSE_S):
            closer.refused.append(f"not done within {CLOSE_S:g} s")
        left = closer.left_open()
        return [*left, *(f"refused: {reason}" for reason in closer.refused)] if left else []
    finally:
        handle.stop()
        with suppress(Exception):
            await asyncio.wait_for(running, CONNECTION_TIMEOUT_S)


async def _until(is_done: Callable[[], bool], timeout_s: float) -> bool:
    deadline_s = time.monotonic() + timeout_s
    while not is_done():
        if time.monotonic() > deadline_s:
            return False
        await asyncio.sleep(_STEP_S)
    return True
