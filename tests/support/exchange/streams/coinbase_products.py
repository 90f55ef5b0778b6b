"""What Coinbase lists: its products, spot and perpetual futures, and their states."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.support.exchange.streaming.listings import Listing

FUTURES: Final = {
    "BTC": ("BIP-20DEC30-CDE", "0.01"),
    "ETH": ("ETP-20DEC30-CDE", "0.1"),
    "SOL": ("SLP-20DEC30-CDE", "5"),
    "XRP": ("XPP-20DEC30-CDE", "500"),
}
"""The perpetual future of a coin, and how many coins a contract has."""
DETAILS: Final = {
    "index_price": "",
    "funding_rate": "",
    "funding_time": None,
    "open_interest": "1000",
}
PRODUCTS: Final = "/api/v3/brokerage/market/products"


def status(row: Listing) -> dict[str, Any]:
    """Return a market's entry in the status channel."""
    return {
        "product_type": "SPOT",
        "id": f"{row.asset}-USD",
        "base_currency": row.asset,
        "quote_currency": "USD",
        "base_increment": "0.00000001",
        "quote_increment": row.tick,
        "display_name": f"{row.asset}/USD",
        "status": "online" if row.is_trading else "delisted",
        "status_message": "",
        "min_market_funds": "1",
    }


def _product(row: Listing) -> dict[str, Any]:
    price = row.price_text(row.price)
    names = (
        "market_cap base_cbrn quote_cbrn product_cbrn icon_color icon_url about_description"
        " display_name_overwrite best_bid_price best_ask_price mid_market_price alias"
    )
    return {
        "price": price,
        "price_percentage_change_24h": "-0.28",
        "volume_24h": "1000",
        "volume_percentage_change_24h": "1.5",
        "quote_increment": row.tick,
        "price_increment": row.tick,
        "quote_min_size": "1",
        "quote_max_size": "150000000",
        "quote_name": "US Dollar",
        "quote_currency_id": "USD",
        "quote_display_symbol": "USD",
        "watched": False,
        "is_disabled": not row.is_trading,
        "new": False,
        "cancel_only": False,
        "limit_only": False,
        "post_only": False,
        "trading_disabled": not row.is_trading,
        "auction_mode": False,
        "fcm_trading_session_details": None,
        "alias_to": [],
        "view_only": False,
        "approximate_quote_24h_volume": "1000000",
        "new_at": None,
        "is_alpha_testing": False,
        **dict.fromkeys(names.split(), ""),
    }


def spot(row: Listing) -> dict[str, Any]:
    """Return a spot market."""
    return _product(row) | {
        "product_id": f"{row.asset}-USD",
        "display_name": f"{row.asset}-USD",
        "base_increment": row.lot,
        "base_min_size": row.lot,
        "base_max_size": "3400",
        "base_name": row.asset,
        "base_currency_id": row.asset,
        "base_display_symbol": row.asset,
        "status": "online" if row.is_trading else "delisted",
        "product_type": "SPOT",
        "product_venue": "CBE",
    }


def future(row: Listing, details: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return a perpetual future; ``details`` are its prices and rates of the moment."""
    symbol, contract_size = FUTURES[row.asset]
    code = symbol.partition("-")[0]
    perpetual = {"open_interest": DETAILS["open_interest"], "funding_rate": ""}
    return _product(row) | {
        "product_id": symbol,
        "display_name": f"{row.asset} PERP",
        "base_increment": "1",
        "base_min_size": "1",
        "base_max_size": "5000",
        "base_name": "",
        "base_currency_id": "",
        "base_display_symbol": "",
        "status": "",
        "product_type": "FUTURE",
        "product_venue": "FCM",
        "future_product_details": {
            "venue": "cde",
            "contract_code": code,
            "contract_expiry": "2030-12-20T16:00:00Z",
            "contract_size": contract_size,
            "contract_root_unit": row.asset,
            "group_description": f"{row.asset} Perp Futures",
            "contract_expiry_timezone": "Europe/London",
            "group_short_description": f"{row.asset} Perp",
            "risk_managed_by": "MANAGED_BY_FCM",
            "contract_expiry_type": "EXPIRING",
            "perpetual_details": {
                **perpetual,
                "funding_time": None,
                "max_leverage": "",
                "base_asset_uuid": "",
                "underlying_type": "",
            },
            "contract_display_name": f"{row.asset} PERP",
            "time_to_expiry_ms": "148491060811",
            "non_crypto": False,
            "contract_expiry_name": "2030-12",
            "twenty_four_by_seven": True,
            "funding_interval": "3600s",
            "display_name": f"{row.asset} Perpetual",
            "region_enabled": {},
            "intraday_margin_rate": {"long_margin_rate": "0.1", "short_margin_rate": "0.1"},
            "overnight_margin_rate": {"long_margin_rate": "0.2", "short_margin_rate": "0.3"},
            "settlement_price": "",
            "futures_asset_type": "FUTURES_ASSET_TYPE_CRYPTO",
            "contract_code_display_name": "",
            "product_group_cbrn": "",
            **DETAILS,
            **(details or {}),
        },
    }
