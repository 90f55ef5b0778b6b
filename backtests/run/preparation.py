"""The preparation of a run: its strategy, data and delays, checked before anything runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from adapters.command.strategy_class import make_strategy
from backtests.inputs.backtest_data import BacktestData
from backtests.inputs.backtest_settings import BacktestSettings
from backtests.inputs.catalog_search import find_data
from backtests.inputs.factor_delay import NO_DELAY, FactorDelay, read_delays

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """What a run needs.

    Attributes
    ----------
    settings : BacktestSettings
        The settings, with the strategy and the venue.
    data : BacktestData
        The data to replay.
    delays : list of FactorDelay
        The delays, one for each run.

    """

    settings: BacktestSettings
    data: BacktestData
    delays: list[FactorDelay]


def prepare(catalog: Path, settings: BacktestSettings, factor_delay: str | None) -> Prepared:
    """Find the strategy's data in the catalog, and the delays.

    Parameters
    ----------
    catalog : Path
        The catalog's folder.
    settings : BacktestSettings
        The settings.
    factor_delay : str, optional
        The delays of the command line.

    Raises
    ------
    DolphinError
        If something is missing or cannot be used.

    """
    delays = [NO_DELAY] if factor_delay is None else read_delays(factor_delay)
    strategy = make_strategy(settings.strategy.path, settings.strategy.config)
    data = find_data(catalog, settings, strategy)
    for delay in delays:
        delay.check(data.schema())
    return Prepared(settings=settings, data=data, delays=delays)
