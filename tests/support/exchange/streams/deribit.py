"""Deribit's stream of perpetuals: https://docs.deribit.com/#subscriptions.

BTC and ETH are inverse, with sizes in USD; the others (``SOL_USDC-PERPETUAL``) are linear.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

import orjson

from tests.support.exchange.streaming.heartbeats import Heartbeats
from tests.support.exchange.streaming.level_book import LevelBook
from tests.support.exchange.streaming.listings import in_lots
from tests.support.exchange.streaming.venue_streams import Message, VenueStreams, stamp_ms

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.support.exchange.bodies.moment import Moment
    from tests.support.exchange.streaming.listings import Listing
    from tests.support.exchange.streaming.stream_connection import StreamConnection
    from tests.support.exchange.streaming.venue_streams import Levels, Side

INVERSE_LOTS: Final = {"BTC": "10", "ETH": "1"}
DEPTHS: Final = (1, 10, 20)


class DeribitStreams(VenueStreams):
    """Quotes, trades, books of some levels, tickers, funding, states, volatility indexes."""

    name = "deribit"
    topics_of: ClassVar[Mapping[str, str]] = {
        "quote": "quote.",
        "trade": "trades.",
        "deltas": "book.",
        "depth": "book.",
        "mark": "ticker.",
        "index": "ticker.",
        "funding": "perpetual.",
        "status": "instrument.state.",
        "open_interest": "ticker.",
        "liquidation": "trades.",
        "volatility_index": "deribit_volatility_index.",
    }

    def __init__(self) -> None:
        super().__init__()
        self._number = 1
        self._tickers: dict[str, dict[str, Any]] = {}
        self._books: dict[str, LevelBook] = {}
        self._newest: dict[str, bytes] = {}
        self._beats: Final = Heartbeats(
            lambda connection: connection.send(_said("heartbeat", {"type": "test_request"}))
        )

    def asset_of(self, symbol: str) -> str:
        return symbol.partition("-")[0].removesuffix("_USDC")

    def listing(self, symbol: str) -> Listing:
        row = super().listing(symbol)
        return in_lots(row, INVERSE_LOTS.get(row.asset, row.lot))

    def ended(self, connection: StreamConnection) -> None:
        self._beats.stop(connection)
        super().ended(connection)

    def received(self, connection: StreamConnection, text: str) -> None:
        asked = orjson.loads(text)
        method, parameters = asked["method"], asked.get("params") or {}
        result: Any = "ok"
        channels = [c for c in parameters.get("channels", []) if self._is_known(c)]
        if method in {"public/subscribe", "public/unsubscribe"}:
            result = channels
        elif method == "public/test":
            result = {"version": "1.2.26"}
        elif method == "public/set_heartbeat":
            self._beats.start(connection, parameters["interval"])
        connection.send(_answer(asked["id"], result))
        for channel in channels:
            if method == "public/unsubscribe":
                self.unsubscribe(connection, channel)
                continue
            self.subscribe(connection, channel)
            if channel in self._newest:
                connection.send(self._newest[channel])
            elif channel.startswith("book.") and channel.split(".")[1] in self._books:
                connection.send(self._whole_book(channel))

    def _is_known(self, channel: str) -> bool:
        kind, _, rest = channel.partition(".")
        if kind in {"instrument", "deribit_volatility_index"}:
            return True
        return any(rest.startswith(symbol_of(asset)) for asset in self.listings)

    def quote(
        self,
        symbol: str,
        bid: float,
        ask: float,
        bid_size: float,
        ask_size: float,
        *,
        ts_ms: int = 0,
    ) -> list[Message]:
        data = {
            "timestamp": stamp_ms(ts_ms),
            "instrument_name": symbol,
            "best_bid_price": bid,
            "best_bid_amount": bid_size,
            "best_ask_price": ask,
            "best_ask_amount": ask_size,
        }
        return [self._message(f"quote.{symbol}", data)]

    def trade(
        self, symbol: str, price: float, size: float, side: Side, ts_ms: int = 0
    ) -> list[Message]:
        return [self._trade(symbol, price, size, side, ts_ms)]

    def book(self, symbol: str, bids: Levels, asks: Levels, ts_ms: int = 0) -> list[Message]:
        self._book(symbol).replace([], [])
        return self.delta(symbol, bids, asks, ts_ms)

    def delta(self, symbol: str, bids: Levels, asks: Levels, ts_ms: int = 0) -> list[Message]:
        # The channels that need no login carry whole books of some levels, each 100 ms.
        book = self._book(symbol)
        book.update += 1
        book.change(bids, asks)
        wanted = self.wanted(f"book.{symbol}.none.{depth}.100ms" for depth in DEPTHS)
        return [Message(channel, self._whole_book(channel, ts_ms)) for channel in wanted]

    def _whole_book(self, channel: str, ts_ms: int = 0) -> bytes:
        _, symbol, _, depth, _ = channel.split(".")
        book = self._book(symbol)
        data = {
            "timestamp": stamp_ms(ts_ms),
            "instrument_name": symbol,
            "change_id": book.update,
            "bids": book.bids(int(depth)),
            "asks": book.asks(int(depth)),
        }
        return _said("subscription", {"channel": channel, "data": data})

    def gap(self, symbol: str, n: int = 1) -> list[Message]:
        self._book(symbol).update += n
        return []

    def mark(self, symbol: str, price: float, ts_ms: int = 0) -> list[Message]:
        return [self._ticker(symbol, ts_ms, mark_price=price)]

    def index(self, symbol: str, price: float, ts_ms: int = 0) -> list[Message]:
        return [self._ticker(symbol, ts_ms, index_price=price, estimated_delivery_price=price)]

    def funding(self, symbol: str, rate: float, next_ms: int, ts_ms: int = 0) -> list[Message]:
        # Deribit's funding is continuous: there is no next one.
        price = self._tickers.get(symbol, {}).get("index_price", self.listing(symbol).price)
        data = {"interest": rate, "index_price": price, "timestamp": stamp_ms(ts_ms)}
        return [
            self._message(f"perpetual.{symbol}.100ms", data),
            self._ticker(symbol, ts_ms, current_funding=rate, funding_8h=rate),
        ]

    def open_interest(self, symbol: str, contracts: float, ts_ms: int = 0) -> list[Message]:
        return [self._ticker(symbol, ts_ms, open_interest=contracts)]

    def liquidation(
        self, symbol: str, price: float, size: float, side: Side, ts_ms: int = 0
    ) -> list[Message]:
        # "T": the taker's order was the liquidation.
        return [self._trade(symbol, price, size, side, ts_ms, liquidation="T")]

    def volatility_index(self, symbol: str, value: float, ts_ms: int = 0) -> list[Message]:
        # An index is named by its coin's perpetual, too.
        index = f"{self.asset_of(symbol).lower()}_usd" if "-" in symbol else symbol
        data = {"timestamp": stamp_ms(ts_ms), "volatility": value, "index_name": index}
        return [self._message(f"deribit_volatility_index.{index}", data)]

    def close_asset(self, asset: str) -> list[Message]:
        super().close_asset(asset)
        symbol = symbol_of(asset)
        currency = "USDC" if "_" in symbol else asset
        data = {"timestamp": stamp_ms(0), "state": "closed", "instrument_name": symbol}
        return [self._message(f"instrument.state.future.{currency}", data, is_kept=False)]

    def _book(self, symbol: str) -> LevelBook:
        return self._books.setdefault(symbol, LevelBook(1))

    def _trade(
        self, symbol: str, price: float, size: float, side: Side, ts_ms: int, **more: str
    ) -> Message:
        self._number += 1
        trade = {
            "timestamp": stamp_ms(ts_ms),
            "price": price,
            "amount": size,
            "direction": side,
            "index_price": price,
            "instrument_name": symbol,
            "trade_seq": self._number,
            "mark_price": price,
            "tick_direction": 2,
            "contracts": size,
            "trade_id": str(self._number),
            **more,
        }
        return self._message(f"trades.{symbol}.100ms", [trade], is_kept=False)

    def _ticker(self, symbol: str, ts_ms: int, **fields: float) -> Message:
        price = self.listing(symbol).price
        whole = self._tickers.setdefault(symbol, _ticker(symbol, price))
        whole |= {"timestamp": stamp_ms(ts_ms), **fields}
        return self._message(f"ticker.{symbol}.100ms", whole)

    def _message(self, channel: str, data: Any, *, is_kept: bool = True) -> Message:
        payload = _said("subscription", {"channel": channel, "data": data})
        if is_kept:
            self._newest[channel] = payload
        return Message(channel, payload)

    def instruments(self, m: Moment) -> Any:
        """POST /api/v2, public/get_instruments."""
        rows = [_instrument(self.listing(symbol_of(asset))) for asset in self.listings]
        return _answer(m.query["id"], rows)

    def combinations(self, m: Moment) -> Any:
        """POST /api/v2, public/get_combos."""
        return _answer(m.query["id"], [])

    bodies: ClassVar[Mapping[str, Callable[[Any, Moment], Any]]] = {
        "public/get_instruments": instruments,
        "public/get_combos": combinations,
    }


def symbol_of(asset: str) -> str:
    """Return the perpetual of a coin."""
    return f"{asset}-PERPETUAL" if asset in INVERSE_LOTS else f"{asset}_USDC-PERPETUAL"


def _said(method: str, parameters: dict[str, Any]) -> bytes:
    return orjson.dumps({"jsonrpc": "2.0", "method": method, "params": parameters})


def _answer(number: Any, result: Any) -> dict[str, Any]:
    times = {"usIn": 1, "usOut": 2, "usDiff": 1}
    return {"jsonrpc": "2.0", "id": number, "result": result, **times, "testnet": False}


def _ticker(symbol: str, price: float) -> dict[str, Any]:
    stats = {"high": price, "low": price, "price_change": 1.0, "volume": 1000.0}
    prices = (
        "index_price last_price settlement_price min_price max_price mark_price"
        " best_ask_price best_bid_price estimated_delivery_price"
    )
    return {
        "state": "open",
        "stats": {**stats, "volume_usd": 1000.0 * price, "volume_notional": 1000.0 * price},
        "instrument_name": symbol,
        **dict.fromkeys(prices.split(), price),
        "open_interest": 1000.0,
        "interest_value": 0.001,
        "best_ask_amount": 10.0,
        "best_bid_amount": 10.0,
        "current_funding": 0.0,
        "funding_8h": 0.0,
    }


def _instrument(row: Listing) -> dict[str, Any]:
    is_inverse = row.asset in INVERSE_LOTS
    kind, quote = ("reversed", "USD") if is_inverse else ("linear", "USDC")
    return {
        "price_index": f"{row.asset}_{quote}".lower(),
        "kind": "future",
        "instrument_name": symbol_of(row.asset),
        "max_leverage": 50,
        "maker_commission": 0.0,
        "taker_commission": 0.0005,
        "instrument_type": kind,
        "future_type": kind,
        "expiration_timestamp": 32_503_708_800_000,
        "creation_timestamp": 1_534_167_754_000,
        "is_active": row.is_trading,
        "tick_size": float(row.tick),
        "tick_size_steps": [],
        "contract_size": float(row.lot),
        "min_trade_amount": float(row.lot),
        "instrument_id": 1,
        "max_liquidation_commission": 0.0075,
        "block_trade_commission": 0.00025,
        "block_trade_min_trade_amount": 200_000,
        "block_trade_tick_size": 0.01,
        "settlement_currency": row.asset if is_inverse else "USDC",
        "settlement_period": "perpetual",
        "base_currency": row.asset,
        "counter_currency": quote,
        "quote_currency": quote,
    }
