"""The preparation of a run: its strategy, data and delays, checked before anything runs."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from adapters.command.user_code.strategy_class import make_strategy
from adapters.process.safe_files import open_file
from backtests.inputs.backtest_data import BacktestData
from backtests.inputs.backtest_settings import BacktestSettings
from backtests.inputs.catalog_search import find_data
from backtests.inputs.factor_delay import NO_DELAY, FactorDelay, read_delays
from backtests.run.drills.drill import Drill
from backtests.run.drills.drill_file import check_drills, read_drills
from backtests.run.drills.random_drills import random_drills
from dolphin_strategies.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

RANDOM: Final = "random"
"""Instead of a file of drills: draw some."""


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
    drills : list of Drill, optional
        The drills of a run that is to be compared with one without; None: none.

    """

    settings: BacktestSettings
    data: BacktestData
    delays: list[FactorDelay]
    drills: list[Drill] | None = None


def prepare(
    catalog: Path,
    settings: BacktestSettings,
    factor_delay: str | None,
    drill: str | None = None,
    seed: int = 1,
) -> Prepared:
    """Find the strategy's data in the catalog, the delays and the drills.

    Parameters
    ----------
    catalog : Path
        The catalog's folder.
    settings : BacktestSettings
        The settings.
    factor_delay : str, optional
        The delays of the command line.
    drill : str, optional
        The file of drills, or ``random``.
    seed : int
        The seed of random drills.

    Raises
    ------
    DolphinError
        If something is missing or cannot be used.

    """
    delays = [NO_DELAY] if factor_delay is None else read_delays(factor_delay)
    strategy = make_strategy(settings.strategy.path, settings.strategy.config)
    settings.envelope.read(settings.strategy, open_file)
    data = find_data(catalog, settings, strategy)
    for delay in delays:
        delay.check(data.schema())
    if drill is None:
        return Prepared(settings=settings, data=data, delays=delays)
    if len(delays) > 1:
        msg = f"--drill: expected at most one --factor-delay beside it, found {factor_delay}"
        raise ConfigError(msg)
    data = dataclasses.replace(data, delay=delays[0])
    drills = _drills(drill, data, strategy.required_factors, seed)
    check_drills(drills, data)
    return Prepared(settings=settings, data=data, delays=delays, drills=drills)


def _drills(drill: str, data: BacktestData, required: Sequence[str], seed: int) -> list[Drill]:
    if drill == RANDOM:
        return random_drills(data, required, seed)
    return read_drills(Path(drill).expanduser())
