"""What an instrument says about money and about its calendar."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from nautilus_trader.model import (
    Currency,
    CurrencyPair,
    Equity,
    InstrumentId,
    Price,
    Quantity,
    Symbol,
)

from backtests.run.results.accounting.contract import contract_of, never_closes
from tests.support.catalogs.backtests.traded_markets import inverse, linear, spot


def pair(base: str, quote: str) -> CurrencyPair:
    """Make a currency pair."""
    return CurrencyPair(
        instrument_id=InstrumentId.from_str(f"{base}/{quote}.SIM"),
        raw_symbol=Symbol(f"{base}/{quote}"),
        base_currency=Currency.from_str(base),
        quote_currency=Currency.from_str(quote),
        price_precision=5,
        size_precision=0,
        price_increment=Price.from_str("0.00001"),
        size_increment=Quantity.from_str("1"),
        ts_event=0,
        ts_init=0,
    )


def equity() -> Equity:
    """Make a share."""
    return Equity(
        instrument_id=InstrumentId.from_str("ACME.XNAS"),
        raw_symbol=Symbol("ACME"),
        currency=Currency.from_str("USD"),
        price_precision=2,
        price_increment=Price.from_str("0.01"),
        ts_event=0,
        ts_init=0,
    )


@pytest.mark.parametrize(
    ("instrument", "expected"),
    [
        (linear(), True),
        (inverse(), True),
        (spot(), True),
        (pair("BTC", "USD"), True),
        (pair("EUR", "USD"), False),
        (equity(), False),
    ],
    ids=str,
)
def test_what_is_traded_on_all_days_of_a_year(instrument: Any, *, expected: bool) -> None:
    """Crypto assets are, national currencies and shares are not."""
    assert never_closes(instrument) is expected


@pytest.mark.parametrize(
    ("instrument", "currency", "value", "notional"),
    [
        (linear(), "USDT", 50_000.0, 50_000.0),
        (inverse(), "BTC", -0.00002, 0.00002),
        (spot(), "USDT", 50_000.0, 50_000.0),
        (equity(), "USD", 50_000.0, 50_000.0),
    ],
    ids=["linear", "inverse", "spot", "equity"],
)
def test_what_a_contract_is_worth(
    instrument: Any, currency: str, value: float, notional: float
) -> None:
    """In the currency in which it is settled; an inverse one by its reciprocal price."""
    contract = contract_of(instrument)
    assert contract.currency == currency
    assert contract.value(np.array([50_000.0])).tolist() == [pytest.approx(value)]
    assert contract.notional(np.array([50_000.0])).tolist() == [pytest.approx(notional)]
