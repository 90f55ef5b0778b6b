"""A market of every kind of recorded data, of two instruments, in bursts and partly late."""

from __future__ import annotations

from decimal import Decimal
from random import Random
from typing import Any, Final

from nautilus_trader.adapters.binance import BinanceFuturesLiquidation
from nautilus_trader.adapters.bybit import BybitLiquidation
from nautilus_trader.adapters.deribit import DeribitVolatilityIndex
from nautilus_trader.adapters.hyperliquid import HyperliquidOpenInterest
from nautilus_trader.model import (
    AggressorSide,
    BookAction,
    BookOrder,
    FundingRateUpdate,
    IndexPriceUpdate,
    InstrumentId,
    MarkPriceUpdate,
    OrderBookDelta,
    OrderBookDeltas,
    OrderSide,
    PositionSide,
    Price,
    Quantity,
    QuoteTick,
    TradeId,
    TradeTick,
)

from tests.support.computed.events import MILLISECOND, PERPETUAL, SPOT, START_NS

IDS: Final = (InstrumentId.from_str(PERPETUAL), InstrumentId.from_str(SPOT))


class LateMarket:
    """Makes data of all kinds; the stamps of one kind and instrument do not go back."""

    def __init__(self, seed: int) -> None:
        self.random: Final = Random(seed)  # noqa: S311 - a market
        self.at_ns = START_NS
        self.bid = 60_000.0
        self._newest: dict[Any, int] = {}
        self._number = 0

    def burst(self) -> list[Any]:
        """Return data that come together: some of one instant, some late."""
        chance = self.random
        self.at_ns += chance.choice([0, 1, 1_000, 30 * MILLISECOND, 110 * MILLISECOND])
        if chance.random() < 0.02:
            self.at_ns += round(1.5e9)
        found = []
        for _ in range(chance.choice([1, 1, 2, 5, 9])):
            self.at_ns += chance.choice([0, 0, 0, 1, 20_000])
            self.bid += chance.choice([-0.5, 0, 0, 0.1, 0.2])
            found.append(self._datum())
        return found

    def _datum(self) -> Any:
        chance = self.random
        make = chance.choice(
            [self._quote, self._quote, self._trade, self._book, self._mark, self._index,
             self._funding, self._liquidation, self._open_interest, self._volatility]
        )  # fmt: skip
        instrument = chance.choice(IDS)
        late_ns = chance.choice([0, 0, 0, 0, 1, 50_000, 40 * MILLISECOND])
        key = make.__name__, instrument
        ts_init = max(self.at_ns - late_ns, self._newest.get(key, 0))
        self._newest[key] = ts_init
        ts_event = ts_init - chance.choice([0, MILLISECOND, 2 * MILLISECOND, -MILLISECOND])
        return make(instrument, ts_event, ts_init)

    def _size(self) -> Quantity:
        return Quantity(self.random.choice([0.001, 1.5, 2.25, 1234.567]), 3)

    def _quote(self, instrument: InstrumentId, *stamps: int) -> QuoteTick:
        # Now and then another precision, and a crossed quote.
        digits = self.random.choice([1, 1, 1, 2])
        width = self.random.choice([0.1, 0.1, 0.3, -0.1])
        prices = Price(self.bid, digits), Price(self.bid + width, digits)
        return QuoteTick(instrument, *prices, self._size(), self._size(), *stamps)

    def _trade(self, instrument: InstrumentId, *stamps: int) -> TradeTick:
        self._number += 1
        side = self.random.choice([AggressorSide.BUY, AggressorSide.SELL])
        trade_id = TradeId(str(self._number))
        return TradeTick(instrument, Price(self.bid, 1), self._size(), side, trade_id, *stamps)

    def _book(self, instrument: InstrumentId, *stamps: int) -> OrderBookDeltas:
        self._number += 1
        rows = []
        if self.random.random() < 0.3:
            rows.append(OrderBookDelta.clear(instrument, self._number, *stamps))
        for side, sign in ((OrderSide.BUY, -1), (OrderSide.SELL, 1)):
            for level in range(1, self.random.choice([2, 4, 6])):
                price = Price(60_000 + sign * level / 10, 1)
                order = BookOrder(side, price, self._size(), 0)
                rows.append(
                    OrderBookDelta(instrument, BookAction.UPDATE, order, 0, self._number, *stamps)
                )
        return OrderBookDeltas(instrument, rows)

    def _mark(self, instrument: InstrumentId, *stamps: int) -> MarkPriceUpdate:
        return MarkPriceUpdate(instrument, Price(self.bid + 0.3, 2), *stamps)

    def _index(self, instrument: InstrumentId, *stamps: int) -> IndexPriceUpdate:
        return IndexPriceUpdate(instrument, Price(self.bid - 0.2, 2), *stamps)

    def _liquidation(self, instrument: InstrumentId, *stamps: int) -> Any:
        # As a client makes them: with the precision of each number.
        price = Price(self.bid, self.random.choice([1, 2]))
        if instrument == IDS[0]:
            side = self.random.choice([OrderSide.BUY, OrderSide.SELL])
            sizes = self._size(), self._size()
            return BinanceFuturesLiquidation(instrument, side, price, price, *sizes, *stamps)
        position = self.random.choice([PositionSide.LONG, PositionSide.SHORT])
        return BybitLiquidation(instrument, position, price, self._size(), *stamps)

    def _open_interest(self, instrument: InstrumentId, *stamps: int) -> HyperliquidOpenInterest:
        amount = Decimal(self.random.randrange(10**6)) / 1000
        return HyperliquidOpenInterest(instrument, amount, *stamps)

    def _volatility(self, instrument: InstrumentId, *stamps: int) -> DeribitVolatilityIndex:
        index = "btc_usd" if instrument == IDS[0] else "eth_usd"
        return DeribitVolatilityIndex(index, self.random.uniform(30, 90), *stamps)

    def _funding(self, instrument: InstrumentId, *stamps: int) -> FundingRateUpdate:
        rate = Decimal(self.random.randrange(-9, 9)) / 100_000
        interval, next_ns = self.random.choice([(480, None), (None, START_NS + 10**13), (240, 5)])
        ts_event, ts_init = stamps
        return FundingRateUpdate(instrument, rate, ts_event, ts_init, interval, next_ns)
