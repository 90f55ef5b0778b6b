"""The options of ``run_node.py``, and the settings that combine them with a file's."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Final

from adapters.aeron_stream.channel import EXAMPLE as AERON_EXAMPLE
from adapters.command import json_lines
from adapters.command.comma_list import comma_list
from adapters.command.market_settings import max_price_age_of
from adapters.command.settings_file import override
from adapters.feed.factor_feed import WAITS
from adapters.hazelcast_map.settings import EXAMPLE as HAZELCAST_EXAMPLE
from dolphin_strategies.errors import ConfigError
from live.metrics import metrics_endpoint
from live.node.settings.computed_settings import PACKAGED_WORD
from live.node.settings.node_settings import VENUES, NodeSettings, load
from live.node.settings.settings_check import check_settings

if TYPE_CHECKING:
    from collections.abc import Sequence

DESCRIPTION: Final = "Run a NautilusTrader node that trades on external factors."
EXAMPLES: Final = """\
examples:
  run_node.py                                       the demo: simulated market, sandbox orders
  run_node.py --seconds 30 --wait spin              half a minute of it, at the lowest latency
  run_node.py --strategy my_module:MyStrategy       your strategy
  run_node.py --replay FOLDER --speed 10            recorded ticks as the live market
  run_node.py --compute factors.toml                factors computed from the node's own
                                                    market data, without a producer
  run_node.py --record FOLDER                       and record it, to be replayed later
  run_node.py --venue binance                       Binance's quotes, factors of a running
                                                    producer, sandbox orders (paper)
  run_node.py --venue binance --tail recordings@2026-04-28T00:00:00Z
                                                    the same, from that instant in a recording on
  run_node.py --source hazelcast://localhost:5701   the producer's entry in Hazelcast
  run_node.py --source 'aeron:udp?endpoint=127.0.0.1:20850'   an Aeron stream of another machine
  run_node.py --config node.toml --check            check a configuration, start nothing

Ctrl-C cancels the orders, closes the position and prints a summary; a second one leaves at once.
exit codes: 0 stopped as asked and flat; 1 something failed; 2 bad usage or configuration;
3 a position or order was left open; 130 left by a second signal.
"""


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        prog="run_node.py",
        description=DESCRIPTION,
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
    add("--tail", metavar="CATALOG[@PLACE]", help="read the factors of --region from a place in a "
        "recording of it on: begin (default), newest, a SEQUENCE, STREAM:SEQUENCE or an INSTANT, "
        "each record once; see docs/recording.md")  # fmt: skip
    add("--compute", type=Path, nargs="?", const=Path(PACKAGED_WORD), metavar="FILE.toml",
        help="compute the factors in this node from its market data: those of a file with tables "
        "[[computed]], or the packaged ones; see docs/computed.md")  # fmt: skip
    add("--compute-venues", metavar="A,B", help="with --compute: the venues whose data "
        "clients the node gets beside its market, for example bybit,okx; '': none (default: "
        "with --venue binance all that the file names, else none)")  # fmt: skip
    add("--base-url", metavar="URL", help="a server in the exchanges' place, for --venue binance, "
        "its real orders too, and for --compute-venues")  # fmt: skip
    add("--source", metavar="URL", help="factors from Hazelcast or an Aeron channel "
        f"instead, for example {HAZELCAST_EXAMPLE} or {AERON_EXAMPLE}; see docs/hazelcast.md, "
        "docs/aeron.md")  # fmt: skip
    add("--synthetic-quotes", action="store_true", default=None, help="make quotes of BTCUSDT.EXF "
        "from the factors, on which the sandbox matches")  # fmt: skip
    add("--producer", choices=("own", "outside"), help="outside: the simulated market with the "
        "factors of a running producer, see --region")  # fmt: skip
    add("--seed", type=int, metavar="N", help="seed of the demo's market")
    add("--market-start-ns", type=int, metavar="NS", help="with --producer outside: when the "
        "simulated market began, so that several nodes see the same one")  # fmt: skip
    add("--record", type=Path, metavar="FOLDER", help="record the session into a new folder; "
        "backtests/check_parity.py replays it")  # fmt: skip
    add("--state", type=Path, metavar="FILE", help="where watchdog.py reads that this "
        "node turns, and what is open (default: in the run's own folder)")  # fmt: skip
    add("--journal", type=Path, metavar="FILE", help="where halts and other commands of "
        "live/switch.py are written, and hold on after a restart (default: with real orders "
        "beside the configuration, else nowhere)")  # fmt: skip
    add("--max-price-age", metavar="DURATION", help="how old a quote may be for an order: 15s; by "
        "instrument: ID=15s,ID=1m; or none: of any age (default: 1,000 times the median distance "
        "of the newest quotes, 5 s at least)")  # fmt: skip
    add("--stale-price", choices=("refuse", "wait"), help="whether an order whose price is older "
        "is refused (default) or waits for the next price")  # fmt: skip
    add("--live-orders", action="store_true", help="really send the real orders that the "
        "configuration asks for")  # fmt: skip
    metrics_endpoint.add_option(parser)
    json_lines.add_option(parser)
    add("--check", action="store_true", help="check everything, start and create nothing")
    return parser.parse_args(arguments)


def settings_of(options: argparse.Namespace) -> NodeSettings:
    """Return the file's settings overridden by the command line.

    Raises
    ------
    ConfigError
        If the settings contradict each other or cannot be used.

    """
    settings = load(options.config)
    if options.replay is not None:
        if options.venue not in {None, "replay"}:
            msg = f"--replay is a market of its own; it does not go with --venue {options.venue}"
            raise ConfigError(msg)
        options.venue = "replay"

    venues: list[str] | None = None
    if options.compute_venues is not None:
        # An empty word is the way to ask for none.
        text = options.compute_venues
        venues = comma_list("--compute-venues", text) if text else []
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
            tail=options.tail,
            compute=options.compute,
            compute_venues=venues,
            base_url=options.base_url,
            source=options.source,
            producer=options.producer,
        ),
        market=override(
            settings.market,
            max_price_age=max_price_age_of(options.max_price_age),
            stale_price=options.stale_price,
        ),
        demo=override(settings.demo, seed=options.seed, start_ns=options.market_start_ns),
        replay=override(settings.replay, folder=options.replay, speed=options.speed),
        synthetic_quotes=override(settings.synthetic_quotes, enabled=options.synthetic_quotes),
        risk=override(settings.risk, journal=options.journal),
        strategy=override(settings.strategy, path=options.strategy),
    )
    if settings.node.orders == "live" and settings.risk.journal is None and options.config:
        beside = options.config.with_name(f"{options.config.name}.journal")
        risk = dataclasses.replace(settings.risk, journal=beside)
        settings = dataclasses.replace(settings, risk=risk)
    check_settings(settings, live_orders=options.live_orders)
    node = settings.node
    makes_own = node.venue == "replay" or (node.venue == "simulated" and node.producer == "own")
    if options.region is not None and makes_own:
        msg = (
            f"--region {options.region}: the {node.venue} market makes factors of its own, and "
            'that region would not be read; add --producer outside (producer = "outside" in a '
            "file or a fleet's options) with the simulated market, or leave out --region"
        )
        raise ConfigError(msg)
    return settings
