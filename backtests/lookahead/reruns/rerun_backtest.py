"""The backtest inside a run of the look-ahead proof, and its report."""

from __future__ import annotations

import dataclasses
from typing import Any

from adapters.command.user_code.strategy_class import make_strategy
from backtests.inputs.catalog_search import find_data
from backtests.inputs.factor_delay import FactorDelay
from backtests.lookahead.reruns.overlap import overlap
from backtests.run.command_line import parse, settings_of
from backtests.run.interrupt import Interrupt
from backtests.run.one_backtest import replayed
from backtests.run.results.figures.run_figures import gross_results
from dolphin_strategies.errors import DolphinError


def run(request: dict[str, Any]) -> dict[str, Any]:
    """Run a backtest.

    Parameters
    ----------
    request : dict
        ``arguments`` of the command line; ``delay`` as all_ns and by_name; and ``start_ns``,
        ``until_ns`` and ``fill_on`` of the first run, which all runs share, or None.

    Returns
    -------
    dict
        ``decisions`` (UNIX nanoseconds and content of each), ``gross`` (each position's
        profit before fees), ``fills``, ``rows``, ``start_ns``, ``end_ns``, ``fill_on``,
        ``overlap``: of the first run, the spans with market and required factors; and
        ``failure``: why the run did not reach its end, empty if it did.

    """
    with Interrupt() as interrupt:
        try:
            options = parse(request["arguments"])
            settings = settings_of(options)
            strategy = make_strategy(settings.strategy.path, settings.strategy.config)
            is_first = request["until_ns"] is None
            data = find_data(options.catalog, settings, strategy, check=is_first)
            data = dataclasses.replace(data, delay=FactorDelay(**request["delay"]))
            if not is_first:
                data = dataclasses.replace(
                    data, start_ns=request["start_ns"], end_ns=request["until_ns"],
                    fill_on=request["fill_on"],
                )  # fmt: skip
            with replayed(data, settings, strategy, lambda: interrupt.is_asked) as (
                engine,
                figures,
                decisions,
            ):
                return {
                    "decisions": [[d.ns, d.content] for d in decisions],
                    "gross": gross_results(engine),
                    "fills": figures.trading.fills,
                    "rows": figures.replay.rows,
                    "start_ns": data.start_ns,
                    "end_ns": data.end_ns,
                    "fill_on": data.fill_on,
                    "overlap": overlap(data, strategy.required_factors) if is_first else [],
                    "failure": "" if figures.replay.is_whole else "it was interrupted",
                }
        except DolphinError as error:
            return {"decisions": None, "failure": str(error)}
