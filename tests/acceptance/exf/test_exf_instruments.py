"""What the operator sees of instruments: one table for several assets; a market that closes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.eventually import eventually
from tests.support.exchange.exf import attached, exf_process, run_exf
from tests.support.exchange.local_exchange import local_exchange
from tests.support.transports.regions import values_now

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.exchange.local_exchange import LocalExchange

TABLES = """
[[source]]
venue = "bybit"
endpoint = "ticker"
assets = ["SOL", "DOGE"]
period_s = 0.5
time_to_live_s = 1.5
[source.factors]
"mark_{asset_lc}_own" = { field = "mark_price", unit = "USDT", range = [1, 1e6], about = "{asset}" }

[[source]]
venue = "okx"
endpoint = "depth"
assets = ["SOL", "DOGE"]
period_s = 0.5
time_to_live_s = 1.5
[source.factors]
"depth_{asset_lc}_own" = { field = "bid_depth_5bps", unit = "USDT", range = [0, 1e12], about = "{asset}" }
"""  # noqa: E501 - one line in TOML
THOUSANDS = """
[[source]]
venue = "bybit"
endpoint = "ticker"
assets = ["PEPE"]
period_s = 0.5
time_to_live_s = 1.5
[source.factors]
"mark_{asset_lc}_own" = { field = "mark_price", unit = "USDT", range = [1, 1e6], about = "{asset}" }
"""  # noqa: E501 - one line in TOML
NAMES = [f"{what}_{asset}_own" for what in ("mark", "depth") for asset in ("sol", "doge")]


@pytest.fixture(scope="module")
def exchange() -> Iterator[LocalExchange]:
    """Give a local exchange to the tests of this module, one after another."""
    with local_exchange() as running:
        yield running


def test_assets_of_ones_own_need_no_code_and_a_closed_market_says_why(
    exchange: LocalExchange, region_path: Path, tmp_path: Path
) -> None:
    """Every factor of every asset has a value; then one venue closes its markets: NaN, a line in
    ``status`` with the exchange's own word, and values again when it opens them.
    """
    own = tmp_path / "own.toml"
    own.write_text(TABLES)
    config = tmp_path / "exf.toml"
    config.write_text(
        f'[exf]\nfactors = ["own.toml"]\nbase_url = "{exchange.url}"\n'
        'venues = ["bybit", "okx"]\ndefinition_period_s = 1\n'
    )
    check = run_exf("check", "--config", config)
    assert check.returncode == 0, check.stderr
    with exf_process(region_path, "--config", config), attached(region_path) as reader:

        def alive(*names: str) -> bool:
            values = values_now(reader)
            return all(values[name] == values[name] for name in names)

        eventually(lambda: alive(*NAMES), "all assets")
        values = values_now(reader)
        assert values["mark_sol_own"] == pytest.approx(60_000 * 1.0003)
        # The same book for both, in contracts of another size each.
        assert values["depth_doge_own"] != pytest.approx(values["depth_sol_own"])
        closed = {"mode": "with", "value": {"status": "Closed"}}
        exchange.control(faults={"/v5/market/instruments-info": closed})
        eventually(lambda: not alive("mark_sol_own"), "the closed market")
        assert alive("depth_sol_own")
        eventually(
            lambda: (
                "UNUSABLE: bybit/linear: SOLUSDT is not traded: status 'Closed'"
                in run_exf("status", "--region", region_path).stdout
            ),
            "the line in status",
        )
        exchange.control(faults={})
        eventually(lambda: alive(*NAMES), "the open market")


@pytest.mark.long
def test_an_asset_under_another_name_is_found_and_status_says_which(
    exchange: LocalExchange, region_path: Path, tmp_path: Path
) -> None:
    """The venue's list decides; while it cannot be had, ``status`` says what is assumed."""
    path = "/v5/market/instruments-info"
    exchange.control(faults={path: {"mode": "status", "value": 503}})
    coin = {"asset": "1000PEPE", "price": 0.01, "tick": "0.000001", "lot": "1"}
    exchange.streams["bybit"].list_asset(**coin)
    own = tmp_path / "own.toml"
    own.write_text(THOUSANDS)
    config = tmp_path / "exf.toml"
    config.write_text(
        f'[exf]\nfactors = ["own.toml"]\nbase_url = "{exchange.url}"\n'
        'venues = ["bybit"]\ndefinition_period_s = 1\n'
    )

    def is_said(text: str) -> bool:
        return text in run_exf("status", "--region", region_path).stdout

    with exf_process(region_path, "--config", config), attached(region_path) as reader:
        eventually(
            lambda: is_said("ASSUMED: bybit/linear: usual symbols, as no definitions can be had"),
            "what is assumed",
        )
        exchange.control(faults={})
        eventually(
            lambda: is_said("bybit/linear: PEPE is 1000PEPEUSDT, 1,000 coins each"), "the symbol"
        )
        eventually(
            lambda: values_now(reader)["mark_pepe_own"] == pytest.approx(60_018 / 1000),
            "the price of one coin",
        )
