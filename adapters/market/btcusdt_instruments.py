"""The instruments that this project's markets quote."""

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

USDT: Final = Currency.from_str("USDT")
BTCUSDT_PERP: Final = InstrumentId.from_str("BTCUSDT-PERP.BINANCE")
BTCUSDT_EXF: Final = InstrumentId.from_str("BTCUSDT.EXF")


def btcusdt_perp() -> CryptoPerpetual:
    """Return Binance's USD-M perpetual BTCUSDT: tick 0.1 USDT, step 0.001 BTC, at most 20x."""
    return _perpetual(BTCUSDT_PERP, 1, 3)


def btcusdt_synthetic(instrument_id: InstrumentId = BTCUSDT_EXF) -> CryptoPerpetual:
    """Return the instrument of synthetic quotes: tick 0.01 USDT, step 1e-8 BTC, at most 20x."""
    return _perpetual(instrument_id, 2, 8)


def _perpetual(
    instrument_id: InstrumentId, price_precision: int, size_precision: int
) -> CryptoPerpetual:
    return CryptoPerpetual(
        instrument_id=instrument_id,
        raw_symbol=Symbol("BTCUSDT"),
        base_currency=Currency.from_str("BTC"),
        quote_currency=USDT,
        settlement_currency=USDT,
        is_inverse=False,
        price_precision=price_precision,
        size_precision=size_precision,
        price_increment=Price(10.0**-price_precision, price_precision),
        size_increment=Quantity(10.0**-size_precision, size_precision),
        margin_init=Decimal("0.05"),
        margin_maint=Decimal("0.025"),
        ts_event=0,
        ts_init=0,
    )
