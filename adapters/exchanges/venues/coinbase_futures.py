"""Coinbase's perpetual futures, which are streamed and not polled."""

from __future__ import annotations

from typing import Final

from adapters.exchanges.rest_venue import MarketRule, RestVenue, SymbolPattern

VENUE: Final = RestVenue(
    name="coinbase_futures",
    base_url="https://api.coinbase.com",
    weight_per_minute=600,
    documentation="https://docs.cdp.coinbase.com/coinbase-app/advanced-trade-apis/websocket",
    endpoints={},
    instruments=SymbolPattern(
        "{asset}-PERP.COINBASE",
        {
            "BTC": "BIP-20DEC30-CDE.COINBASE",
            "ETH": "ETP-20DEC30-CDE.COINBASE",
            "SOL": "SLP-20DEC30-CDE.COINBASE",
            "XRP": "XPP-20DEC30-CDE.COINBASE",
        },
    ),
    market=MarketRule("perpetual", ("USD", "USDC")),
)
