"""What the parsers make of answers that exchanges really gave; expected values by hand."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest

from adapters.exchanges import binance_bodies
from adapters.exchanges.rest_venue import BadBodyError
from adapters.exchanges.venues import (
    alternative_me,
    binance_usdm,
    bybit,
    coinbase,
    deribit,
    hyperliquid,
    kraken,
    kraken_futures,
    okx,
)
from adapters.exf.polling.source_health import SourceHealth
from tests.support.exchange.recorded_answers import recorded

if TYPE_CHECKING:
    from collections.abc import Callable

    from adapters.exchanges.rest_venue import Reading

CASES: list[tuple[str, Callable[[Any, str], Reading], str, dict[str, float], int]] = [
    (
        "binance/fapi_v1_premiumIndex__0",
        binance_usdm.premium_index,
        "BTCUSDT",
        {
            "mark_price": 26780.82240476,
            "index_price": 26798.25197802,
            # mark 26780.82240476 over index 26798.25197802
            "basis_bps": -6.503996,
            "funding_rate": 0.00001226,
            # due in 3888 seconds
            "minutes_to_funding": 64.8,
        },
        1687244112000,
    ),
    ("binance/fapi_v1_fundingInfo__0", binance_usdm.funding_info, "LPTUSDT",
     {"funding_interval_h": 4}, 0),
    ("binance/fapi_v1_fundingInfo__0", binance_usdm.funding_info, "BTCUSDT",
     {"funding_interval_h": 8}, 0),
    ("binance/fapi_v1_ticker_bookTicker__0", binance_bodies.book_ticker, "BTCUSDT",
     {
         "mid": 11495.465,
         # 0.01 / 11495.465 * 10000
         "spread_bps": 0.01 / 11495.465 * 1e4,
         # a bid size of 9.786, an ask size of 2.580
         "imbalance_1": 7.206 / 12.366,
     }, 1602820275978),
    ("binance/fapi_v1_depth__0", binance_usdm.VENUE.endpoints["depth"].parse, "BTCUSDT",
     {
         "mid": 11492.095,
         # bids of 7.091 BTC together, asks of 4.8
         "imbalance_5": (7.091 - 4.8) / 11.891,
     }, 1602818750767),
    ("binance/fapi_v1_openInterest__0", binance_usdm.open_interest, "BTCUSDT",
     {"open_interest_base": 83782.317}, 1702244985273),
    ("binance/futures_data_takerlongshortRatio__0", binance_usdm.taker_volume, "BTCUSDT",
     {"taker_buy_sell": 1.5155, "taker_buy_base": 407.865, "taker_sell_base": 269.121},
     1605578100000),
    ("binance/futures_data_topLongShortAccountRatio__0", binance_usdm.long_short, "BTCUSDT",
     {"long_short": 1.0580}, 1602819900000),
    ("binance/api_v3_ticker_bookTicker__0", binance_bodies.book_ticker, "BTCUSDT",
     {"mid": 6621.825, "spread_bps": 0.55 / 6621.825 * 1e4,
      "imbalance_1": (0.163567 - 0.18635) / (0.163567 + 0.18635)}, 0),
    ("bybit/v5_market_tickers__0", bybit.ticker, "BTCUSD",
     {
         "mark_price": 114898.43,
         "funding_interval_h": 8,
         "funding_8h": 0.0001,
         # a fraction: 0.142425
         "change_24h_pct": 14.2425,
         # inverse, both sides, 1 USD a contract: 240113967 / 2
         "open_interest_quote": 120056983.5,
         "open_interest_base": 120056983.5 / 114898.43,
         # inverse: volume24h is USD, turnover24h is BTC
         "turnover_24h_quote": 13713832.0,
         # due in 18830186 ms
         "minutes_to_funding": 313.83643,
     }, 0),
    ("bybit/v5_market_open-interest__0", bybit.open_interest, "BTCUSD",
     {"open_interest_contracts": 31955346}, 1780963200000),
    ("bybit/v5_market_long-short-ratio__0", bybit.long_short_accounts, "BTCUSDT",
     {"long_short": 0.49 / 0.51}, 1696262400000),
    ("bybit/http_get_orderbook", bybit.depth, "BTCUSDT",
     {
         "mid": 27450.75,
         "imbalance_1": 0.3 / 2.7,
         # within 5 bps (13.7): all three levels a side
         "bid_depth_5bps": 27450.5 * 1.5 + 27450 * 2 + 27449.5 * 0.75,
         "ask_depth_5bps": 27451 * 1.2 + 27451.5 * 3 + 27452 * 0.5,
     }, 1709891679000),
    ("bybit/http_get_funding_history", bybit.funding_history, "BTCUSDT",
     {"paid_funding_rate": 0.0001}, 1709884800000),
    ("okx/http_get_order_book", okx.depth, "BTC-USDT-SWAP",
     {
         "mid": 41006.75,
         # for contracts of 1 BTC; their size is in the definition
         "bid_depth_5bps": 41006.7 * 0.48792100 + 41006.6 * 0.2397 + 41006.5 * 1.125,
     }, 1704067200000),
    ("okx/http_get_mark_price", okx.mark_price, "BTC-USDT-SWAP",
     {"mark_price": 84660.1}, 1744590349506),
    ("deribit/http_get_order_book", deribit.order_book, "BTC-PERPETUAL",
     {
         "mid": 87002.75,
         "funding_8h": 6.55e-6,
         "current_funding_8h": 0.0,
         "funding_interval_h": 8,
         # an inverse contract counts in USD
         "open_interest_quote": 1139551440,
         "open_interest_base": 1139551440 / 87006.21,
         "change_24h_pct": -0.8292,
         "turnover_24h_quote": 442197230,
         # sizes are USD: (199190 - 125090) / 324280
         "imbalance_1": 74100 / 324280,
         # down to 86959.25 (5 bps = 43.5): all twenty
         "bid_depth_5bps": 710620.0,
     }, 1766554855140),
    ("hyperliquid/http_l2_book_btc", hyperliquid.depth, "BTC",
     {"mid": 110427.5, "imbalance_1": (4.11882 - 3.72573) / (4.11882 + 3.72573)},
     1761786491067),
    ("coinbase/http_ticker", coinbase.ticker, "BTC-USD",
     {"mid": 68923.665, "last_price": 68923.67}, 0),
    ("kraken/http_ticker", kraken.ticker, "XBTUSDT",
     {
         "mid": 105944.25,
         "imbalance_1": 0.0,
         # 24 h: volume 163.28908096 at 105904.39279 on average
         "turnover_24h_quote": 163.28908096 * 105904.39279,
     }, 0),
    ("kraken/http_futures_tickers", kraken_futures.ticker, "PI_XBTUSD",
     {
         # absolute: BTC for one USD; -3.995839963e-9 * 91468.38, for one hour
         "funding_rate": -3.6549300e-4,
         "funding_8h": -2.9239440e-3,
         "funding_interval_h": 1,
         # inverse: one contract is 1 USD
         "open_interest_quote": 21279580,
         "open_interest_base": 21279580 / 91506.6009839176,
         "turnover_24h_quote": 21118140,
         "change_24h_pct": 1.57,
     }, 0),
    ("kraken/http_futures_tickers", kraken_futures.ticker, "PF_ETHUSD",
     {
         # absolute: USD for one ETH
         "funding_rate": 1.5e-5 / 3202.75,
         "open_interest_base": 1000000,
         "open_interest_quote": 1000000 * 3205.25,
     }, 0),
    ("alternative_me/fng", alternative_me.fear_greed, "", {"fear_greed": 12}, 1780704000000),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "parse", "symbol", "expected", "unix_ms"),
    CASES,
    ids=[f"{c[0]}-{c[2]}" for c in CASES],
)
def test_a_recorded_answer_is_read_as_by_hand(
    name: str,
    parse: Callable[[Any, str], Reading],
    symbol: str,
    expected: dict[str, float],
    unix_ms: int,
) -> None:
    """Units: per interval and per 8 h, percent and fraction, quote and base, one side and two."""
    reading = parse(recorded(name), symbol)
    for field, value in expected.items():
        assert reading.values[field] == pytest.approx(value, rel=1e-6), field
    assert reading.ts_event_ns == unix_ms * 1_000_000


def test_the_servers_clock_is_read_where_a_body_has_it() -> None:
    """Bybit and Kraken in milliseconds, Deribit in microseconds."""
    assert bybit.ticker(recorded("bybit/v5_market_tickers__0"), "BTCUSD").server_ns == (
        1760352369814_000_000
    )
    book = deribit.order_book(recorded("deribit/http_get_order_book"), "BTC-PERPETUAL")
    assert book.server_ns == 1766554855146274_000
    ticker = kraken_futures.ticker(recorded("kraken/http_futures_tickers"), "PI_XBTUSD")
    assert ticker.server_ns == 1763339677524_000_000


def test_a_recorded_error_under_http_200_is_an_error() -> None:
    """Binance says what is wrong in a body with a code."""
    with pytest.raises(BadBodyError, match="Invalid symbol"):
        binance_bodies.ticker_24h(recorded("binance/fapi_v1_ticker_24hr__0"), "BTCUSD_201225")


def test_empty_strings_where_a_number_is_not_needed_do_no_harm() -> None:
    """Bybit's perpetuals have them; nothing that is published becomes NaN by them."""
    reading = bybit.ticker(recorded("bybit/v5_market_tickers__0"), "BTCUSD")
    assert not [name for name, value in reading.values.items() if math.isnan(value)]


def test_an_error_that_quotes_an_answer_is_one_printable_line() -> None:
    """An exchange's error page can neither add lines to the log nor command a terminal."""
    health = SourceHealth()
    health.failed("http_5xx", "HTTP 500: Internal\r\n\nServer \x1b[2J error\x00 é")
    assert health.last_error == "http_5xx: HTTP 500: Internal Server \\x1b[2J error\\x00 é"
