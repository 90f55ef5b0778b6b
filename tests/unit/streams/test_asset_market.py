"""An asset's market among the instruments that a venue lists."""

from __future__ import annotations

import math
import time

import pytest
from nautilus_trader.model import (
    AggressorSide,
    CryptoPerpetual,
    Currency,
    CurrencyType,
    InstrumentId,
    MarkPriceUpdate,
    Price,
    Quantity,
    QuoteTick,
    Symbol,
    TradeId,
    TradeTick,
)

from adapters.computing.asset_instruments import AssetInstruments
from dolphin_strategies.asset_market import AssetMarket, Listed, units_of
from dolphin_strategies.computed.factor_set import ComputedFactors
from dolphin_strategies.computed.spec import ComputedSpec

PEPE = AssetMarket("PEPE", "perpetual", ("USDT", "USDC"), "PEPEUSDT-PERP.BINANCE")
USUAL = "PEPEUSDT-PERP.BINANCE"


@pytest.mark.parametrize(
    ("base", "asset", "units"),
    [
        ("PEPE", "PEPE", 1),
        ("1000PEPE", "PEPE", 1000),
        ("1000PEPE", "1000PEPE", 1),
        ("10000SATS", "SATS", 10_000),
        ("1000000MOG", "MOG", 1_000_000),
        ("1MBABYDOGE", "BABYDOGE", 1_000_000),
        ("kPEPE", "PEPE", 1000),
        ("SHIB1000", "SHIB", 1000),
        ("XBT", "BTC", 1),
        ("XDG", "DOGE", 1),
        ("BABYDOGE", "DOGE", 0),
        ("1INCH", "INCH", 0),
        ("10PEPE", "PEPE", 0),
        ("2000PEPE", "PEPE", 0),
        ("KPEPE", "PEPE", 0),
        ("PEPE2", "PEPE", 0),
        ("", "PEPE", 0),
    ],
)
def test_the_units_of_a_base_are_read_from_its_name(base: str, asset: str, units: float) -> None:
    """The forms that exchanges use, and no other name that happens to contain the asset's."""
    assert units_of(base, asset) == units


CASES = [
    ([Listed("PEPEUSDC", "PEPE", "USDC"), Listed("1000PEPEUSDT", "1000PEPE", "USDT")],
     ("1000PEPEUSDT", 1000)),
    ([Listed("1000PEPEUSDT", "1000PEPE", "USDT"), Listed("PEPEUSDT", "PEPE", "USDT")],
     ("PEPEUSDT", 1)),
    ([Listed("PEPEUSDT", "PEPE", "USDT", is_open=False), Listed("PEPEUSDC", "PEPE", "USDC")],
     ("PEPEUSDC", 1)),
    ([Listed("PEPEUSDT", "PEPE", "USDT", is_open=False)], ("PEPEUSDT", 1)),
    ([Listed("PI_PEPE", "PEPE", "USDT", is_inverse=True), Listed("PZ_PEPE", "PEPE", "USDT")],
     ("PZ_PEPE", 1)),
    ([Listed("A", "PEPE", "USDT"), Listed(USUAL, "PEPE", "USDT"), Listed("B", "PEPE", "USDT")],
     (USUAL, 1)),
    ([Listed("PEPEEUR", "PEPE", "EUR"), Listed("DOGEUSDT", "DOGE", "USDT")], None),
    ([], None),
]  # fmt: skip


@pytest.mark.parametrize(("listed", "expected"), CASES)
def test_the_market_is_chosen_in_one_order_whatever_that_of_the_list(
    listed: list[Listed], expected: tuple[str, float] | None
) -> None:
    """Open first, then the preferred currency, then single coins, then linear, then the usual."""
    assert PEPE.among(listed) == expected
    assert PEPE.among(reversed(listed)) == expected


def test_what_is_not_listed_is_told_with_the_nearest() -> None:
    """Among those in the right currencies."""
    listed = [Listed("x", "PEOPLE", "USDT"), Listed("y", "PEPES", "EUR")]
    assert PEPE.why_missing(listed) == (
        "no perpetual of PEPE in USDT or USDC is listed; did you mean 'PEOPLE'?"
    )


def perpetual(text: str, base: str, quote: str = "USDT", multiplier: str = "1") -> CryptoPerpetual:
    """Return a linear perpetual."""
    instrument_id = InstrumentId.from_str(text)
    currencies = [Currency(code, 8, 0, code, CurrencyType.CRYPTO) for code in (base, quote, quote)]
    return CryptoPerpetual(
        instrument_id=instrument_id,
        raw_symbol=Symbol(text.partition(".")[0]),
        base_currency=currencies[0],
        quote_currency=currencies[1],
        settlement_currency=currencies[2],
        is_inverse=False,
        price_precision=6,
        size_precision=0,
        price_increment=Price.from_str("0.000001"),
        size_increment=Quantity.from_str("1"),
        multiplier=Quantity.from_str(multiplier),
        ts_event=0,
        ts_init=0,
    )


def spec(class_name: str, **parameters: float) -> ComputedSpec:
    """Return a factor of PEPE's main market."""
    return ComputedSpec(
        name=class_name.lower(),
        class_name=class_name,
        instruments=(USUAL,),
        parameters=parameters,
        low=-1e12,
        high=1e12,
        time_to_live_s=60.0,
        assets=(PEPE,),
    )


def test_factors_take_the_listed_instrument_and_are_about_single_coins() -> None:
    """Prices by 1000, coins times 1000, shares as they are; other instruments are ignored."""
    factors = ComputedFactors(
        [
            spec("Mid"),
            spec("SpreadBps"),
            spec("TouchImbalance"),
            spec("CumulativeVolumeDelta", events=1),
            spec("MarkIndexBasisBps"),
        ]
    )
    listed = perpetual("1000PEPEUSDT-PERP.BINANCE", "1000PEPE")
    AssetInstruments(factors).find([listed, perpetual("DOGEUSDT-PERP.BINANCE", "DOGE")])
    now = time.time_ns()
    bid, ask = Price.from_str("9.999000"), Price.from_str("10.001000")
    size = Quantity.from_str("3"), Quantity.from_str("1")
    assert factors.update(QuoteTick(listed.id, bid, ask, *size, now, now))
    trade = TradeTick(listed.id, ask, size[0], AggressorSide.BUY, TradeId("1"), now, now)
    assert factors.update(trade)
    assert factors.update(MarkPriceUpdate(listed.id, ask, now, now))
    usual = InstrumentId.from_str(USUAL)
    assert not factors.update(QuoteTick(usual, bid, ask, *size, now, now))
    factors.evaluate(now)
    mid, spread, touch, delta, _ = factors.values
    assert mid == pytest.approx(0.01, rel=1e-12)
    assert spread == pytest.approx(2.0)
    assert touch == 0.5
    assert delta == 3000


def test_other_classes_and_kinds_of_data_are_scaled_too() -> None:
    """Whatever the path of a price into a factor: it is of one coin."""
    factors = ComputedFactors([spec("Mid")])
    listed = perpetual("1000PEPEUSDT-PERP.BINANCE", "1000PEPE", multiplier="0.1")
    AssetInstruments(factors).find([listed])
    (state,) = factors._states.values()
    assert (state.units, state.multiplier) == (1000, 100)
    assert state.definition is not None
    assert state.definition.quote(5, 0.01) == pytest.approx(5 * 0.1 * 10)


def test_an_asset_that_is_not_listed_keeps_the_usual_instrument_and_says_why() -> None:
    """So that its data are taken if they come all the same; one that is listed later is found."""
    factors = ComputedFactors([spec("Mid")])
    assets = AssetInstruments(factors)
    assets.find([perpetual("DOGEUSDT-PERP.BINANCE", "DOGE")])
    assert "no perpetual of PEPE" in assets.problems[USUAL]
    usual = InstrumentId.from_str(USUAL)
    assert factors.actual(usual) == usual
    listed = perpetual("1000PEPEUSDC-PERP.BINANCE", "1000PEPE", "USDC")
    assets.find([listed])
    assert not assets.problems
    assert factors.actual(usual) == listed.id
    # A list of another venue says nothing about this one.
    assets.find([perpetual("PEPEUSDT-LINEAR.BYBIT", "PEPE")])
    assert factors.actual(usual) == listed.id
    assert math.isnan(factors.values[0])


def test_data_without_a_definition_are_those_that_a_spec_names() -> None:
    """A catalog may have the usual instrument's data, and the definition of another one only."""
    factors = ComputedFactors([spec("Mid")])
    AssetInstruments(factors).find([perpetual("PEPEUSDC-PERP.BINANCE", "PEPE", "USDC")], {USUAL})
    usual = InstrumentId.from_str(USUAL)
    assert factors.actual(usual) == usual
