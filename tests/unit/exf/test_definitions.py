"""Definitions of instruments: which states are traded, contract sizes, the symbol of an asset."""

from __future__ import annotations

import math
from typing import Any

import pytest

from adapters.exchanges import known_venues
from adapters.exchanges.rest_venue import BadBodyError, Instrument
from adapters.exchanges.venues import coinbase, deribit, hyperliquid, kraken_futures, okx
from adapters.exf.polling.http_client import Answer
from adapters.exf.reading.definition_reader import DefinitionReader

VENUES = known_venues()


def defined(venue: str, name: str, body: Any) -> dict[str, Instrument]:
    """Return what a venue's definitions say in a body."""
    return dict(VENUES[venue].definitions[name].parse(body))


def binance_of(status: str) -> Any:
    """Return the list of instruments with one in a state."""
    return {"symbols": [{"symbol": "SOLUSDT", "status": status}]}


def bybit_of(status: str) -> Any:
    """Return the same of Bybit."""
    row = {"symbol": "SOLUSDT", "status": status}
    return {"retCode": 0, "result": {"list": [row]}, "time": 1}


def okx_of(state: str) -> Any:
    """Return the same of OKX."""
    row = {"instType": "SWAP", "instId": "SOL-USDT-SWAP", "ctVal": "1", "state": state}
    return {"code": "0", "data": [row]}


def deribit_of(is_active: object) -> Any:
    """Return the same of Deribit."""
    return {"result": [{"instrument_name": "SOL_USDC-PERPETUAL", "is_active": is_active}]}


def kraken_of(status: str) -> Any:
    """Return the same of Kraken spot, which names the pair in its own way."""
    return {"error": [], "result": {"XXBTZUSD": {"altname": "XBTUSD", "status": status}}}


def futures_of(tradeable: object) -> Any:
    """Return the same of Kraken futures."""
    row = {"symbol": "PF_SOLUSD", "contractSize": 1, "tradeable": tradeable}
    return {"result": "success", "instruments": [row]}


def coinbase_of(**changed: object) -> Any:
    """Return the same of Coinbase."""
    flags = dict.fromkeys(coinbase.CLOSED_BY, False)
    return {"product_id": "SOL-USD", "status": "online", **flags, **changed}


def hyperliquid_of(**more: object) -> Any:
    """Return the same of Hyperliquid."""
    return {"universe": [{"name": "SOL", **more}]}


TRADED = [
    ("binance_usdm", "instruments", "SOLUSDT", binance_of("TRADING")),
    ("binance_spot", "instrument", "SOLUSDT", binance_of("TRADING")),
    ("bybit", "linear", "SOLUSDT", bybit_of("Trading")),
    ("okx", "swap", "SOL-USDT-SWAP", okx_of("live")),
    ("deribit", "futures", "SOL_USDC-PERPETUAL", deribit_of(is_active=True)),
    ("kraken", "pair", "XBTUSD", kraken_of("online")),
    ("kraken_futures", "instruments", "PF_SOLUSD", futures_of(tradeable=True)),
    ("coinbase", "product", "SOL-USD", coinbase_of()),
    ("hyperliquid", "instruments", "SOL", hyperliquid_of()),
    ("hyperliquid", "instruments", "SOL", hyperliquid_of(isDelisted=False)),
]
CLOSED = [
    ("binance_usdm", "instruments", "SOLUSDT", binance_of("SETTLING"), "SETTLING"),
    ("binance_spot", "instrument", "SOLUSDT", binance_of("BREAK"), "BREAK"),
    ("bybit", "linear", "SOLUSDT", bybit_of("Closed"), "Closed"),
    ("bybit", "linear", "SOLUSDT", bybit_of("Delivering"), "Delivering"),
    ("okx", "swap", "SOL-USDT-SWAP", okx_of("suspend"), "suspend"),
    ("deribit", "futures", "SOL_USDC-PERPETUAL", deribit_of(is_active=False), "is_active"),
    ("kraken", "pair", "XBTUSD", kraken_of("cancel_only"), "cancel_only"),
    ("kraken_futures", "instruments", "PF_SOLUSD", futures_of(tradeable=False), "tradeable"),
    ("coinbase", "product", "SOL-USD", coinbase_of(trading_disabled=True), "trading_disabled"),
    ("coinbase", "product", "SOL-USD", coinbase_of(status="delisted"), "delisted"),
    ("hyperliquid", "instruments", "SOL", hyperliquid_of(isDelisted=True), "isDelisted"),
]


@pytest.mark.parametrize(("venue", "name", "symbol", "body"), TRADED)
def test_an_instrument_that_is_traded_is_open(
    venue: str, name: str, symbol: str, body: Any
) -> None:
    """In the state by which each exchange means that."""
    assert defined(venue, name, body)[symbol].closed == ""


@pytest.mark.parametrize(("venue", "name", "symbol", "body", "reason"), CLOSED)
def test_an_instrument_that_is_not_traded_says_why(
    venue: str, name: str, symbol: str, body: Any, reason: str
) -> None:
    """In the exchange's own words."""
    assert reason in defined(venue, name, body)[symbol].closed


@pytest.mark.parametrize(
    ("venue", "name", "body"),
    [
        ("bybit", "linear", {"retCode": 0, "result": {"list": []}}),
        ("okx", "swap", {"code": "51001", "msg": "Instrument ID doesn't exist", "data": []}),
        ("kraken", "pair", {"error": ["EQuery:Unknown asset pair"]}),
    ],
)
def test_an_instrument_that_does_not_exist_is_not_defined(
    venue: str, name: str, body: Any
) -> None:
    """Exchanges say so with an empty list or an error of its own; neither is a failure."""
    assert defined(venue, name, body) == {}


ALL = [(venue, name) for venue in VENUES.values() for name in venue.definitions]


@pytest.mark.parametrize(("venue", "name"), ALL, ids=lambda x: getattr(x, "name", x))
@pytest.mark.parametrize(
    "body", [None, [], {}, "", 7, [[]], {"result": None}, {"code": "0", "data": [None]}], ids=str
)
def test_definitions_of_another_shape_are_refused(venue: Any, name: str, body: Any) -> None:
    """With the one error that is for it: no instrument is closed by a broken answer."""
    with pytest.raises(BadBodyError):
        venue.definitions[name].parse(body)


def test_a_contract_is_what_its_definition_states() -> None:
    """OKX: the value of a contract by its multiplier; without a size it is not known."""
    rows = [
        {"instId": "BTC-USDT-SWAP", "ctVal": "0.01", "ctMult": "1", "state": "live"},
        {"instId": "X-USDT-SWAP", "ctVal": "10", "ctMult": "100", "state": "live"},
        {"instId": "Y-USDT-SWAP", "ctVal": "", "ctMult": "1", "state": "preopen"},
        {"instId": "BTC-USDT", "instType": "SPOT", "ctVal": "", "ctMult": "", "state": "live"},
    ]
    found = okx.public_instruments({"code": "0", "data": rows})
    assert found["BTC-USDT-SWAP"].contract == 0.01
    assert found["X-USDT-SWAP"].contract == 1000
    assert math.isnan(found["Y-USDT-SWAP"].contract)
    assert found["BTC-USDT"].contract == 1


def test_an_inverse_contract_of_okx_is_an_amount_of_usd() -> None:
    """Depth is contracts times 100 USD, without the price."""
    book = {"bids": [["100", "3"]], "asks": [["100.01", "2"]], "ts": "1"}
    body = {"code": "0", "data": [book]}
    assert okx.depth(body, "BTC-USD-SWAP").values["bid_depth_5bps"] == 3
    assert okx.depth(body, "BTC-USDT-SWAP").values["bid_depth_5bps"] == 300


def test_a_coin_that_hyperliquid_delisted_has_no_values() -> None:
    """Its context has a funding rate of 0 and a mark price for ever."""
    context = {"funding": "0.0", "openInterest": "0.0", "markPx": "3", "oraclePx": "3",
               "prevDayPx": "3", "dayNtlVlm": "0"}  # fmt: skip
    coins = [{"name": "MATIC", "isDelisted": True}, {"name": "POL"}]
    body = [{"universe": coins}, [context, context]]
    closed = hyperliquid.contexts(body, "MATIC")
    assert closed.closed == "isDelisted"
    assert all(map(math.isnan, closed.values.values()))
    assert closed.values.keys() == hyperliquid.VENUE.endpoints["contexts"].fields.keys()
    traded = hyperliquid.contexts(body, "POL")
    assert traded.values["mark_price"] == 3
    assert not traded.closed


def test_a_contract_that_kraken_suspended_has_no_values() -> None:
    """Neither its book nor its funding."""
    row = {"symbol": "PF_SOLUSD", "markPrice": 150, "indexPrice": 150, "bid": 149, "ask": 151,
           "bidSize": 1, "askSize": 1, "fundingRate": 0.1, "openInterest": 2}  # fmt: skip
    body = {"result": "success", "ticker": {**row, "suspended": True}}
    closed = kraken_futures.ticker(body, "PF_SOLUSD")
    assert closed.closed == "suspended"
    assert all(map(math.isnan, closed.values.values()))
    body["ticker"] = {**row, "suspended": False}
    assert kraken_futures.ticker(body, "PF_SOLUSD").values["mark_price"] == 150


def test_a_book_that_deribit_closed_has_no_values() -> None:
    """It may be empty, which is no bad body then."""
    result = {"instrument_name": "SOL_USDC-PERPETUAL", "bids": [], "asks": [], "mark_price": 1,
              "stats": {}, "state": "closed"}  # fmt: skip
    closed = deribit.order_book({"result": result}, "SOL_USDC-PERPETUAL")
    assert closed.closed == "state 'closed'"
    assert all(map(math.isnan, closed.values.values()))


def test_a_product_that_coinbase_disabled_has_no_values() -> None:
    """Its last price stays in the answer."""
    body = {**coinbase_of(view_only=True), "price": "150", "volume_24h": "1"}
    assert coinbase.product(body, "SOL-USD").closed == "view_only"
    assert math.isnan(coinbase.product(body, "SOL-USD").values["last_price"])


@pytest.mark.parametrize(
    ("venue", "endpoint", "asset", "symbol"),
    [
        ("binance_usdm", "premium_index", "SOL", "SOLUSDT"),
        ("binance_spot", "depth", "SOL", "SOLUSDT"),
        ("bybit", "ticker", "SOL", "SOLUSDT"),
        ("bybit", "inverse_ticker", "SOL", "SOLUSD"),
        ("okx", "depth", "SOL", "SOL-USDT-SWAP"),
        ("okx", "index_price", "SOL", "SOL-USDT"),
        ("okx", "taker_volume", "SOL", "SOL"),
        ("deribit", "order_book", "BTC", "BTC-PERPETUAL"),
        ("deribit", "order_book", "SOL", "SOL_USDC-PERPETUAL"),
        ("deribit", "volatility_index", "ETH", "ETH"),
        ("hyperliquid", "contexts", "SOL", "SOL"),
        ("coinbase", "ticker", "SOL", "SOL-USD"),
        ("kraken", "ticker", "BTC", "XBTUSD"),
        ("kraken", "ticker", "SOL", "SOLUSD"),
        ("kraken_futures", "ticker", "BTC", "PF_XBTUSD"),
        ("kraken_futures", "ticker", "SOL", "PF_SOLUSD"),
        ("alternative_me", "fear_greed", "SOL", ""),
    ],
)
def test_the_symbol_of_an_asset_is_made_in_the_venues_way(
    venue: str, endpoint: str, asset: str, symbol: str
) -> None:
    """Of any asset; the exceptions are those that the exchanges make."""
    found = VENUES[venue]
    assert found.symbol_of(found.endpoints[endpoint], asset) == symbol


def test_okx_has_definitions_of_swaps_spot_and_futures() -> None:
    """Told by the symbol, since its endpoints take all of them."""
    venue = VENUES["okx"]
    depth = venue.endpoints["depth"]
    assert venue.definitions_of(depth, "BTC-USDT-SWAP") == "swap"
    assert venue.definitions_of(depth, "BTC-USDT") == "spot"
    assert venue.definitions_of(depth, "BTC-USD-260327") == "futures"
    assert venue.definitions_of(depth, "BTC-USD-260327-50000-C") == ""
    assert venue.definitions_of(venue.endpoints["taker_volume"], "BTC") == ""


def test_every_definition_that_an_endpoint_names_exists() -> None:
    """And its fields of contracts are among its fields."""
    for venue in VENUES.values():
        for endpoint in venue.endpoints.values():
            assert set(endpoint.definitions) <= set(venue.definitions)
            assert set(endpoint.contract_fields) <= set(endpoint.fields)
            assert not endpoint.contract_fields or endpoint.definitions


def test_an_instrument_that_is_not_listed_is_not_traded() -> None:
    """In a list of all, or with an empty answer about it; an answer about others is unclear."""
    answer = Answer(b"", 0, 0, 0, 0, 1)
    whole = DefinitionReader("x", VENUES["binance_usdm"].definitions["instruments"])
    assert whole.read(binance_of("TRADING"), answer)
    assert whole.why_unusable("SOLUSDT") == ""
    assert "does not list it" in whole.why_unusable("LUNAUSDT")
    assert "did you mean 'SOLUSDT'" in whole.why_unusable("SOLUSD")
    one = DefinitionReader("x", VENUES["kraken"].definitions["pair"])
    assert one.read(kraken_of("online"), answer)
    assert [one.why_unusable(name) for name in ("XBTUSD", "XXBTZUSD", "BTC-USD")] == ["", "", ""]
    assert one.read({"error": ["EQuery:Unknown asset pair"]}, answer)
    assert "does not list it" in one.why_unusable("XBTUSD")


def test_values_wait_for_the_first_word_about_their_instrument() -> None:
    """Not known yet: unusable. Asked in vain: usable, as the exchange has not closed it."""
    reader = DefinitionReader("okx/swap/X", VENUES["okx"].definitions["swap"])
    told: list[str] = []
    reader.on_change.append(lambda: told.append(reader.why_unusable("SOL-USDT-SWAP")))
    assert "not known yet" in reader.why_unusable("SOL-USDT-SWAP")
    reader.failed("timeout", "no answer")
    reader.failed("timeout", "no answer")
    assert told == [""]
    size, reason = reader.contract("SOL-USDT-SWAP")
    assert math.isnan(size)
    assert "no answer" in reason
