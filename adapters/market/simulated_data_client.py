"""SimulatedMarketClient: the simulated market as a Nautilus data client."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from nautilus_trader.live import DataClientConfig
from nautilus_trader.live.clients import DataClientFactory, MarketDataClient

from adapters.market.btcusdt_instruments import btcusdt_perp
from adapters.market.prepared_quotes import PreparedQuotes
from adapters.market.simulated_path import STEP_NS

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from nautilus_trader.common import Clock
    from nautilus_trader.live import (
        ClientCache,
        SubscribeQuotes,
        SubscribeTrades,
        UnsubscribeQuotes,
        UnsubscribeTrades,
    )

    from adapters.market.simulated_path import SimulatedPath


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
    look : callable
        Called before and after a quote is handed over: ``FactorFeed.look``.
    **client
        Arguments of Nautilus's MarketDataClient.

    Notes
    -----
    Owned by the node's thread. An error goes to the loop's exception handler, which must stop
    the node.

    """

    def __init__(
        self,
        path: SimulatedPath,
        start_ns: Callable[[], int],
        look: Callable[[], None],
        **client: Any,
    ) -> None:
        self.instrument: Final = btcusdt_perp()
        super().__init__(venue=self.instrument.id.venue, **client)
        self._start_ns = start_ns
        self._look: Final = look
        self._quotes: Final = PreparedQuotes(path, self.instrument, time.time_ns)
        self._step_0_ns = 0
        self._done = -1
        self._timer: asyncio.TimerHandle | None = None

    async def _connect(self) -> None:
        self._handle_instrument(self.instrument)

    async def _disconnect(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    async def _subscribe_quotes(self, command: SubscribeQuotes) -> None:
        if self._timer is None:
            self._step_0_ns = self._start_ns()
            self._wait_for(max(0, self._step_now()))

    async def _subscribe_trades(self, command: SubscribeTrades) -> None:
        # There are no trades; a strategy that wants the newest price subscribes to both.
        return

    async def _unsubscribe_trades(self, command: UnsubscribeTrades) -> None:
        return

    async def _unsubscribe_quotes(self, command: UnsubscribeQuotes) -> None:
        # The sandbox keeps matching resting orders and exits against these quotes.
        return

    def _quote(self) -> None:
        """Hand over the quote of the newest step that is due."""
        step = self._step_now()
        if step > self._done:
            self._done = step
            self._look()
            self._handle_data(self._quotes.quote(step, self._step_0_ns + step * STEP_NS))
            self._look()
            self._quotes.prepare(step + 1)
        self._wait_for(self._done + 1)

    def _step_now(self) -> int:
        return (time.time_ns() - self._step_0_ns) // STEP_NS

    def _wait_for(self, step: int) -> None:
        """Set the timer to a step: one callback, where a task that sleeps takes two turns."""
        if self.loop is not None:
            due_ns = self._step_0_ns + step * STEP_NS
            self._timer = self.loop.call_later((due_ns - time.time_ns()) / 1e9, self._quote)


class SimulatedMarketClientFactory(DataClientFactory):
    """Makes the client for the node.

    Parameters
    ----------
    path : SimulatedPath
        The market.
    start_ns : callable
        Returns the instant of step 0, UNIX nanoseconds; called when quotes are subscribed.
    look : callable
        Called before and after a quote is handed over: ``FactorFeed.look``.

    """

    def __init__(
        self, path: SimulatedPath, start_ns: Callable[[], int], look: Callable[[], None]
    ) -> None:
        self._made_of: Final = (path, start_ns, look)

    def create(  # type: ignore[override]
        self, *, name: str, config: DataClientConfig, cache: ClientCache, clock: Clock
    ) -> SimulatedMarketClient:
        """Make the client; called by Nautilus while it builds the node."""
        return SimulatedMarketClient(
            *self._made_of, name=name, config=config, cache=cache, clock=clock
        )
