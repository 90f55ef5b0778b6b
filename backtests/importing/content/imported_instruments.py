"""The instruments of an import, and the names of their bars."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from nautilus_trader.model import (
    BarType,
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
    from backtests.importing.spec.instrument_spec import InstrumentSpec
    from backtests.importing.spec.market_file_specs import BarsFileSpec

type Instrument = CryptoPerpetual | CurrencyPair

_BAR_UNITS: Final = (
    ("WEEK", 604_800),
    ("DAY", 86_400),
    ("HOUR", 3_600),
    ("MINUTE", 60),
    ("SECOND", 1),
)


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


def bar_type_of(spec: BarsFileSpec, instrument: Instrument) -> str:
    """Return Nautilus's name of the bars.

    Raises
    ------
    ConfigError
        If Nautilus has no bars of this length.

    """
    seconds, rest_ns = divmod(spec.covers.ns, 1_000_000_000)
    unit, size = next((u, s) for u, s in _BAR_UNITS if seconds % s == 0)
    if not seconds or rest_ns:
        msg = f"[[bars]] {spec.path}: covers: expected whole seconds, found {spec.covers}"
        raise ConfigError(msg)
    name = f"{instrument.id}-{seconds // size}-{unit}-LAST-EXTERNAL"
    try:
        return str(BarType.from_str(name))
    except ValueError as error:
        msg = f"[[bars]] {spec.path}: covers {spec.covers}: {error}"
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
        return CurrencyPair(**common)
    settlement = Currency.from_str(spec.settlement) if spec.settlement else quote
    return CryptoPerpetual(settlement_currency=settlement, is_inverse=False, **common)
