"""``[[computed]]``: what a table makes, beside a polled factor of its name; what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from adapters.exchanges import known_venues
from adapters.exf.registry.registry_file import load
from dolphin_strategies import ConfigError
from live.exf.status.status_report import factors_table
from tests.support.exchange.registries import factor_file, packaged, registry_of

if TYPE_CHECKING:
    from pathlib import Path

    from adapters.exf.registry.factor_registry import FactorDefinition, FactorRegistry

COMPUTED = """
[[computed]]
class = "TouchImbalance"
venue = "bybit"
assets = ["BTC", "SOL"]
name = "touch_{asset_lc}_own"
unit = "-1 to 1"
range = [-1, 1]
time_to_live_s = 2.0
about = "sizes at the touch of {asset}, {symbol}"
"""
FLOW = COMPUTED.replace("TouchImbalance", "TradeFlowImbalance") + "window_s = 60.0\n"
BASIS = COMPUTED.replace("TouchImbalance", "BasisBps").replace(
    'venue = "bybit"', 'venues = ["binance_usdm", "binance_spot"]'
)
INSTRUMENT = COMPUTED.replace('assets = ["BTC", "SOL"]', 'instrument = "XRPUSDT-LINEAR.BYBIT"')
POLLED = """
[[source]]
venue = "bybit"
endpoint = "ticker"
assets = ["BTC", "SOL"]
period_s = 1.0
time_to_live_s = 3.0
[source.factors]
"touch_{asset_lc}_own" = { field = "imbalance_1", unit = "-1 to 1", range = [-1, 1], about = "x" }
"""


def factor(registry: FactorRegistry, name: str) -> FactorDefinition:
    """Return a factor by its name."""
    return next(f for f in registry.factors if f.name == name)


def test_a_table_makes_a_computed_factor_of_each_asset(tmp_path: Path) -> None:
    """With the instrument as NautilusTrader names it at that venue."""
    registry = registry_of(tmp_path, COMPUTED)
    found = factor(registry, "touch_sol_own")
    assert found.computed is not None
    assert found.is_only_computed
    assert found.computed.venues == ("bybit",)
    spec = found.computed.spec
    assert spec.instruments == ("SOLUSDT-LINEAR.BYBIT",)
    assert (spec.class_name, spec.time_to_live_s) == ("TouchImbalance", 2.0)
    assert (spec.low, spec.high, spec.unit) == (-1, 1, "-1 to 1")
    assert spec.about == "sizes at the touch of SOL, SOLUSDT-LINEAR.BYBIT"
    assert "touch_btc_own" in registry.schema


def test_what_a_table_makes_can_be_built(tmp_path: Path) -> None:
    """By its class, with NautilusTrader's instrument ids."""
    made = factor(registry_of(tmp_path, COMPUTED), "touch_btc_own").computed
    assert made is not None
    built = made.spec.build()
    assert str(built.inputs[0].instrument_id) == "BTCUSDT-LINEAR.BYBIT"


def test_parameters_of_the_class_are_keys_of_the_table(tmp_path: Path) -> None:
    """And the class is made with them."""
    made = factor(registry_of(tmp_path, FLOW), "touch_sol_own").computed
    assert made is not None
    assert made.spec.parameters == {"window_s": 60.0}
    assert made.spec.build().inputs[0].kind == "trades"


def test_a_class_of_several_instruments_takes_several_venues(tmp_path: Path) -> None:
    """In its order, each with that venue's instrument of the asset."""
    made = factor(registry_of(tmp_path, BASIS), "touch_sol_own").computed
    assert made is not None
    assert made.spec.instruments == ("SOLUSDT-PERP.BINANCE", "SOLUSDT.BINANCE")
    assert made.venues == ("binance_usdm", "binance_spot")


def test_an_index_is_named_where_there_is_no_instrument(tmp_path: Path) -> None:
    """Deribit's volatility index, which belongs to a venue that the table names."""
    text = COMPUTED.replace("TouchImbalance", "VolatilityIndex").replace(
        'venue = "bybit"', 'venue = "deribit"\ninstrument = "{asset_lc}_usd"'
    )
    made = factor(registry_of(tmp_path, text), "touch_btc_own").computed
    assert made is not None
    assert made.spec.instruments == ("btc_usd",)
    assert made.spec.build().inputs[0].instrument_id == "btc_usd"


def test_a_name_that_is_polled_and_computed_is_one_factor(tmp_path: Path) -> None:
    """It keeps both definitions, in one file and over two."""
    registry = registry_of(tmp_path, COMPUTED + POLLED)
    both = factor(registry, "touch_sol_own")
    assert both.computed is not None
    assert both.source == "bybit/ticker/SOLUSDT"
    assert not both.is_only_computed
    assert registry.schema.names.count("touch_sol_own") == 1
    second = factor_file(tmp_path, COMPUTED.replace("touch_{asset_lc}_own", "imbal_btc").replace(
        '"BTC", "SOL"', '"BTC"').replace("2.0", "9.0"), "second.toml")  # fmt: skip
    onto_packaged = factor(load(known_venues(), [second]), "imbal_btc")
    assert onto_packaged.source == "binance_usdm/book_ticker/BTCUSDT"
    assert onto_packaged.computed is not None
    assert onto_packaged.computed.spec.time_to_live_s == 9.0


def test_a_polled_factor_of_a_later_file_replaces_the_computed_one_too(tmp_path: Path) -> None:
    """It may mean something else; a stream of the old meaning must not win over it."""
    first = factor_file(tmp_path, COMPUTED, "first.toml")
    second = factor_file(tmp_path, POLLED, "second.toml")
    assert factor(load(known_venues(), [first, second]), "touch_btc_own").computed is None


def test_derived_factors_are_made_of_computed_ones(tmp_path: Path) -> None:
    """Like of any other."""
    text = (
        COMPUTED
        + """
[derived.both]
rule = "median"
of = ["touch_btc_own", "touch_sol_own"]
unit = "-1 to 1"
range = [-1, 1]
about = "x"
"""
    )
    registry = registry_of(tmp_path, text)
    assert factor(registry, "both").inputs == ("touch_btc_own", "touch_sol_own")
    polled = registry.without_streams()
    assert "both" not in polled.schema
    assert not polled.computed
    assert polled.schema.names == packaged().schema.names


def test_only_some_venues_keep_their_computed_factors(tmp_path: Path) -> None:
    """And a factor that was polled at another venue is then only computed."""
    text = COMPUTED + POLLED.replace('"bybit"', '"binance_usdm"').replace(
        '"ticker"', '"book_ticker"'
    )
    registry = registry_of(tmp_path, text)
    assert factor(registry.only_venues(["bybit"]), "touch_sol_own").is_only_computed
    polled = factor(registry.only_venues(["binance_usdm"]), "touch_sol_own")
    assert polled.computed is None
    assert polled.source == "binance_usdm/book_ticker/SOLUSDT"


def test_the_table_of_factors_shows_what_is_streamed(tmp_path: Path) -> None:
    """What it is computed from, and what stands in when the stream is silent."""
    rows = {row[0]: row for row in factors_table(registry_of(tmp_path, COMPUTED + POLLED))}
    _, _, _, period, lives, origin, _ = rows["touch_sol_own"]
    assert period == "streamed, else 1 s"
    assert lives == "2 s, else 3 s"
    assert origin == (
        "TouchImbalance of SOLUSDT-LINEAR.BYBIT, else bybit/ticker/SOLUSDT imbalance_1"
    )


WRONG = [
    (COMPUTED.replace("TouchImbalance", "TouchImbalans"), "did you mean 'TouchImbalance'"),
    (COMPUTED.replace('class = "TouchImbalance"\n', ""), "class is missing"),
    (COMPUTED.replace('"bybit"', '"bybitt"'), "did you mean 'bybit'"),
    (COMPUTED.replace('"bybit"', '"alternative_me"'), "no streamed venue"),
    (COMPUTED.replace("venue =", "vennue ="), "did you mean 'venue'"),
    (COMPUTED + "window_s = 60.0\n", "unknown key 'window_s': TouchImbalance takes"),
    (FLOW.replace("window_s", "windows_s"), "unknown key 'windows_s'.*did you mean 'window_s'"),
    (FLOW.replace("60.0", '"60"'), "window_s: expected float, found '60'"),
    (FLOW.replace("60.0", "true"), "window_s: expected float, found True"),
    (FLOW.replace("60.0", "-1.0"), "window_s"),
    (FLOW.replace("window_s = 60.0", "alive = 'quotes'"), "window_s"),
    (BASIS.replace(', "binance_spot"', ""), "expected 2 instruments, found 1"),
    (FLOW.replace("venue =", 'venues = ["okx", "bybit"]\n#'), "expected 1 instrument, found 2"),
    (COMPUTED.replace("{asset_lc}", "{asset_lx}"), "did you mean 'asset_lc'"),
    (COMPUTED.replace("touch_{asset_lc}_own", "touch"), "a name of its own"),
    (COMPUTED.replace("touch_{", "_touch_{"), "name: expected a factor name"),
    (COMPUTED.replace("[-1, 1]", "[1, -1]"), "lower limit first"),
    (COMPUTED.replace("2.0", "0"), "time_to_live_s"),
    (COMPUTED.replace("2.0", "1e300"), "time_to_live_s: expected .* at most a year, found 1e.300"),
    (BASIS.replace('venues = ["binance_usdm", "binance_spot"]', 'venue = "bybit"').replace(
        "assets =", 'instruments = ["XRPUSDT", ".BYBIT"]\nassets ='), "found 'XRPUSDT'"),
    (BASIS.replace("binance_spot", "binance_usdm"), "expected different instruments, found"),
    (COMPUTED.replace('assets = ["BTC", "SOL"]\n', ""), "expected a venue and assets"),
    (INSTRUMENT.replace("XRPUSDT-LINEAR.BYBIT", "XRPUSDT").replace('venue = "bybit"\n', ""),
     "one such as BTCUSDT-LINEAR.BYBIT"),
    (INSTRUMENT.replace("USDT-LINEAR.BYBIT", "BTC.BINANCE").replace('venue = "bybit"\n', ""),
     "a venue too, binance_spot or binance_usdm"),
    (COMPUTED.replace("venue =", 'venues = ["okx", "bybit"]\n#'), "expected 1 instruments"),
    (COMPUTED.replace("venue =", 'venues = ["okx"]\nvenue ='), "one of venue and venues"),
    (COMPUTED + POLLED.replace('unit = "-1 to 1"', 'unit = "ratio"'), "the same unit"),
    (COMPUTED + COMPUTED, "twice"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "reason"), WRONG)
def test_a_wrong_table_is_refused_with_its_reason(tmp_path: Path, text: str, reason: str) -> None:
    """File, table, key, what was expected and found, and the nearest name."""
    path = factor_file(tmp_path, text)
    with pytest.raises(ConfigError, match=reason) as caught:
        load(known_venues(), [path])
    assert str(path) in str(caught.value)


def test_the_packaged_streams_can_all_be_built() -> None:
    """By their classes; names that are polled too are one factor."""
    registry = load(known_venues())
    assert len(registry.computed) >= 200
    for definition in registry.computed:
        assert len(definition.venues) == len(definition.spec.instruments)
        assert definition.spec.build().inputs
    names = {f.name for f in registry.factors if f.computed and not f.is_only_computed}
    assert {"spread", "imbal_btc", "basis", "mid_btc_bybit", "basis_bps_btc_okx", "dvol_eth",
            "imbal_5_btc_binance", "funding_eth_bybit_8h", "mid_btc_perp_median"} <= {
            *names}  # fmt: skip
