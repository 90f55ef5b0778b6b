"""The service's settings, and the examples that the docs give."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from adapters.command.settings_file import override
from adapters.exchanges import known_venues
from adapters.exf.registry.registry_file import load as load_registry
from dolphin_strategies import ConfigError
from live.exf.exf_settings import ExfSettings, ServiceSettings, hosts_of, load, registry_of
from tests.support.exchange.registries import factor_file
from tests.support.nodes.node_process import ROOT

if TYPE_CHECKING:
    from pathlib import Path


def test_the_example_configuration_is_the_default() -> None:
    """docs/examples/exf.toml has every key with its default."""
    text = (ROOT / "docs" / "examples" / "exf.toml").read_text()
    assert load(ROOT / "docs" / "examples" / "exf.toml") == ExfSettings()
    for name in ExfSettings().exf.__dataclass_fields__:
        assert re.search(rf"^(# )?{name} = ", text, re.MULTILINE), name


def test_the_example_factors_of_the_docs_are_accepted(tmp_path: Path) -> None:
    """The TOML blocks of docs/exf.md, as they are, each in a file of its own."""
    page = (ROOT / "docs" / "exf.md").read_text()
    texts = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    paths = [factor_file(tmp_path, text, f"{i}.toml") for i, text in enumerate(texts)]
    registry = load_registry(known_venues(), paths)
    assert {"mark_sol_bybit", "basis_bps_sol", "depth_xrp_okx_coins", "imbal_sol_bybit"} <= {
        *registry.schema.names
    }
    assert "_index_sol" not in registry.schema


def test_a_base_url_of_ones_own_has_no_rate_limit_but_the_one_given(tmp_path: Path) -> None:
    """The exchange's limit is the exchange's."""
    path = tmp_path / "exf.toml"
    path.write_text(
        '[exf]\nbase_url = "http://127.0.0.1:1"\n'
        '[venues.okx]\nbase_url = "http://127.0.0.1:2"\nweight_per_minute = 5000\n'
    )
    hosts = hosts_of(load(path))
    assert hosts["okx"] == ("http://127.0.0.1:2", 5000)
    assert hosts["bybit"] == ("http://127.0.0.1:1", None)
    venues = known_venues()
    assert hosts_of(ExfSettings()) == {
        name: (venue.base_url, venue.weight_per_minute) for name, venue in venues.items()
    }


def test_a_factor_file_may_be_in_the_home_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``~`` is the home; other paths are relative to the configuration."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    path = tmp_path / "exf.toml"
    path.write_text('[exf]\nfactors = ["~/own.toml", "more.toml"]\n')
    assert load(path).exf.factors == [
        str(tmp_path / "home" / "own.toml"),
        str(tmp_path / "more.toml"),
    ]


def test_options_come_on_top_of_the_file() -> None:
    """None leaves a setting as it is."""
    exf = override(ServiceSettings(), base_url="http://x", region=None, venues=["bybit"])
    settings = ExfSettings(exf=exf)
    assert settings.exf.base_url == "http://x"
    assert settings.exf.region == ExfSettings().exf.region
    assert {s.venue for s in registry_of(settings).sources} == {"bybit"}


def test_market_data_is_recorded_with_streams_only(tmp_path: Path) -> None:
    """A service that only polls receives none."""
    with pytest.raises(ValueError, match=r"record_market: .*streams = true"):
        ServiceSettings(record_market=tmp_path)
    assert ServiceSettings(record_market=tmp_path, streams=True).record_market == tmp_path


@pytest.mark.parametrize(
    "url",
    [
        "127.0.0.1:80",
        "ws://127.0.0.1:80",
        "http://",
        "http://:80",
        "http://127.0.0.1:0",
        "http://127.0.0.1:99999",
        "http://127.0.0.1:x",
        "http://one two",
        "http://127.0.0.1:80/?key=1",
    ],
)
def test_an_address_that_no_request_can_go_to_is_refused(url: str) -> None:
    """At the start, and not by the first request."""
    with pytest.raises(ConfigError, match="base_url: expected an address such as"):
        override(ServiceSettings(), base_url=url)
