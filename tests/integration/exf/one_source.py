"""The source that tests make fail, a factor that must not notice, and when either was polled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tests.support.exchange.local_exchange import LocalExchange

TOUCH: Final = "binance_usdm/book_ticker/BTCUSDT"
PATH: Final = "/fapi/v1/ticker/bookTicker"
VICTIM: Final = ("spread", "imbal_btc", "mid_btc_binance")
BYSTANDER: Final = "spread_bps_btc_spot_binance"
BYSTANDERS_SOURCE: Final = "binance_spot/book_ticker/BTCUSDT"


def asked(exchange: LocalExchange, since_s: float, part: str = "/fapi") -> list[float]:
    """Return when the exchange was asked, after an instant."""
    return [at_s for at_s, path in exchange.requests() if at_s > since_s and part in path]
