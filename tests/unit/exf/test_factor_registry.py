"""The registry: what is packaged, what a user adds, and what is refused."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from adapters.exchanges import known_venues
from adapters.exf.registry.derived_factors import RULES
from adapters.exf.registry.registry_file import load
from dolphin_strategies import ConfigError
from tests.support.exchange.registries import factor_file, packaged, registry_of

if TYPE_CHECKING:
    from pathlib import Path

SOURCE = """
[[source]]
venue = "bybit"
endpoint = "ticker"
symbol = "SOLUSDT"
period_s = 1.0
time_to_live_s = 3.0
[source.factors]
"""
FACTOR = 'mark_sol = { field = "mark_price", unit = "USDT", range = [1, 9], about = "x" }\n'


def test_the_packaged_factors_are_those_that_were_asked_for() -> None:
    """At least 60, the roadmap's own among them, from every polled venue, each documented."""
    registry = packaged()
    names = registry.schema.names
    assert len(names) >= 60
    assert {"basis", "spread", "imbal_btc", "funding_btc_binance_8h", "dvol_btc", "dvol_eth",
            "funding_interval_btc_binance_h", "fear_greed", "btc_dominance_pct",
            "put_call_open_interest_btc", "coinbase_premium_bps", "long_short_btc_binance",
            "long_short_top_accounts_btc_binance", "long_short_top_positions_btc_binance",
            "taker_buy_sell_btc_binance", "funding_btc_median_8h", "funding_btc_dispersion_8h",
            "funding_btc_venues", "basis_bps_btc_binance", "bid_depth_10bps_btc_binance_usd",
            "imbal_20_btc_binance", "microprice_offset_bps_btc_binance",
            "change_24h_btc_binance_pct", "turnover_24h_btc_binance_usd"} <= {
            *names}  # fmt: skip
    polled = {name for name, venue in known_venues().items() if venue.endpoints} - {"clock"}
    assert len(polled) >= 10
    assert {source.venue for source in registry.sources} == polled
    assert all(factor.unit and factor.about for factor in registry.factors)


def test_the_packaged_polls_keep_every_rate_limit() -> None:
    """80 % of what each exchange allows one address."""
    registry = packaged()
    for name, venue in known_venues().items():
        planned = registry.weight_per_minute(name, 60.0)
        assert planned <= 0.8 * venue.weight_per_minute, name
        assert (planned > 0) == (bool(venue.endpoints) and name != "clock"), name


def test_a_fast_source_lives_for_three_polls() -> None:
    """What is polled each 0.5 s is too old after 1.5 s, unless its exchange stamps it late."""
    registry = packaged()
    for source in registry.sources:
        for factor in registry.factors_of(source):
            assert factor.time_to_live_s >= 2 * source.period_s, factor.name


def test_a_factor_of_a_known_endpoint_needs_no_code(tmp_path: Path) -> None:
    """A file of one's own adds a symbol; what is packaged stays."""
    registry = registry_of(tmp_path, SOURCE + FACTOR).without_streams()
    assert "mark_sol" in registry.schema
    assert len(registry.schema) == len(packaged().schema) + 1
    assert any(s.key == "bybit/ticker/SOLUSDT" for s in registry.sources)


def test_a_later_file_replaces_a_factor(tmp_path: Path) -> None:
    """The same name once more, with another range; the order of the names stays."""
    text = SOURCE.replace("SOLUSDT", "BTCUSDT").replace("1.0", "0.2") + FACTOR.replace(
        "mark_sol", "mark_btc_bybit"
    )
    registry = registry_of(tmp_path, text).without_streams()
    found = next(f for f in registry.factors if f.name == "mark_btc_bybit")
    assert (found.low, found.high, found.time_to_live_s) == (1, 9, 3.0)
    assert registry.schema.names == packaged().schema.names
    assert next(s for s in registry.sources if s.key == found.source).period_s == 0.2


def test_derived_factors_come_after_what_they_are_made_of(tmp_path: Path) -> None:
    """Whatever their order in the files."""
    text = """
[derived]
b = { rule = "difference", of = ["a", "basis"], unit = "", range = [-9, 9], about = "" }
a = { rule = "median", of = ["basis", "spread"], unit = "bps", range = [-9, 9], about = "x" }
"""
    names = [f.name for f in registry_of(tmp_path, text).factors]
    assert names.index("basis") < names.index("a") < names.index("b")


WRONG = [
    ("x = 1", "unknown key 'x'"),
    ("[[source]]\nvenue = 'bybit'", "endpoint is missing"),
    (SOURCE.replace('"bybit"', '"bybitt"'), "did you mean 'bybit'"),
    (SOURCE.replace('"ticker"', '"tickr"'), "did you mean 'ticker'"),
    (SOURCE.replace('symbol = "SOLUSDT"\n', ""), "needs a symbol"),
    (SOURCE.replace("1.0", "0.01"), "period_s"),
    (SOURCE.replace("3.0", "-3"), "time_to_live_s"),
    (SOURCE.replace("3.0", "nan"), "time_to_live_s"),
    (SOURCE.replace("1.0", "'1'"), "period_s: expected float, found '1'"),
    (SOURCE + FACTOR.replace("mark_price", "mark_prise"), "did you mean 'mark_price'"),
    (SOURCE + FACTOR.replace("[1, 9]", "[9, 1]"), "lower limit first"),
    (SOURCE + FACTOR.replace("[1, 9]", "[1]"), "two numbers"),
    (SOURCE + FACTOR.replace("[1, 9]", "[1, inf]"), "two numbers"),
    (SOURCE + FACTOR.replace("unit", "units"), "did you mean 'unit'"),
    (SOURCE + FACTOR.replace("mark_sol", '"mark*sol"'), "a name has"),
    (SOURCE + FACTOR + SOURCE.replace("SOL", "ADA") + FACTOR, "twice"),
    ('[derived]\na = { rule = "mean", of = ["basis"], unit = "", range = [0, 1], about = "" }',
     "no rule 'mean'"),
    ('[derived]\na = { rule = "ratio", of = ["basis"], unit = "", range = [0, 1], about = "" }',
     "takes 2"),
    ('[derived]\na = { rule = "sum", of = ["bassis"], unit = "", range = [0, 1], about = "" }',
     "did you mean 'basis'"),
    ('[derived]\na = { rule = "sum", of = ["a"], unit = "", range = [0, 1], about = "" }',
     "circle"),
    ("[[source]", "not TOML"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "reason"), WRONG)
def test_a_wrong_factor_file_is_refused_with_its_reason(
    tmp_path: Path, text: str, reason: str
) -> None:
    """What was expected and found, and the nearest name."""
    path = factor_file(tmp_path, text)
    with pytest.raises(ConfigError, match=reason.replace("[", r"\[")) as caught:
        load(known_venues(), [path])
    if "circle" not in reason and "bassis" not in text:
        assert str(path) in str(caught.value)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """With its path."""
    with pytest.raises(ConfigError, match="nowhere"):
        load(known_venues(), [tmp_path / "nowhere.toml"])


def test_some_venues_alone_give_what_they_can() -> None:
    """Consensus goes on over those that are left; what needs two venues goes with one of them."""
    registry = packaged().only_venues(["binance_usdm", "bybit"])
    names = registry.schema.names
    assert {s.venue for s in registry.sources} == {"binance_usdm", "bybit"}
    assert "funding_btc_median_8h" in names
    assert "basis" not in names
    median = next(f for f in registry.factors if f.name == "funding_btc_median_8h")
    assert median.inputs == ("funding_btc_binance_8h", "funding_btc_bybit_8h")
    with pytest.raises(ConfigError, match="did you mean 'bybit'"):
        packaged().only_venues(["bibyt"])


def test_the_rules_treat_missing_inputs_as_they_say() -> None:
    """Consensus takes those that have a value; arithmetic needs both."""
    nan = math.nan

    def apply(rule: str, *values: float) -> float:
        return RULES[rule][0](values)

    assert apply("median", 1.0, nan, 3.0, 10.0) == 3.0
    assert apply("dispersion", 1.0, nan, 3.5) == 2.5
    assert apply("sum", 1.0, nan, 3.0) == 4.0
    assert apply("count", 1.0, nan, 3.0) == 2.0
    assert math.isnan(apply("count", nan, nan))
    assert apply("bps_over", 101.0, 100.0) == pytest.approx(100.0)
    assert apply("per_8h", 0.0001, 4.0) == pytest.approx(0.0002)
    assert apply("product", 2.0, 3.0) == 6.0
    assert apply("difference", 2.0, 3.0) == -1.0
    assert apply("ratio", 3.0, 2.0) == 1.5
    for rule in ("median", "sum"):
        assert math.isnan(apply(rule, nan)), rule
    for rule in ("dispersion", "product", "difference", "bps_over", "per_8h"):
        assert math.isnan(apply(rule, 1.0, nan)), rule
    assert math.isnan(apply("ratio", 1.0, 0.0))


def test_one_period_for_all_changes_nothing_else() -> None:
    """For tests and measurements."""
    registry = packaged().with_period(0.5)
    assert {s.period_s for s in registry.sources} == {0.5}
    assert [replace(s, period_s=1) for s in registry.sources] == [
        replace(s, period_s=1) for s in packaged().sources
    ]
