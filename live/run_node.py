"""Run a NautilusTrader node that trades on external factors."""

from __future__ import annotations

import argparse
import dataclasses
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from adapters.command.settings_file import override
from adapters.command.strategy_class import check_factors, find_strategy, make_config
from adapters.feed.factor_feed import WAITS
from adapters.hazelcast_map.settings import EXAMPLE as HAZELCAST_EXAMPLE
from adapters.hazelcast_map.settings import HazelcastSettings, credentials
from adapters.session import session_files
from adapters.shm import FactorReader, RegionNotReadyError
from dolphin_strategies import ConfigError, DolphinError, FactorSchema
from live.node.node_builder import VENUE, binance_execution_config
from live.node.node_settings import LIVE_VENUES, VENUES, Settings, load

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adapters.command.strategy_class import AnyFactorStrategy
    from live.node.node_settings import NodeSettings

EXAMPLES = """\
examples:
  run_node.py                                       the demo: simulated market, sandbox orders
  run_node.py --seconds 30 --wait spin              half a minute of it, at the lowest latency
  run_node.py --strategy my_module:MyStrategy       your strategy
  run_node.py --replay FOLDER --speed 10            recorded ticks as the live market
  run_node.py --record FOLDER                       and record it, to be replayed later
  run_node.py --venue binance                       Binance's quotes, factors of a running
                                                    producer, sandbox orders (paper)
  run_node.py --source hazelcast://localhost:5701   the producer's entry in Hazelcast
  run_node.py --config node.toml --check            check a configuration, start nothing

Ctrl-C cancels the orders, closes the position and prints a summary; a second one leaves at once.
exit codes: 0 stopped as asked and flat; 1 something failed; 2 bad usage or configuration;
3 a position or order was left open; 130 left by a second signal.
"""

BAD_CONFIG: Final = 2
RECORDING_FILES: Final = (
    "usdm_bookticker.parquet",
    "usdm_trades.parquet",
    "spot_bookticker.parquet",
    "spot_trades.parquet",
)


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        prog="run_node.py",
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--config", type=Path, metavar="FILE.toml", help="settings; see docs/configuration.md")
    add("--strategy", metavar="MODULE:CLASS", help="the FactorStrategy that trades")
    add("--seconds", type=float, metavar="N", help="stop after N seconds (default: at Ctrl-C)")
    add("--wait", choices=WAITS, help="event: sleep until factors come (default); "
        "spin: keep one core busy for lower latency")  # fmt: skip
    add("--venue", choices=VENUES, help="where quotes come from (default: simulated)")
    add("--replay", type=Path, metavar="FOLDER", help="recorded ticks as the live market")
    add("--speed", type=float, metavar="N", help="speed of the replay (default: 1)")
    add("--region", type=Path, metavar="PATH", help="the region of a running producer "
        "(default: /dev/shm/dolphin_exf; the demo and the replay make their own)")  # fmt: skip
    add("--catalog", type=Path, metavar="FOLDER", help="the recorded factors that a strategy's "
        "factor_history comes from")  # fmt: skip
    add("--source", metavar="URL", help="factors from Hazelcast instead, for example "
        f"{HAZELCAST_EXAMPLE}; see docs/hazelcast.md")  # fmt: skip
    add("--synthetic-quotes", action="store_true", default=None, help="make quotes of BTCUSDT.EXF "
        "from the factors, on which the sandbox matches")  # fmt: skip
    add("--producer", choices=("own", "outside"), help="outside: the simulated market with the "
        "factors of a running producer, see --region")  # fmt: skip
    add("--seed", type=int, metavar="N", help="seed of the demo's market")
    add("--record", type=Path, metavar="FOLDER", help="record the session into a new folder; "
        "backtests/check_parity.py replays it")  # fmt: skip
    add("--live-orders", action="store_true", help="really send the real orders that the "
        "configuration asks for")  # fmt: skip
    add("--check", action="store_true", help="check everything, start and create nothing")
    return parser.parse_args(arguments)


def settings_of(options: argparse.Namespace) -> Settings:
    """Return the file's settings with the command line's on top.

    Raises
    ------
    ConfigError
        If they contradict each other or cannot be used.

    """
    settings = load(options.config)
    if options.replay is not None:
        if options.venue not in {None, "replay"}:
            msg = f"--replay is a market of its own; it does not go with --venue {options.venue}"
            raise ConfigError(msg)
        options.venue = "replay"

    settings = dataclasses.replace(
        settings,
        node=override(
            settings.node,
            seconds=options.seconds,
            wait=options.wait,
            venue=options.venue,
            region=options.region,
            catalog=options.catalog,
            record=options.record,
            source=options.source,
            producer=options.producer,
        ),
        demo=override(settings.demo, seed=options.seed),
        replay=override(settings.replay, folder=options.replay, speed=options.speed),
        synthetic_quotes=override(settings.synthetic_quotes, enabled=options.synthetic_quotes),
        strategy=override(settings.strategy, path=options.strategy),
    )
    check_settings(settings, live_orders=options.live_orders)
    return settings


def check_settings(settings: Settings, *, live_orders: bool) -> None:
    """Refuse settings that no run can follow, and real orders that were not asked for twice.

    Raises
    ------
    ConfigError
        With what was expected and found.

    """
    node = settings.node
    if node.venue == "replay":
        check_recording(settings.replay.folder)
        if node.producer == "outside":
            msg = "producer: a replay brings its own factors; expected 'own', found 'outside'"
            raise ConfigError(msg)
    if node.source:
        check_source(node)
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
    if node.orders == "live":
        binance_execution_config(os.environ)


def check_source(node: NodeSettings) -> None:
    """Refuse a source that cannot be used, or not with these settings.

    Raises
    ------
    ConfigError
        With what was expected and found.

    """
    HazelcastSettings.from_url(node.source)
    credentials()
    if node.venue == "replay":
        msg = "source: a replay has factors of its own; choose another venue, or no source"
        raise ConfigError(msg)
    if node.wait == "spin":
        msg = (
            "wait: 'spin' watches shared memory, and Hazelcast's client needs the interpreter "
            "meanwhile; use wait 'event', or live/bridge_hazelcast.py and its region"
        )
        raise ConfigError(msg)


def check_recording(folder: Path | None) -> None:
    """Refuse a folder without the files of a recording.

    Raises
    ------
    ConfigError
        With the file that is missing.

    """
    if folder is None or not folder.is_dir():
        msg = f"replay: expected a folder of recorded ticks, found {folder}"
        raise ConfigError(msg)
    for name in RECORDING_FILES:
        if not (folder / name).is_file():
            msg = f"replay: expected a file {name} in {folder}, found none; see docs/replay.md"
            raise ConfigError(msg)


def schema_of(settings: Settings) -> FactorSchema | None:
    """Return the names that the producer of this run writes, or None while nobody knows."""
    if settings.node.source:
        return None
    if settings.node.venue == "simulated" and settings.node.producer == "own":
        from adapters.market.simulated_path import SCHEMA  # noqa: PLC0415 - one of three markets

        return SCHEMA
    if settings.node.venue == "replay":
        from adapters.market.tick_factors import MEANINGS  # noqa: PLC0415

        return FactorSchema(MEANINGS)
    try:
        with FactorReader(settings.node.region) as reader:
            return reader.schema
    except RegionNotReadyError:
        return None


def prepare(options: argparse.Namespace) -> tuple[Settings, AnyFactorStrategy]:
    """Check everything and make the strategy.

    Raises
    ------
    DolphinError
        If anything is wrong; nothing was started or created.

    """
    settings = settings_of(options)
    strategy_class = find_strategy(settings.strategy.path)
    config = make_config(strategy_class, settings.strategy.config)
    schema = schema_of(settings)
    if schema is not None:
        check_factors(strategy_class, schema)
    return settings, strategy_class(config)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    options = parse(sys.argv[1:] if arguments is None else arguments)
    try:
        settings, strategy = prepare(options)
        if options.check:
            node = settings.node
            known = schema_of(settings)
            if node.source:
                factors = f"factors from {node.source}"
            elif known:
                factors = f"{len(known)} factors"
            else:
                factors = f"no producer at {node.region} yet"
            print(
                f"OK: {type(strategy).__name__} on the {node.venue} market, "
                f"{node.orders} orders, {factors}"
            )
            return 0
    except DolphinError as error:
        print(f"run_node.py: {error}", file=sys.stderr)
        return BAD_CONFIG
    # After the check, which loads nothing that it does not need.
    from live.node.node_run import NodeRun  # noqa: PLC0415

    try:
        return NodeRun(settings, strategy).run()
    except DolphinError as error:
        print(f"run_node.py: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    # Python put this script's folder there; a strategy's module may have the name of one of ours.
    sys.path[0] = str(Path.cwd())
    sys.exit(main())
