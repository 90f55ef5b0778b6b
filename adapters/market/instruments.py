"""The instrument that the simulated and the replayed market trade."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from nautilus_trader.model import (
    CryptoPerpetual,
    Currency,
    InstrumentId,
    Price,
    Quantity,
    Symbol,
)

BTCUSDT_PERP: Final = InstrumentId.from_str("BTCUSDT-PERP.BINANCE")


def btcusdt_perp() -> CryptoPerpetual:
    """Return Binance's USD-M perpetual BTCUSDT: tick 0.1 USDT, step 0.001 BTC, at most 20x."""
    usdt = Currency.from_str("USDT")
    return CryptoPerpetual(
        instrument_id=BTCUSDT_PERP,
        raw_symbol=Symbol("BTCUSDT"),
        base_currency=Currency.from_str("BTC"),
        quote_currency=usdt,
        settlement_currency=usdt,
        is_inverse=False,
        price_precision=1,
        size_precision=3,
        price_increment=Price.from_str("0.1"),
        size_increment=Quantity.from_str("0.001"),
        margin_init=Decimal("0.05"),
        margin_maint=Decimal("0.025"),
        ts_event=0,
        ts_init=0,
    )
