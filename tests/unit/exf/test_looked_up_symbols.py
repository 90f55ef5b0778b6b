"""What is looked up in definitions, and what becomes of values about many coins at once."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.exchanges import known_venues
from adapters.exchanges.rest_venue import BadBodyError
from adapters.exf.registry.registry_file import load
from tests.support.exchange.registries import factor_file

VENUES = known_venues()
PRICES = {"mid", "microprice", "mark_price", "index_price", "last_price"}
AMOUNTS = {"open_interest_base", "open_interest_contracts", "taker_buy_base", "taker_sell_base"}


def test_the_values_of_a_thousand_coins_become_those_of_one() -> None:
    """Prices and amounts of coins, of every endpoint about an instrument; no other field."""
    for venue in VENUES.values():
        for endpoint in venue.endpoints.values():
            if not any(venue.definitions[name].finds_assets for name in endpoint.definitions):
                continue
            values = endpoint.in_coins(dict.fromkeys(endpoint.fields, 3.0), 1000.0)
            assert {n for n, value in values.items() if value == 0.003} == PRICES & {*values}
            assert {n for n, value in values.items() if value == 3000} == AMOUNTS & {*values}
            assert {n for n, value in values.items() if value == 3} == {*values} - PRICES - AMOUNTS


def test_a_list_that_may_go_on_is_refused() -> None:
    """What is on its next page would count as not listed."""
    rows = [{"symbol": f"C{i}USDT", "status": "Trading"} for i in range(1000)]
    with pytest.raises(BadBodyError, match="less than 1000"):
        VENUES["bybit"].definitions["linear"].parse({"retCode": 0, "result": {"list": rows}})


NOT_LOOKED_UP: list[tuple[str, dict[str, Any]]] = [
    ("binance_usdm", {"symbols": [
        {"symbol": "BTCUSDT_260327", "status": "TRADING", "contractType": "CURRENT_QUARTER",
         "baseAsset": "BTC", "quoteAsset": "USDT"}]}),
    ("kraken_futures", {"result": "success", "instruments": [
        {"symbol": "PI_XBTUSD", "contractSize": 1, "tradeable": True, "base": "BTC",
         "quote": "USD"},
        {"symbol": "FI_XBTUSD_260327", "contractSize": 1, "tradeable": True}]}),
    ("deribit", {"result": [
        {"instrument_name": "BTC-27MAR26", "is_active": True, "settlement_period": "month",
         "base_currency": "BTC", "quote_currency": "USD"}]}),
]  # fmt: skip


@pytest.mark.parametrize(("venue", "body"), NOT_LOOKED_UP, ids=lambda x: x if x is str else "")
def test_contracts_that_expire_or_are_inverse_beside_linear_ones_are_no_main_market(
    venue: str, body: dict[str, Any]
) -> None:
    """They are defined, for who names them by their symbols."""
    (definitions,) = VENUES[venue].definitions.values()
    found = definitions.parse(body)
    assert found
    assert not [i for i in found.values() if i.base]


TABLE = """
[[source]]
venue = "bybit"
endpoint = "ticker"
%s
period_s = 1.0
time_to_live_s = 3.0
[source.factors]
%s = { field = "mark_price", unit = "USDT", range = [0, 1e9], about = "x" }
"""


def test_a_symbol_that_a_file_gives_is_not_looked_up(tmp_path: Any) -> None:
    """Neither alone nor beside assets, nor where another table has the asset."""
    assets = TABLE % ('assets = ["SOL", "XRP"]\nsymbols = { SOL = "SOLPERP" }', '"a_{asset_lc}"')
    doge = TABLE % ('assets = ["DOGE"]', '"b_{asset_lc}"')
    text = assets + doge + TABLE % ('symbol = "DOGEUSDT"', "c")
    registry = load(VENUES, [factor_file(tmp_path, text)])
    found = {s.symbol: s.asset for s in registry.sources if s.venue == "bybit"}
    assert (found["SOLPERP"], found["XRPUSDT"], found["DOGEUSDT"]) == ("", "XRP", "")
    keys = registry.definitions()
    assert {"bybit/linear", "bybit/linear/SOLPERP", "bybit/linear/DOGEUSDT"} <= keys.keys()
