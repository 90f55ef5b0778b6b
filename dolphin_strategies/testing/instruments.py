"""Instruments to test with."""

from __future__ import annotations

from decimal import Decimal

from nautilus_trader.model import (
    CryptoPerpetual,
    Currency,
    InstrumentId,
    Price,
    Quantity,
)

from dolphin_strategies import ConfigError


def perpetual(
    instrument_id: str = "BTCUSDT-PERP.BINANCE",
    *,
    price_increment: str = "0.1",
    size_increment: str = "0.001",
    base: str = "BTC",
    quote: str = "USDT",
) -> CryptoPerpetual:
    """Return a linear perpetual that is settled in its quote currency, at most 20x.

    Parameters
    ----------
    instrument_id : str
        Symbol and venue.
    price_increment, size_increment : str
        Tick and step, in quote and base currency; their digits are the precisions.
    base, quote : str
        Codes of the currencies.

    Raises
    ------
    ConfigError
        If a text is not what it should be.

    """
    try:
        found = InstrumentId.from_str(instrument_id)
        price, size = Price.from_str(price_increment), Quantity.from_str(size_increment)
        currency = Currency.from_str(quote)
        return CryptoPerpetual(
            instrument_id=found,
            raw_symbol=found.symbol,
            base_currency=Currency.from_str(base),
            quote_currency=currency,
            settlement_currency=currency,
            is_inverse=False,
            price_precision=price.precision,
            size_precision=size.precision,
            price_increment=price,
            size_increment=size,
            margin_init=Decimal("0.05"),
            margin_maint=Decimal("0.025"),
            ts_event=0,
            ts_init=0,
        )
    except ValueError as error:
        msg = f"perpetual {instrument_id!r}: {error}"
        raise ConfigError(msg) from None
