"""The checks of a run's settings that go beyond one field."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from adapters.aeron_stream.channel import SCHEME as AERON
from adapters.aeron_stream.channel import check_channel
from adapters.hazelcast_map.settings import HazelcastSettings, credentials
from adapters.session import session_files
from dolphin_strategies.errors import ConfigError
from live.node.settings.computed_settings import computed_factors
from live.node.settings.node_settings import LIVE_VENUES, VENUE
from live.node.settings.tail_option import check_recorded, read_tail

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from live.node.settings.node_settings import NodeSettings, NodeTable

KEY_VARIABLES: Final = ("BINANCE_API_KEY", "BINANCE_API_SECRET")
LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")
TICK_FILES: Final = (
    "usdm_bookticker.parquet",
    "usdm_trades.parquet",
    "spot_bookticker.parquet",
    "spot_trades.parquet",
)


def check_settings(settings: NodeSettings, *, live_orders: bool) -> None:
    """Refuse contradictory settings, and real orders that were not requested twice.

    Raises
    ------
    ConfigError
        With what was expected and found.

    """
    node = settings.node
    if node.venue == "replay":
        check_tick_files(settings.replay.folder)
        if node.producer == "outside":
            msg = "producer: a replay brings its own factors; expected 'own', found 'outside'"
            raise ConfigError(msg)
    if node.base_url:
        check_base_url(node)
    if node.source:
        check_source(node)
    if node.compute is not None:
        check_compute(node)
    elif node.compute_venues is not None:
        msg = "compute_venues: expected compute too, whose factors need these venues"
        raise ConfigError(msg)
    if node.tail:
        check_tail(node)
    synthetic = settings.synthetic_quotes.instrument
    if str(synthetic.venue) == VENUE:
        msg = f"synthetic_quotes instrument: expected a venue of its own, found {synthetic}"
        raise ConfigError(msg)
    if node.catalog is not None:
        from adapters.catalog.reading.factor_catalog import FactorCatalog  # noqa: PLC0415 - slow to load

        FactorCatalog(node.catalog)
    if node.record is not None:
        session_files.check_new(node.record)
    if node.orders == "live" and node.venue not in LIVE_VENUES:
        msg = (
            f"orders: real orders need a live venue ({', '.join(LIVE_VENUES)}), "
            f"found venue {node.venue!r}"
        )
        raise ConfigError(msg)
    if node.orders == "live" and not live_orders:
        msg = "the configuration asks for real orders; add --live-orders if you mean it"
        raise ConfigError(msg)
    if live_orders and node.orders != "live":
        msg = (
            "--live-orders alone sends nothing: the configuration must name a live venue too "
            '([node] venue = "binance", orders = "live")'
        )
        raise ConfigError(msg)
    limits = settings.risk.limits()
    if node.orders == "live":
        binance_keys(os.environ)
        if not limits.instruments:
            msg = (
                "[risk] instruments: real orders need the instruments whose orders and positions "
                'at the account are this node\'s, such as ["BTCUSDT-PERP.BINANCE"]; found none'
            )
            raise ConfigError(msg)


def check_source(node: NodeTable) -> None:
    """Refuse a source that is unusable, or unusable with these settings.

    Raises
    ------
    ConfigError
        With what was expected and found.

    """
    is_aeron = node.source.startswith(f"{AERON}:")
    if is_aeron:
        check_channel(node.source)
    else:
        HazelcastSettings.from_url(node.source)
        credentials()
    if node.venue == "replay":
        msg = "source: a replay has factors of its own; choose another venue, or no source"
        raise ConfigError(msg)
    if is_aeron:
        return
    if node.wait == "spin":
        msg = (
            "wait: 'spin' watches shared memory, and Hazelcast's client needs the interpreter "
            "meanwhile; use wait 'event', or live/bridge_hazelcast.py and its region"
        )
        raise ConfigError(msg)


def check_tail(node: NodeTable) -> None:
    """Refuse a tail that is none, that no recording is for, or that other settings contradict.

    Raises
    ------
    ConfigError
        With what was expected and found.

    """
    if node.source or node.compute is not None:
        found = "source" if node.source else "compute"
        msg = f"tail: it goes on with the factors of a region; leave out {found}, or tail"
        raise ConfigError(msg)
    if node.venue == "replay" or (node.venue == "simulated" and node.producer == "own"):
        msg = (
            f"tail: the {node.venue} market makes factors of its own; choose producer 'outside' "
            "with the simulated market, or the market binance"
        )
        raise ConfigError(msg)
    if node.catalog is not None:
        msg = (
            "tail: its records and a history out of catalog would overlap; leave out catalog, and "
            "begin the tail early enough"
        )
        raise ConfigError(msg)
    check_recorded(read_tail(node.tail), node.region)


def check_compute(node: NodeTable) -> None:
    """Refuse settings that contradict factors which the node computes itself.

    Raises
    ------
    ConfigError
        With what was expected and found.

    """
    if node.source or node.producer == "outside":
        msg = (
            "compute: the node computes its factors itself; leave out "
            f"{'source' if node.source else 'producer'}, or compute"
        )
        raise ConfigError(msg)
    if node.wait == "spin":
        msg = (
            "wait: 'spin' watches shared memory, and computed factors come from the node's own "
            "thread at once; use wait 'event'"
        )
        raise ConfigError(msg)
    computed_factors(node)


def check_base_url(node: NodeTable) -> None:
    """Refuse a server in the exchanges' place that real orders may not go to, or without any use.

    It gets the account's key with real orders: on this machine, or encrypted.

    Raises
    ------
    ConfigError
        With what was expected and found.

    """
    host = urlsplit(node.base_url).hostname
    if node.orders == "live" and node.base_url.startswith("http:") and host not in LOOPBACK:
        msg = (
            "base_url: with real orders this server gets the account's key; expected https://, or "
            f"a server on this machine ({', '.join(LOOPBACK)}), found {node.base_url}"
        )
        raise ConfigError(msg)
    if node.venue not in LIVE_VENUES and not node.compute_venues:
        msg = (
            f"base_url: the {node.venue} market asks no exchange; choose the market binance, or "
            "compute_venues"
        )
        raise ConfigError(msg)


def check_tick_files(folder: Path | None) -> None:
    """Refuse a folder without the files of a recording.

    Raises
    ------
    ConfigError
        With the file that is missing.

    """
    if folder is None or not folder.is_dir():
        msg = f"replay: expected a folder of recorded ticks, found {folder}"
        raise ConfigError(msg)
    for name in TICK_FILES:
        if not (folder / name).is_file():
            msg = f"replay: expected a file {name} in {folder}, found none; see docs/replay.md"
            raise ConfigError(msg)


def binance_keys(environment: Mapping[str, str]) -> tuple[str, str]:
    """Return the key and the secret of the real account, from the environment only.

    Raises
    ------
    ConfigError
        If one is missing.

    """
    for name in KEY_VARIABLES:
        if not environment.get(name):
            msg = f"real orders need the environment variable {name}; it is not set"
            raise ConfigError(msg)
    key, secret = KEY_VARIABLES
    return environment[key], environment[secret]
