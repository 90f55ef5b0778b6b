"""SimulatedMarketClient: the simulated market as a Nautilus data client."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, Final

from nautilus_trader.live import DataClientConfig
from nautilus_trader.live.clients import DataClientFactory, MarketDataClient
from nautilus_trader.model import Price, Quantity, QuoteTick

from adapters.market.btcusdt_instruments import btcusdt_perp
from adapters.market.simulated_path import STEP_NS, SimulatedPath

if TYPE_CHECKING:
    from collections.abc import Callable

    from nautilus_trader.common import Clock
    from nautilus_trader.live import (
        ClientCache,
        SubscribeQuotes,
        SubscribeTrades,
        UnsubscribeQuotes,
        UnsubscribeTrades,
    )


class SimulatedMarketClientConfig(DataClientConfig):
    """Configuration of the simulated market; it has no fields of its own."""


class SimulatedMarketClient(MarketDataClient):
    """Quote BTCUSDT-PERP.BINANCE along a SimulatedPath, in real time from an instant on.

    Parameters
    ----------
    path : SimulatedPath
        The market.
    start_ns : callable
        Returns the instant of step 0, UNIX nanoseconds; called when quotes are subscribed.
    **client
        Arguments of Nautilus's MarketDataClient.

    Notes
    -----
    Owned by the node's thread.

    """

    def __init__(self, path: SimulatedPath, start_ns: Callable[[], int], **client: Any) -> None:
        self.instrument: Final = btcusdt_perp()
        super().__init__(venue=self.instrument.id.venue, **client)
        self._path = path
        self._start_ns = start_ns
        self._is_quoting = False

    async def _connect(self) -> None:
        self._handle_instrument(self.instrument)

    async def _disconnect(self) -> None:
        self._is_quoting = False

    async def _subscribe_quotes(self, command: SubscribeQuotes) -> None:
        if not self._is_quoting:
            self._is_quoting = True
            # An exception in the task stops a node that has shutdown_on_error.
            self.create_task(self._quote(), "quotes")

    async def _subscribe_trades(self, command: SubscribeTrades) -> None:
        # There are no trades; a strategy that wants the newest price subscribes to both.
        return

    async def _unsubscribe_trades(self, command: UnsubscribeTrades) -> None:
        return

    async def _unsubscribe_quotes(self, command: UnsubscribeQuotes) -> None:
        # The sandbox keeps matching resting orders and exits against these quotes.
        return

    async def _quote(self) -> None:
        """Publish each step's quote when it is due, and only the newest if late."""
        start_ns = self._start_ns()
        done = -1
        while self._is_quoting:
            step = (time.time_ns() - start_ns) // STEP_NS
            if step > done:
                self._hand_over(step, start_ns + step * STEP_NS)
                done = step
            await asyncio.sleep((start_ns + (done + 1) * STEP_NS - time.time_ns()) / 1e9)

    def _hand_over(self, step: int, due_ns: int) -> None:
        quote = self._path.quote(step)
        self._handle_data(
            QuoteTick(
                self.instrument.id,
                Price(quote.bid, 1),
                Price(quote.ask, 1),
                Quantity(quote.bid_size, 3),
                Quantity(quote.ask_size, 3),
                due_ns,
                max(due_ns, time.time_ns()),
            )
        )


class SimulatedMarketClientFactory(DataClientFactory):
    """Makes the client for the node.

    Parameters
    ----------
    path : SimulatedPath
        The market.
    start_ns : callable
        Returns the instant of step 0, UNIX nanoseconds; called when quotes are subscribed.

    """

    def __init__(self, path: SimulatedPath, start_ns: Callable[[], int]) -> None:
        self._path = path
        self._start_ns = start_ns

    def create(  # type: ignore[override]
        self, *, name: str, config: DataClientConfig, cache: ClientCache, clock: Clock
    ) -> SimulatedMarketClient:
        """Make the client; called by Nautilus while it builds the node."""
        return SimulatedMarketClient(
            self._path, self._start_ns, name=name, config=config, cache=cache, clock=clock
        )
