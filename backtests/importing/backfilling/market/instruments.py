"""Instruments: the definitions of what is traded, given, in the catalog, or made of the data."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from nautilus_trader.model import (
    BarType,
    CryptoPerpetual,
    Currency,
    CurrencyPair,
    CurrencyType,
    InstrumentId,
    Price,
    Quantity,
    Symbol,
)
from nautilus_trader.persistence import ParquetDataCatalog

from adapters.catalog.files import catalog_layout
from adapters.catalog.files.custom_tables import FOLDER
from adapters.command.instruments.instrument_spec import InstrumentSpec
from adapters.command.instruments.make_instrument import make_instrument
from adapters.command.settings_file import from_table, read_tables
from backtests.importing.backfilling.market.decimals import Decimals

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_QUOTES: Final = (
    *("USDT", "USDC", "FDUSD", "BUSD", "TUSD", "USD", "EUR", "TRY", "BRL", "JPY"),
    *("BTC", "ETH", "BNB"),
)
_INVERSE: Final = re.compile(r"([A-Z0-9]+)USD(?:_PERP)?$")
_CURRENCY_DECIMALS: Final = 8


@dataclass(frozen=True, kw_only=True)
class _File:
    """The content of ``--instruments``."""

    instruments: tuple[InstrumentSpec, ...]


class Instruments:
    """The instruments of a run.

    Parameters
    ----------
    catalog : Path
        The catalog; its own definitions hold.
    given : Path, optional
        A TOML file of ``[[instruments]]``, as in an import spec.

    Attributes
    ----------
    derived : dict of str to Any
        The definitions that were made of the data's decimals.
    undefined : list of str
        The instruments for which none could be made.

    Raises
    ------
    ConfigError
        If the file or a definition in it cannot be used.

    """

    def __init__(self, catalog: Path, given: Path | None) -> None:
        self.derived: dict[str, Any] = {}
        self.undefined: list[str] = []
        self._catalog: Final = catalog
        self._known: dict[str, Any] = {}
        self._new: dict[str, Any] = {}
        if (catalog / catalog_layout.DATA).is_dir():
            found = ParquetDataCatalog(str(catalog)).instruments()
            self._known = {str(i.id): i for i in sorted(found, key=lambda i: i.ts_init)}
        if given is not None:
            for spec in from_table(_File, read_tables(given), str(given)).instruments:
                self._new.setdefault(spec.id, make_instrument(spec))

    def define(self, seen: Mapping[str, Decimals]) -> dict[str, Decimals]:
        """Return the decimals of each instrument, and make the definitions that are missing.

        Parameters
        ----------
        seen : mapping of str to Decimals
            Instrument → the decimals of its data.

        """
        decimals = {}
        for name, needed in seen.items():
            known = self._known.get(name) or self._new.get(name)
            if known is not None:
                decimals[name] = Decimals(known.price_precision, known.size_precision)
                continue
            decimals[name] = needed
            made = _made(name, needed)
            if made is None:
                self.undefined.append(name)
            else:
                self.derived[name] = self._new[name] = made
        return decimals

    def write(self, name: str) -> None:
        """Write the definition of an instrument if the catalog lacks it.

        Raises
        ------
        OSError
            If it cannot be written.

        """
        if name not in self._new or name in self._known:
            return
        before = os.umask(0o077)
        try:
            ParquetDataCatalog(str(self._catalog)).write_instruments([self._new[name]])
        finally:
            os.umask(before)
        self._known[name] = self._new[name]


def metadata_of(folder: str, decimals: Decimals) -> dict[str, str]:
    """Return the metadata by which Nautilus decodes the files of a folder.

    Parameters
    ----------
    folder : str
        Relative to ``data``: kind, and instrument or bar type.
    decimals : Decimals
        Of the instrument.

    Returns
    -------
    dict of str to str
        Empty for a custom type, whose encoder makes its own.

    """
    kind, _, name = folder.rpartition("/")
    if kind.startswith(FOLDER):
        return {}
    precisions = {
        "price_precision": str(decimals.price),
        "size_precision": str(decimals.size),
    }
    if kind == "bars":
        return {
            "bar_type": str(BarType.from_str(name)),
            "instrument_id": instrument_of(folder),
            "type_name": "Bar",
            **precisions,
        }
    named = {"trades": "TradeTick", "quotes": "QuoteTick", "funding_rates": "FundingRateUpdate"}
    metadata = {"instrument_id": name, "type_name": named.get(kind, kind.rpartition("/")[2])}
    return metadata | (precisions if kind in {"trades", "quotes"} else {})


def instrument_of(folder: str) -> str:
    """Return the instrument of a folder relative to ``data``."""
    kind, _, name = folder.rpartition("/")
    return str(BarType.from_str(name).instrument_id) if kind == "bars" else name


def _made(name: str, decimals: Decimals) -> Any:
    """Return a definition made of an id and of decimals.

    None if the id does not state the currencies, or what a contract is worth: OKX's sizes of
    swaps are contracts of an amount that only its definition has.
    """
    instrument_id = InstrumentId.from_str(name)
    symbol = str(instrument_id.symbol).removesuffix("-SPOT")
    if symbol.endswith("-SWAP"):
        return None
    is_perpetual = symbol.endswith(("-PERP", "_PERP", "-LINEAR", "-INVERSE"))
    raw = symbol.removesuffix("-PERP").removesuffix("-LINEAR").removesuffix("-INVERSE")
    found = _INVERSE.fullmatch(raw) if is_perpetual else None
    is_inverse = found is not None
    pair = (found[1], "USD") if found is not None else _pair(raw)
    if pair is None:
        return None
    base, quote = _currency(pair[0]), _currency(pair[1])
    common: dict[str, Any] = {
        "instrument_id": instrument_id,
        "raw_symbol": Symbol(raw),
        "base_currency": base,
        "quote_currency": quote,
        "price_precision": decimals.price,
        "size_precision": decimals.size,
        "price_increment": Price.from_str(_increment(decimals.price)),
        "size_increment": Quantity.from_str(_increment(decimals.size)),
        "margin_init": Decimal(0),
        "margin_maint": Decimal(0),
        "ts_event": 0,
        "ts_init": 0,
    }
    if not is_perpetual:
        return None if "_" in raw else CurrencyPair(**common)
    if is_inverse and symbol.endswith("_PERP"):
        # A contract of COIN-M futures is 100 USD of BTC, 10 USD of every other coin.
        common["multiplier"] = Quantity.from_int(100 if pair[0] == "BTC" else 10)
    settlement = base if is_inverse else quote
    return CryptoPerpetual(settlement_currency=settlement, is_inverse=is_inverse, **common)


def _pair(symbol: str) -> tuple[str, str] | None:
    if "-" in symbol:
        base, _, quote = symbol.partition("-")
        return (base, quote) if base and quote else None
    quote = next((q for q in _QUOTES if symbol.endswith(q) and symbol != q), "")
    return (symbol.removesuffix(quote), quote) if quote else None


def _currency(code: str) -> Any:
    try:
        return Currency.from_str(code)
    except ValueError:
        return Currency(code, _CURRENCY_DECIMALS, 0, code, CurrencyType.CRYPTO)


def _increment(decimals: int) -> str:
    return f"{Decimal(1).scaleb(-decimals):.{decimals}f}"
