"""Every venue: its declared fields, its units, and what it makes of answers that are wrong."""

from __future__ import annotations

import ast
import inspect
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from adapters import exchanges
from adapters.exchanges import binance_bodies, known_venues
from adapters.exchanges.rest_venue import BadBodyError, Endpoint, RateLimitedError, RestVenue
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
from adapters.exf.polling.request import Request
from adapters.exf.registry.registry_file import load
from tests.support.exchange.bodies.moment import Moment
from tests.support.exchange.exchange_bodies import GET_BODIES, POST_BODIES

if TYPE_CHECKING:
    from collections.abc import Callable

    from adapters.exf.registry.factor_registry import PolledSource

UNIX_MS = 1_780_000_123_000
REGISTRY = load(known_venues())
ENDPOINTS = [(v, n, e) for v in known_venues().values() for n, e in v.endpoints.items()]


def documented(source: PolledSource) -> Any:
    """Return the body that the documentation gives for what a source asks."""
    endpoint = REGISTRY.endpoint(source)
    request = Request.of(endpoint, source.symbol, "http://exchange")
    if endpoint.json is not None:
        query = {k: v.replace("{symbol}", source.symbol) for k, v in endpoint.json.items()}
        make = POST_BODIES[query["type"]]
    else:
        query, make = dict(request.url.query), GET_BODIES[request.url.path]
    return make(Moment(unix_ms=UNIX_MS, price=60_000.0, query=query))


@pytest.mark.parametrize("source", REGISTRY.sources, ids=lambda s: s.key)
def test_a_source_gives_exactly_the_fields_that_its_endpoint_declares(
    source: PolledSource,
) -> None:
    """Each is a number in the valid range of the factors made of it."""
    endpoint = REGISTRY.endpoint(source)
    reading = endpoint.parse(documented(source), source.symbol)
    assert reading.values.keys() == endpoint.fields.keys()
    assert not reading.problems
    for factor in REGISTRY.factors_of(source):
        assert factor.low <= reading.values[factor.field] <= factor.high, factor.name


@pytest.mark.parametrize("source", REGISTRY.sources, ids=lambda s: s.key)
@pytest.mark.parametrize(
    "body",
    [None, [], {}, "", 7, [[]], [None], {"result": None}, {"data": [None]}, [{}, {}]],
    ids=str,
)
def test_an_answer_of_another_shape_is_refused(source: PolledSource, body: Any) -> None:
    """With the one error that is for it, never a KeyError or a number."""
    with pytest.raises(BadBodyError):
        REGISTRY.endpoint(source).parse(body, source.symbol)


@pytest.mark.parametrize(
    ("venue", "name", "endpoint"), ENDPOINTS, ids=lambda x: getattr(x, "name", x)
)
def test_an_endpoint_is_a_public_one(venue: RestVenue, name: str, endpoint: Endpoint) -> None:
    """Over TLS, without keys, and it costs something of the rate limit; a clock needs none."""
    assert venue.base_url.startswith("https://") or venue.base_url == "clock://utc"
    assert endpoint.path.startswith("/")
    assert endpoint.weight > 0
    words = " ".join([endpoint.path, *endpoint.query, *(endpoint.json or ())]).lower()
    assert not [w for w in ("key", "sign", "secret", "token", "account/") if w in words]


def test_no_venue_knows_another() -> None:
    """A venue file imports what all share and no other venue."""
    folder = Path(inspect.getfile(exchanges)).parent / "venues"
    names = set(known_venues())
    assert len(names) >= 9
    for name in names:
        tree = ast.parse((folder / f"{name}.py").read_text())
        imported = {
            node.module.rpartition(".")[2]
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node.module
        }
        assert not imported & names, name


@pytest.mark.parametrize(
    ("interval_ms", "hours"), [(28_800_000, 8), (14_400_000, 4), (3_600_000, 1)]
)
def test_okx_funding_is_for_8_hours_whatever_its_interval(interval_ms: int, hours: int) -> None:
    """0.01 % each hour is 0.08 % in 8 hours."""
    row = {
        "instId": "BTC-USDT-SWAP",
        "fundingRate": "0.0001",
        "fundingTime": str(UNIX_MS),
        "nextFundingTime": str(UNIX_MS + interval_ms),
        "ts": str(UNIX_MS),
    }
    reading = okx.funding_rate({"code": "0", "data": [row]}, "BTC-USDT-SWAP")
    assert reading.values["funding_interval_h"] == hours
    assert reading.values["funding_8h"] == pytest.approx(0.0001 * 8 / hours)


def test_hyperliquid_funding_is_hourly_and_its_interest_in_coins() -> None:
    """0.00125 % an hour is 0.01 % in 8 hours; the coin's context is found by its place."""
    meta = {"universe": [{"name": "BTC"}, {"name": "ETH"}]}
    context = {"funding": "0.0000125", "openInterest": "1000", "markPx": "3030",
               "oraclePx": "3000", "prevDayPx": "3000", "dayNtlVlm": "5"}  # fmt: skip
    values = hyperliquid.contexts([meta, [{}, context]], "ETH").values
    assert values["funding_8h"] == pytest.approx(0.0001)
    assert values["open_interest_quote"] == pytest.approx(3_030_000)
    assert values["basis_bps"] == pytest.approx(100)
    assert values["change_24h_pct"] == pytest.approx(1.0)


def test_kraken_prefers_the_relative_rate_where_it_is_given() -> None:
    """0.5987 USD for one BTC at 84386 is 7.0948e-6 of it, for one hour."""
    row = {"symbol": "PF_XBTUSD", "markPrice": 83778.43, "indexPrice": 84386.0,
           "fundingRate": 0.5987021631921114, "relativeFundingRate": 7.094779166667e-06,
           "openInterest": 2161.664}  # fmt: skip
    body = {"result": "success", "tickers": [row]}
    given = kraken_futures.ticker(body, "PF_XBTUSD").values["funding_8h"]
    del row["relativeFundingRate"]
    computed = kraken_futures.ticker(body, "PF_XBTUSD").values["funding_8h"]
    assert given == pytest.approx(5.675823e-5, rel=1e-6)
    assert computed == pytest.approx(given, rel=1e-4)


def test_bybit_uses_the_one_sided_open_interest_where_it_is_given() -> None:
    """Else half of the two-sided one: 120,000 BTC of both sides are 60,000 contracts."""
    row = {"symbol": "BTCUSDT", "openInterest": "120000", "markPrice": "50000"}
    body = {"retCode": 0, "result": {"category": "linear", "list": [row]}, "time": UNIX_MS}
    assert bybit.ticker(body, "BTCUSDT").values["open_interest_base"] == 60_000
    assert bybit.ticker(body, "BTCUSDT").values["open_interest_quote"] == 3_000_000_000
    row["singleOpenInterest"] = "59000"
    assert bybit.ticker(body, "BTCUSDT").values["open_interest_base"] == 59_000


def test_bybit_funding_is_for_8_hours() -> None:
    """A rate of a 4-hour interval is paid twice in 8 hours."""
    row = {"symbol": "X", "fundingRate": "-0.0002", "fundingIntervalHour": "4"}
    body = {"retCode": 0, "result": {"category": "linear", "list": [row]}, "time": UNIX_MS}
    assert bybit.ticker(body, "X").values["funding_8h"] == pytest.approx(-0.0004)


@pytest.mark.parametrize(("inst_type", "expected"), [("SWAP", 2222 * 60_000), ("SPOT", 2222)])
def test_okx_turnover_is_base_for_swaps_and_quote_for_spot(
    inst_type: str, expected: float
) -> None:
    """volCcy24h changes its meaning with the kind of instrument."""
    row = {"instType": inst_type, "instId": "X", "last": "60000", "volCcy24h": "2222",
           "open24h": "50000", "bidPx": "1", "askPx": "2"}  # fmt: skip
    values = okx.ticker({"code": "0", "data": [row]}, "X").values
    assert values["turnover_24h_quote"] == expected
    assert values["change_24h_pct"] == pytest.approx(20.0)


def test_okx_taker_volume_is_sold_then_bought() -> None:
    """Its documentation has [ts, sellVol, buyVol]."""
    body = {"code": "0", "data": [[str(UNIX_MS), "200", "250"], [str(UNIX_MS - 1), "1", "1"]]}
    assert okx.taker_volume(body, "BTC").values["taker_buy_sell"] == 1.25


def test_deribit_counts_linear_contracts_in_coins() -> None:
    """BTC_USDC-PERPETUAL has sizes in BTC, BTC-PERPETUAL in USD."""
    result: dict[str, Any] = {
        "instrument_name": "BTC_USDC-PERPETUAL",
        "bids": [[100.0, 2.0]],
        "asks": [[100.01, 1.0]],
        "mark_price": 100.0,
        "open_interest": 5.0,
        "stats": {},
    }
    values = deribit.order_book({"result": result}, "BTC_USDC-PERPETUAL").values
    assert values["open_interest_quote"] == 500
    assert values["bid_depth_5bps"] == 200
    result["instrument_name"] = "BTC-PERPETUAL"
    values = deribit.order_book({"result": result}, "BTC-PERPETUAL").values
    assert values["open_interest_base"] == 0.05
    assert values["bid_depth_5bps"] == 2


def test_deribit_puts_and_calls_are_told_by_name() -> None:
    """Three puts' open interest over two calls'; an instrument that is neither is an error."""
    rows = [
        {"instrument_name": "BTC-1JAN27-50000-P", "open_interest": 3, "volume": None},
        {"instrument_name": "BTC-1JAN27-50000-C", "open_interest": 2, "volume": 4},
    ]
    values = deribit.option_summary({"result": rows}, "BTC").values
    assert values["put_call_open_interest"] == 1.5
    assert values["put_call_volume"] == 0
    rows.append({"instrument_name": "BTC-PERPETUAL", "open_interest": 2, "volume": 4})
    with pytest.raises(BadBodyError, match="not an option"):
        deribit.option_summary({"result": rows}, "BTC")


@pytest.mark.parametrize(("given", "expected"), [(0.5712, 57.12), (57.12, 57.12)])
def test_dominance_is_a_percentage_either_way(given: float, expected: float) -> None:
    """alternative.me has given both."""
    data = {"bitcoin_percentage_of_market_cap": given, "quotes": {"USD": {}}}
    values = alternative_me.market({"data": data, "metadata": {"error": None}}, "").values
    assert values["btc_dominance_pct"] == pytest.approx(expected)


@pytest.mark.parametrize("given", ["-4.25", "-4.25%"])
def test_coinbase_changes_are_percent_with_and_without_the_sign(given: str) -> None:
    """Its documentation shows the sign, its answers come without."""
    body = {"product_id": "BTC-USD", "price": "2", "volume_24h": "3",
            "price_percentage_change_24h": given}  # fmt: skip
    values = coinbase.product(body, "BTC-USD").values
    assert values["change_24h_pct"] == -4.25
    assert values["turnover_24h_quote"] == 6


LIMITS: list[tuple[Callable[..., Any], Any]] = [
    (binance_bodies.book_ticker, {"code": -1003, "msg": "Too much request weight used"}),
    (bybit.ticker, {"retCode": 10006, "retMsg": "Too many visits!", "result": {}}),
    (okx.ticker, {"code": "50011", "msg": "Too Many Requests", "data": []}),
    (deribit.order_book, {"error": {"code": 10028, "message": "too_many_requests"}}),
    (kraken.ticker, {"error": ["EGeneral:Too many requests"]}),
    (kraken.ticker, {"error": ["EAPI:Rate limit exceeded"]}),
]


@pytest.mark.parametrize(("parse", "body"), LIMITS)
def test_a_refusal_for_asking_too_often_is_told_from_other_errors(
    parse: Callable[..., Any], body: Any
) -> None:
    """Under HTTP 200 too: the host is then left alone."""
    with pytest.raises(RateLimitedError):
        parse(body, "BTC")


ERRORS: list[tuple[Callable[..., Any], Any]] = [
    (binance_usdm.premium_index, {"code": -1121, "msg": "Invalid symbol."}),
    (bybit.ticker, {"retCode": 10001, "retMsg": "params error", "result": {}}),
    (okx.ticker, {"code": "51001", "msg": "Instrument ID does not exist", "data": []}),
    (deribit.order_book, {"error": {"code": -32602, "message": "Invalid params"}}),
    (hyperliquid.depth, None),
    (coinbase.ticker, {"error": "NOT_FOUND", "message": "product"}),
    (kraken.ticker, {"error": ["EQuery:Unknown asset pair"]}),
    (kraken_futures.ticker, {"result": "error", "error": "apiLimitExceeded"}),
    (alternative_me.market, {"data": None, "metadata": {"error": "down"}}),
]


@pytest.mark.parametrize(("parse", "body"), ERRORS)
def test_an_error_body_is_an_error(parse: Callable[..., Any], body: Any) -> None:
    """And no refusal for asking too often."""
    with pytest.raises(BadBodyError) as caught:
        parse(body, "BTC")
    assert not isinstance(caught.value, RateLimitedError)


def test_a_crossed_touch_spoils_the_touch_and_nothing_else() -> None:
    """Fault B10: a ticker says other things too; the reason is kept."""
    row = {"symbol": "BTCUSDT", "markPrice": "100", "indexPrice": "100",
           "bid1Price": "101", "ask1Price": "100", "bid1Size": "1", "ask1Size": "1"}  # fmt: skip
    body = {"retCode": 0, "result": {"category": "linear", "list": [row]}, "time": UNIX_MS}
    reading = bybit.ticker(body, "BTCUSDT")
    assert math.isnan(reading.values["mid"])
    assert reading.values["mark_price"] == 100
    assert "crossed" in reading.problems[0]


def test_an_answer_about_something_else_is_refused() -> None:
    """A proxy that mixes answers up must not give ETH's numbers for BTC's."""
    row = {"symbol": "ETHUSDT", "markPrice": "100", "indexPrice": "100"}
    with pytest.raises(BadBodyError):
        binance_usdm.premium_index(row, "BTCUSDT")
    with pytest.raises(BadBodyError):
        okx.mark_price({"code": "0", "data": [{"instId": "ETH-USDT-SWAP"}]}, "BTC-USDT-SWAP")
