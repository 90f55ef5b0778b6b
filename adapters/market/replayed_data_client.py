"""ReplayedMarketClient: a recording as a live market, in a Nautilus data client."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from nautilus_trader.live import DataClientConfig
from nautilus_trader.live.clients import DataClientFactory, MarketDataClient
from nautilus_trader.model import AggressorSide, Price, Quantity, QuoteTick, TradeId, TradeTick

from adapters.market.btcusdt_instruments import btcusdt_perp
from adapters.market.wake_timer import WakeTimer
from dolphin_strategies.errors import ConfigError

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
    from nautilus_trader.model import CryptoPerpetual
    from numpy.typing import NDArray

    from adapters.market.delivery_counter import DeliveryCounter
    from adapters.market.replay_clock import ReplayClock
    from adapters.market.tick_files import TickFiles

EVENTS_PER_TURN: Final = 64
"""Events passed to the node before its other work runs."""
CATCH_UP_PAUSE_NS: Final = 100_000
"""The pause between two turns when the replay is late, for the node's other work."""
MAX_QUEUED: Final = 1024
"""Events that may wait in the node's queue; beyond them the replay waits and runs late."""
MAX_IDLE_PAUSES: Final = 20_000
"""At least two seconds of turns of the loop, however long the loop was blocked."""


class ReplayedMarketClientConfig(DataClientConfig):
    """Configuration of the replayed market; it has no fields of its own."""


class _TickMaker:
    """Makes the ticks of a recording, for the venue's instrument.

    Memoryviews give Python's own numbers: a number of numpy takes longer to read and to convert.
    """

    __slots__ = ("_id", "_now_ns", "_precisions", "_touch", "_trades")

    def __init__(
        self, recording: TickFiles, instrument: CryptoPerpetual, now_ns: Callable[[], int]
    ) -> None:
        touch, trades = recording.perp_touch, recording.perp_trades
        self._id: Final = instrument.id
        self._precisions: Final = instrument.price_precision, instrument.size_precision
        self._touch: Final = _views(touch.bid, touch.ask, touch.bid_size, touch.ask_size)
        self._trades: Final = _views(trades.price, trades.size, trades.taker_buys, trades.trade_id)
        self._now_ns: Final = now_ns

    def quote(self, row: int, due_ns: int) -> QuoteTick:
        """Return the quote of a row as if it was received now."""
        bid, ask, bid_size, ask_size = self._touch
        price_precision, size_precision = self._precisions
        return QuoteTick(
            self._id,
            Price(bid[row], price_precision),
            Price(ask[row], price_precision),
            Quantity(bid_size[row], size_precision),
            Quantity(ask_size[row], size_precision),
            due_ns,
            max(due_ns, self._now_ns()),
        )

    def trade(self, row: int, due_ns: int) -> TradeTick:
        """Return the trade of a row as if it was received now."""
        price, size, taker_buys, trade_id = self._trades
        price_precision, size_precision = self._precisions
        return TradeTick(
            self._id,
            Price(price[row], price_precision),
            Quantity(size[row], size_precision),
            AggressorSide.BUY if taker_buys[row] else AggressorSide.SELL,
            TradeId(str(trade_id[row])),
            due_ns,
            max(due_ns, self._now_ns()),
        )


def _views(*columns: NDArray[Any]) -> tuple[memoryview[Any], ...]:
    return tuple(memoryview(np.ascontiguousarray(column)) for column in columns)


class ReplayedMarketClient(MarketDataClient):
    """Quote and trade BTCUSDT-PERP.BINANCE as recorded, at the pace of a ReplayClock.

    The market opens when its quotes are subscribed and the clock's start has come; events due
    before are then passed on at once, so that nothing is lost. ``ts_event`` of an event is its due
    time, ``ts_init`` the node's clock when the event was passed to the node.

    Parameters
    ----------
    recording : TickFiles
        The recording to replay.
    replay_clock : callable
        Returns the ReplayClock; called when quotes are subscribed.
    hand_over : DeliveryCounter
        The counter that the node's DeliveryCounterActor writes.
    on_end : callable
        Called once, on the node's thread, when the node has received the last event.
    look : callable
        Called before each event is handed over and after the last of a turn: ``FactorFeed.look``.
    **client
        Arguments of Nautilus's MarketDataClient.

    Attributes
    ----------
    events_handed, events_total : int
        Events passed to the node so far, and events in the recording.

    Notes
    -----
    Owned by the node's thread. An error goes to the loop's exception handler, which must stop
    the node.

    """

    def __init__(
        self,
        recording: TickFiles,
        replay_clock: Callable[[], ReplayClock],
        hand_over: DeliveryCounter,
        on_end: Callable[[], None],
        look: Callable[[], None],
        **client: Any,
    ) -> None:
        self.instrument: Final = btcusdt_perp()
        super().__init__(venue=self.instrument.id.venue, **client)
        self.events_handed = 0
        self.events_total: Final = len(recording.events)
        self._recording: Final = recording
        self._replay_clock: Final = replay_clock
        self._hand_over: Final = hand_over
        self._on_end: Final = on_end
        self._look: Final = look
        self._is_open = False

    async def _connect(self) -> None:
        self._handle_instrument(self.instrument)

    async def _disconnect(self) -> None:
        self._is_open = False

    async def _subscribe_quotes(self, command: SubscribeQuotes) -> None:
        if not self._is_open:
            self._is_open = True
            # An exception in the task stops a node that has shutdown_on_error.
            self.create_task(self._replay(), "replay")

    async def _subscribe_trades(self, command: SubscribeTrades) -> None:
        # Trades come with the quotes.
        return

    async def _unsubscribe_quotes(self, command: UnsubscribeQuotes) -> None:
        # The sandbox keeps matching resting orders and exits against these quotes.
        return

    async def _unsubscribe_trades(self, command: UnsubscribeTrades) -> None:
        return

    async def _replay(self) -> None:
        timer = WakeTimer()
        try:
            await self._hand_over_all(timer)
            await self._wait_until_received(timer, self.events_handed)
        finally:
            timer.close()
        if self._is_open:
            self._on_end()

    async def _hand_over_all(self, timer: WakeTimer) -> None:
        events = self._recording.events
        due_ns: list[int] = self._replay_clock().due_ns(events.ts).tolist()
        is_trade: list[bool] = events.is_trade.tolist()
        rows: list[int] = events.row.tolist()
        ticks = _TickMaker(self._recording, self.instrument, self.clock.timestamp_ns)
        make_quote, make_trade, handle = ticks.quote, ticks.trade, self._handle_data
        look, n, total = self._look, 0, self.events_total
        await timer.sleep_until(due_ns[0])
        while n < total and self._is_open:
            await self._wait_until_received(timer, n - MAX_QUEUED)
            now_ns = time.time_ns()
            end = min(n + EVENTS_PER_TURN, total)
            while n < end and due_ns[n] <= now_ns:
                look()
                handle((make_trade if is_trade[n] else make_quote)(rows[n], due_ns[n]))
                n += 1
            look()
            self.events_handed = n
            if n < total:
                await timer.sleep_until(max(due_ns[n], time.time_ns() + CATCH_UP_PAUSE_NS))

    async def _wait_until_received(self, timer: WakeTimer, count: int) -> None:
        """Wait while the node works off its queue."""
        pauses = 0
        while self._is_open and (received := self._hand_over.events) < count:
            pauses += 1
            if not received and pauses > MAX_IDLE_PAUSES:
                msg = (
                    f"the node received none of {self.events_handed} market events; expected a "
                    "DeliveryCounterActor that counts them: add one with the same DeliveryCounter"
                )
                raise ConfigError(msg)
            await timer.sleep_until(time.time_ns() + CATCH_UP_PAUSE_NS)


class ReplayedMarketClientFactory(DataClientFactory):
    """Makes the client for the node.

    Parameters
    ----------
    recording : TickFiles
        The recording to replay.
    clock : callable
        Returns the ReplayClock; called when quotes are subscribed, so that the start may be
        chosen then.
    hand_over : DeliveryCounter
        The counter that the node's DeliveryCounterActor writes.
    on_end : callable
        Called once, on the node's thread, when the node has received the last event.
    look : callable
        Called before and after events are handed over: ``FactorFeed.look``.

    Attributes
    ----------
    client : ReplayedMarketClient or None
        The client, once the node is built.

    """

    def __init__(
        self,
        *,
        recording: TickFiles,
        clock: Callable[[], ReplayClock],
        hand_over: DeliveryCounter,
        on_end: Callable[[], None],
        look: Callable[[], None],
    ) -> None:
        self._make: Final = (recording, clock, hand_over, on_end, look)
        self.client: ReplayedMarketClient | None = None

    def create(  # type: ignore[override]
        self, *, name: str, config: DataClientConfig, cache: ClientCache, clock: Clock
    ) -> ReplayedMarketClient:
        """Make the client; called by Nautilus while it builds the node."""
        self.client = ReplayedMarketClient(
            *self._make, name=name, config=config, cache=cache, clock=clock
        )
        return self.client
