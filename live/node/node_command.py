"""The command ``run_node.py``: check everything, then run a node or report the result."""

from __future__ import annotations

import os
import sys
import traceback
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Final

from adapters.command.terminal import say, say_json
from adapters.command.user_code.strategy_class import check_factors, find_strategy, make_config
from adapters.process.close_after_fork import close_in_forked_child
from adapters.process.core_dumps import keep_secrets_from_core_dumps
from adapters.process.hanging.hang_rules import FAILED
from adapters.process.hanging.hang_watch import HangWatch
from adapters.process.safe_files import open_file, open_or_make
from adapters.process.stop_signals import StopSignals
from adapters.run_state.state_file import StateHeldError
from adapters.run_state.state_report import StateReport
from adapters.shm import FactorReader, RegionNotReadyError
from dolphin_strategies.errors import ConfigError, DolphinError, describe_error
from dolphin_strategies.factors.schema import FactorSchema
from live.metrics.metrics_endpoint import MetricsEndpoint
from live.node.ending.orderly_exits import orderly_exits
from live.node.order_right import OrderRight
from live.node.settings.computed_settings import RunFactors, computed_factors
from live.node.settings.node_options import parse, settings_of
from live.node.settings.node_settings import VENUE
from live.node.settings.settings_check import binance_keys

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from adapters.command.user_code.strategy_class import AnyFactorStrategy
    from live.node.settings.node_settings import NodeSettings

BAD_CONFIG: Final = 2


def schema_of(settings: NodeSettings) -> FactorSchema | None:
    """Return the names that the producer of this run writes, or None if they are unknown."""
    if settings.node.source:
        return None
    if settings.node.compute is not None:
        return computed_factors(settings.node).schema
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


def prepare(options: argparse.Namespace) -> tuple[NodeSettings, AnyFactorStrategy]:
    """Check everything and make the strategy.

    Raises
    ------
    DolphinError
        If anything is wrong; nothing was started or created.

    """
    settings = settings_of(options)
    with _failing_as_config(settings.strategy.path):
        strategy_class = find_strategy(settings.strategy.path)
        config = make_config(strategy_class, settings.strategy.config)
    settings.envelope.read(settings.strategy, open_file)
    schema = schema_of(settings)
    if schema is not None:
        check_factors(strategy_class, schema)
    if settings.node.tail and strategy_class.max_age is None:
        msg = (
            f"tail: {strategy_class.__name__} has no max_age, so that it would trade on recorded "
            "factors as if they were new; give it one"
        )
        raise ConfigError(msg)
    with _failing_as_config(settings.strategy.path):
        return settings, strategy_class(config)


@contextmanager
def _failing_as_config(path: str) -> Iterator[None]:
    """Report whatever a strategy's own code raises; stop signals are no exceptions here."""
    try:
        yield
    except DolphinError:
        raise
    except BaseException as error:
        traceback.print_exception(error)
        msg = f"strategy {path!r} cannot be made: {describe_error(error)}"
        raise ConfigError(msg) from error


def check(options: argparse.Namespace) -> int:
    """Report whether the configuration would run; return the exit code.

    Raises
    ------
    DolphinError
        If it would not.

    """
    settings, strategy = prepare(options)
    node = settings.node
    known = schema_of(settings)
    if node.source:
        factors = f"factors from {node.source}"
    elif node.compute is not None:
        factors = describe_computed(computed_factors(node))
    elif known:
        factors = f"{len(known)} factors"
    else:
        factors = f"no producer at {node.region} yet"
    if node.tail:
        factors += f", from {node.tail} on"
    say(
        f"OK: {type(strategy).__name__} on the {node.venue} market, "
        f"{node.orders} orders, {factors}"
    )
    return 0


def describe_computed(found: RunFactors) -> str:
    """Return how many factors are computed here, from which venues, and which are left out."""
    text = f"{len(found.specs)} factors computed here"
    if found.other_links:
        text += f", with data clients of {', '.join(link.name for link in found.other_links)}"
    return "\n".join([text, *(f"not computed: {reason}" for reason in found.reasons())])


def run(options: argparse.Namespace) -> int:
    """Run a node, watched from the making of its strategy on; return the exit code."""
    try:
        endpoint = MetricsEndpoint(options.metrics)
        state = StateReport(options.state, open_or_make, lambda text: say(text, to=sys.stderr))
    except StateHeldError as error:
        # The same command is right later: once that process has ended.
        return _failed(error, FAILED)
    except DolphinError as error:
        return _failed(error, BAD_CONFIG)
    with state, HangWatch(lambda text: say(text, to=sys.stderr)) as watch:
        close_in_forked_child(watch)
        # The watch ends the process at the first request while there is no node.
        StopSignals(lambda name: None, watch.leave_unwatched).take_over()
        watch.report(is_preparing=True)
        try:
            with orderly_exits(lambda call: say(f"run_node.py: {call} was called", sys.stderr)):
                settings, strategy = prepare(options)
        except DolphinError as error:
            state.ended(BAD_CONFIG, str(error))
            return _failed(error, BAD_CONFIG)
        finally:
            watch.report(is_preparing=False)
        # After the check, which does not need these modules.
        from live.node.node_run import NodeRun  # noqa: PLC0415

        try:
            # Before any client of the exchange is made.
            with _right_of(settings):
                return NodeRun(settings, strategy, watch, state).run(endpoint)
        except DolphinError as error:
            state.ended(FAILED, str(error))
            return _failed(error, FAILED)


def _right_of(settings: NodeSettings) -> AbstractContextManager[object]:
    """Return the right to the real orders that the settings ask for; nothing for paper orders."""
    if settings.node.orders != "live":
        return nullcontext()
    key, _ = binance_keys(os.environ)
    return OrderRight(VENUE, key, [str(i) for i in settings.risk.instruments])


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    keep_secrets_from_core_dumps()
    try:
        options = parse(sys.argv[1:] if arguments is None else arguments)
    except SystemExit as left:  # argparse has said why
        return int(left.code or 0)
    if options.log_json:
        say_json("run_node.py")
    if not options.check:
        return run(options)
    try:
        return check(options)
    except DolphinError as error:
        return _failed(error, BAD_CONFIG)


def _failed(error: Exception, code: int) -> int:
    say(f"run_node.py: {error}", sys.stderr)
    return code
