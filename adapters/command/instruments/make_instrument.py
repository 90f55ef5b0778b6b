"""Making a NautilusTrader instrument of its table in TOML."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from nautilus_trader.model import (
    CryptoPerpetual,
    Currency,
    CurrencyPair,
    InstrumentId,
    Price,
    Quantity,
    Symbol,
)

from dolphin_strategies.errors import ConfigError

if TYPE_CHECKING:
    from adapters.command.instruments.instrument_spec import InstrumentSpec

type Instrument = CryptoPerpetual | CurrencyPair


def make_instrument(spec: InstrumentSpec) -> Instrument:
    """Make a Nautilus instrument.

    Raises
    ------
    ConfigError
        If Nautilus does not accept a value.

    """
    try:
        return _made(spec)
    except (ValueError, ArithmeticError) as error:
        msg = f"[[instruments]] {spec.id}: {error}"
        raise ConfigError(msg) from None


def _made(spec: InstrumentSpec) -> Instrument:
    instrument_id = InstrumentId.from_str(spec.id)
    price, size = Price.from_str(spec.price_increment), Quantity.from_str(spec.size_increment)
    if not (price.is_positive() and size.is_positive()):
        msg = "price_increment, size_increment: expected more than 0"
        raise ValueError(msg)
    quote = Currency.from_str(spec.quote)
    common: dict[str, Any] = {
        "instrument_id": instrument_id,
        "raw_symbol": Symbol(str(instrument_id.symbol).removesuffix("-PERP")),
        "base_currency": Currency.from_str(spec.base),
        "quote_currency": quote,
        "price_precision": price.precision,
        "size_precision": size.precision,
        "price_increment": price,
        "size_increment": size,
        "margin_init": Decimal(spec.margin_init),
        "margin_maint": Decimal(spec.margin_maint),
        "ts_event": 0,
        "ts_init": 0,
    }
    if spec.kind == "spot":
        if spec.inverse:
            msg = "inverse: only a perpetual can be"
            raise ValueError(msg)
        return CurrencyPair(**common)
    settled_in = spec.settlement or (spec.base if spec.inverse else spec.quote)
    return CryptoPerpetual(
        settlement_currency=Currency.from_str(settled_in),
        is_inverse=spec.inverse,
        multiplier=Quantity.from_str(spec.multiplier),
        **common,
    )
