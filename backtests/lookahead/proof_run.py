"""The backtest inside a run of the look-ahead proof, and what is reported of it."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from backtests.inputs.backtest_inputs import find_inputs
from backtests.inputs.factor_delay import FactorDelay
from backtests.run.backtest import replayed
from backtests.run.interrupt import Interrupt
from backtests.run.results import gross_results
from backtests.run_backtest import make_strategy, parse, settings_of
from dolphin_strategies.errors import DolphinError

if TYPE_CHECKING:
    from backtests.run.results import Figures


def run(request: dict[str, Any]) -> dict[str, Any]:
    """Run; return the decisions, the figures and, if it failed, why.

    Parameters
    ----------
    request : dict
        ``arguments`` of the command line, ``delay`` as all_ns and by_name, and the window and
        the kind of fills of the first run, so that all runs have the same.

    """
    with Interrupt() as interrupt:
        try:
            options = parse(request["arguments"])
            settings = settings_of(options)
            strategy = make_strategy(settings)
            is_first = request["until_ns"] is None
            inputs = find_inputs(options.catalog, settings, strategy, check=is_first)
            inputs = dataclasses.replace(inputs, delay=FactorDelay(**request["delay"]))
            if not is_first:
                inputs = dataclasses.replace(
                    inputs, start_ns=request["start_ns"], end_ns=request["until_ns"],
                    fill_on=request["fill_on"],
                )  # fmt: skip
            with replayed(inputs, settings, strategy, interrupt) as (engine, figures, decisions):
                return {
                    "decisions": [[d.ns, d.content] for d in decisions],
                    "gross": gross_results(engine),
                    "fills": figures.fills,
                    "rows": figures.rows,
                    "start_ns": inputs.start_ns,
                    "end_ns": inputs.end_ns,
                    "fill_on": inputs.fill_on,
                    "failure": _not_whole(figures),
                }
        except DolphinError as error:
            return {"decisions": None, "failure": str(error)}


def _not_whole(figures: Figures) -> str:
    return "" if figures.is_whole else "it was interrupted"
