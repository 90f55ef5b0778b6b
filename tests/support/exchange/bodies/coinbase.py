"""Bodies of Coinbase."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tests.support.exchange.bodies.moment import TICK, Moment, levels

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def coinbase_ticker(m: Moment) -> Any:
    """GET .../market/products/BTC-USD/ticker."""
    price = m.price * 1.0002
    trade = {
        "trade_id": "995098663",
        "product_id": "BTC-USD",
        "price": f"{price:.2f}",
        "size": "0.00064",
        "time": m.iso,
        "side": "SELL",
        "bid": "",
        "ask": "",
        "exchange": "coinbase",
    }
    best = {"best_bid": f"{price - 0.01:.2f}", "best_ask": f"{price + 0.01:.2f}"}
    return {"trades": [trade], **best}


def coinbase_book(m: Moment) -> Any:
    """GET .../market/product_book."""
    sides = {
        name: [{"price": p, "size": s} for p, s in levels(m.price, step, 100)]
        for name, step in (("bids", -TICK), ("asks", TICK))
    }
    book = {"product_id": m.query["product_id"], **sides, "time": m.iso}
    return {"pricebook": book, "last": "", "mid_market": "", "spread_bps": "1"}


def coinbase_product(m: Moment) -> Any:
    """GET .../market/products/BTC-USD."""
    return {
        "product_id": "BTC-USD",
        "price": f"{m.price:.2f}",
        "price_percentage_change_24h": "-4.23785541063979",
        "volume_24h": "12900.84201012",
        "status": "online",
        "is_disabled": False,
        "trading_disabled": False,
        "cancel_only": False,
        "view_only": False,
    }


GET_BODIES: Final[Mapping[str, Callable[[Moment], Any]]] = {
    "/api/v3/brokerage/market/products/BTC-USD/ticker": coinbase_ticker,
    "/api/v3/brokerage/market/products/BTC-USD": coinbase_product,
    "/api/v3/brokerage/market/product_book": coinbase_book,
}
