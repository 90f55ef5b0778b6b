"""One table for a list of assets: symbols, names, texts, ranges, and what is refused."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from adapters.exchanges import known_venues
from adapters.exf.registry.registry_file import load
from dolphin_strategies import ConfigError
from tests.support.exchange.registries import factor_file, packaged, registry_of

if TYPE_CHECKING:
    from pathlib import Path

PACKAGED_FACTORS = 173
PACKAGED_DIGEST = "01e4d74efd850629705bda940b87f9cb83525d382d869e9149a79984f90aacb6"
SOURCE = """
[[source]]
venue = "okx"
endpoint = "depth"
assets = ["SOL", "DOGE", "XRP"]
period_s = 1.0
time_to_live_s = 3.0
[source.factors]
"""
FACTOR = (
    '"depth_{asset_lc}_own" = { field = "bid_depth_5bps", unit = "USDT", range = [0, 1e9], '
    'about = "bids in {asset}, {symbol}" }\n'
)
PRICE = (
    '"mid_{asset_lc}_own" = { field = "mid", unit = "USDT", about = "x", '
    "range = { SOL = [1, 1000], DOGE = [0.001, 10], XRP = [0.01, 100] } }\n"
)


def test_the_packaged_names_units_and_ranges_are_what_they_were() -> None:
    """A strategy that requires a factor finds it after an update, with the same meaning."""
    factors = [f for f in packaged().factors if f.source or f.rule]
    rows = sorted(f"{f.name} {f.unit} {f.low:g} {f.high:g}" for f in factors)
    assert len(rows) == PACKAGED_FACTORS
    assert hashlib.sha256("\n".join(rows).encode()).hexdigest() == PACKAGED_DIGEST


def test_one_table_makes_the_sources_and_factors_of_all_its_assets(tmp_path: Path) -> None:
    """Each with the venue's symbol, its own name, and its own range."""
    registry = registry_of(tmp_path, SOURCE + FACTOR + PRICE)
    found = {f.name: f for f in registry.factors if f.name.endswith("_own")}
    assert {*found} == {
        f"{what}_{asset}_own" for what in ("depth", "mid") for asset in ("sol", "doge", "xrp")
    }
    assert found["depth_sol_own"].about == "bids in SOL, SOL-USDT-SWAP"
    assert found["depth_doge_own"].source == "okx/depth/DOGE-USDT-SWAP"
    assert (found["mid_sol_own"].low, found["mid_sol_own"].high) == (1, 1000)
    assert (found["mid_doge_own"].low, found["mid_doge_own"].high) == (0.001, 10)
    keys = {s.key for s in registry.sources}
    assert {f"okx/depth/{asset}-USDT-SWAP" for asset in ("SOL", "DOGE", "XRP")} <= keys


def test_a_symbol_that_the_venue_makes_otherwise_is_given(tmp_path: Path) -> None:
    """Of that asset alone."""
    table = SOURCE.replace("period_s", 'symbols = { SOL = "SOL-USDC-SWAP" }\nperiod_s')
    registry = registry_of(tmp_path, table + FACTOR)
    keys = {s.key for s in registry.sources}
    assert {"okx/depth/SOL-USDC-SWAP", "okx/depth/XRP-USDT-SWAP"} <= keys
    assert "okx/depth/SOL-USDT-SWAP" not in keys


def test_a_factor_may_be_of_some_of_the_assets(tmp_path: Path) -> None:
    """And need no placeholder if it is of one."""
    text = (
        SOURCE
        + FACTOR
        + FACTOR.replace("depth_{asset_lc}_own", "doge").replace(
            "{ field", '{ assets = ["DOGE"], field'
        )
    )
    registry = registry_of(tmp_path, text)
    found = {f.name: f.source for f in registry.factors}
    assert found["doge"] == found["depth_doge_own"] == "okx/depth/DOGE-USDT-SWAP"


def test_derived_factors_take_assets_too(tmp_path: Path) -> None:
    """Their inputs are those of the same asset."""
    text = (
        SOURCE
        + FACTOR
        + PRICE
        + """
[derived."coins_{asset_lc}"]
assets = ["SOL", "XRP"]
rule = "ratio"
of = ["depth_{asset_lc}_own", "mid_{asset_lc}_own"]
unit = "{asset}"
range = [0, 1e9]
about = "depth of {asset} in coins"
"""
    )
    found = {f.name: f for f in registry_of(tmp_path, text).factors}
    assert found["coins_xrp"].inputs == ("depth_xrp_own", "mid_xrp_own")
    assert found["coins_xrp"].unit == "XRP"
    assert "coins_doge" not in found


def test_assets_at_a_venue_of_one_answer_cost_one_request() -> None:
    """Twenty coins of Hyperliquid keep its rate limit, since one answer is about all."""
    registry = packaged()
    groups = [g for g in registry.requests() if g[0].venue == "hyperliquid"]
    assert sorted(len(g) for g in groups) == [1, 2]


def test_many_assets_keep_the_rate_limit(tmp_path: Path) -> None:
    """Of Hyperliquid's contexts, whose weight is 20 of 1200 a minute."""
    assets = ", ".join(f'"COIN{i}"' for i in range(50))
    text = SOURCE.replace('"SOL", "DOGE", "XRP"', assets).replace("okx", "hyperliquid").replace(
        '"depth"', '"contexts"'
    ).replace("1.0", "2.5") + FACTOR.replace("bid_depth_5bps", "mark_price")
    registry = registry_of(tmp_path, text)
    assert len([s for s in registry.sources if s.venue == "hyperliquid"]) >= 50
    planned = registry.weight_per_minute("hyperliquid", 60.0)
    assert planned <= 0.8 * known_venues()["hyperliquid"].weight_per_minute


WRONG = [
    (SOURCE.replace("assets", 'symbol = "X"\nassets') + FACTOR, "one of symbol and assets"),
    (SOURCE.replace('["SOL", "DOGE", "XRP"]', '["SOL", "SOL"]') + FACTOR, "each once"),
    (SOURCE.replace('"SOL"', '"SOL USD"') + FACTOR, "assets such as BTC"),
    (SOURCE + FACTOR.replace("{asset_lc}", "{aset_lc}"), "did you mean 'asset_lc'"),
    (SOURCE + FACTOR.replace("depth_{asset_lc}_own", "depth"), "a name of its own"),
    (SOURCE + FACTOR.replace("{asset_lc}", "{symbol}*"), "a factor name"),
    (SOURCE + PRICE.replace("SOL =", "SOLL ="), "limits of SOL too"),
    (SOURCE + PRICE.replace("[1, 1000]", "[1000, 1]"), "lower limit first"),
    (SOURCE + FACTOR.replace("{ field", '{ assets = ["SOLL"], field'), "did you mean 'SOL'"),
    (SOURCE.replace("period_s", 'symbols = { SOLL = "X" }\nperiod_s') + FACTOR,
     "did you mean 'SOL'"),
    (SOURCE.replace('assets = ["SOL", "DOGE", "XRP"]', 'symbol = "X"') + FACTOR,
     "none without assets|found {asset_lc}"),
    (SOURCE.replace("okx", "alternative_me").replace("depth", "fear_greed") + FACTOR,
     "takes no symbol"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "reason"), WRONG)
def test_a_wrong_table_of_assets_is_refused_with_its_reason(
    tmp_path: Path, text: str, reason: str
) -> None:
    """File, table, what was expected and found, and the nearest name."""
    path = factor_file(tmp_path, text)
    with pytest.raises(ConfigError, match=reason) as caught:
        load(known_venues(), [path])
    assert str(path) in str(caught.value)
