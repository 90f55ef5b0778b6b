"""``[[computed]]``: venues and instruments, with and without the service."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from adapters.exchanges import known_venues
from adapters.exf.registry.computed_file import read_specs
from adapters.streams.stream_venues import STREAM_VENUES
from dolphin_strategies import ConfigError
from tests.support.exchange.registries import factor_file, registry_of
from tests.unit.exf.test_computed_tables import BASIS, COMPUTED, INSTRUMENT, POLLED, factor

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("instrument", "venue"),
    [
        ("XRPUSDT-LINEAR.BYBIT", "bybit"),
        ("XRPUSD-INVERSE.BYBIT", "bybit"),
        ("XRPUSDT.BINANCE", "binance_spot"),
        ("XRPUSDT-PERP.BINANCE", "binance_usdm"),
        ("XRP-USD.COINBASE", "coinbase"),
        ("BIP-20DEC30-CDE.COINBASE", "coinbase_futures"),
        ("PF_XBTUSD.KRAKEN", "kraken_futures"),
        ("BTC/USD.KRAKEN", "kraken"),
    ],
)
def test_an_instrument_may_be_given_and_states_its_venue(
    tmp_path: Path, instrument: str, venue: str
) -> None:
    """By its form where two markets of an exchange share the name."""
    made = factor(
        registry_of(
            tmp_path,
            INSTRUMENT.replace('venue = "bybit"\n', "")
            .replace("XRPUSDT-LINEAR.BYBIT", instrument)
            .replace("{asset_lc}_own", "own")
            .replace(" of {asset}", ""),
        ),
        "touch_own",
    ).computed
    assert made is not None
    assert made.venues == (venue,)
    assert made.spec.instruments == (instrument,)


def test_every_streamed_venue_makes_a_factor(tmp_path: Path) -> None:
    """Each that docs/streams.md lists, with its instrument of the asset."""
    for name, venue in STREAM_VENUES.items():
        made = factor(registry_of(tmp_path, COMPUTED.replace("bybit", name)), "touch_sol_own")
        assert made.computed is not None
        assert made.computed.venues == (name,)
        assert made.computed.spec.instruments == (str(venue.instrument_id("SOL")),)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (INSTRUMENT.replace('venue = "bybit"', 'venue = "bibyt"'), "did you mean 'bybit'"),
        (COMPUTED.replace('venue = "bybit"', 'venue = "bibyt"'), "did you mean 'bybit'"),
        (BASIS.replace("binance_spot", "binance_sport"), "did you mean 'binance_spot'"),
        (COMPUTED.replace("venue =", "venu ="), "did you mean 'venue'"),
        (COMPUTED + COMPUTED.replace("[[computed]]", "[[compted]]"), "did you mean 'computed'"),
        (INSTRUMENT.replace("venue =", 'venues = ["okx", "bybit"]\n#'), "as many as instruments"),
    ],
)
def test_a_wrong_table_is_refused_by_who_computes_without_the_service_too(
    tmp_path: Path, text: str, reason: str
) -> None:
    """compute_factors.py, run_backtest.py and run_node.py read the same tables."""
    path = factor_file(tmp_path, text)
    with pytest.raises(ConfigError, match=reason) as caught:
        read_specs(path)
    assert str(path) in str(caught.value)


def test_who_computes_without_the_service_may_take_any_instrument(tmp_path: Path) -> None:
    """Of a venue that nobody streams, as long as the table names none; other factors stay."""
    text = (
        INSTRUMENT.replace("XRPUSDT-LINEAR.BYBIT", "XRP.ELSEWHERE")
        .replace('venue = "bybit"\n', "")
        .replace("{asset_lc}_own", "own")
        .replace(" of {asset}", "")
    )
    (found,) = read_specs(factor_file(tmp_path, text + POLLED))
    assert found.instruments == ("XRP.ELSEWHERE",)


def test_an_instrument_is_named_as_the_venues_streams_name_it() -> None:
    """The pattern of a polled venue is that of its data client."""
    venues = known_venues()
    streamed = {name: venue for name, venue in venues.items() if venue.instruments is not None}
    assert streamed.keys() == STREAM_VENUES.keys()
    for name, venue in streamed.items():
        assert venue.instruments is not None
        for asset in ("BTC", "ETH", "SOL", "DOGE"):
            assert venue.instruments.of(asset) == str(STREAM_VENUES[name].instrument_id(asset))
