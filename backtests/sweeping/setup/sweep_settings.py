"""SweepSettings: the table [sweep] of a backtest's file, beside the tables of the backtest."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from adapters.command.durations import NO_TIME, Duration
from adapters.command.field_rules import CheckedFields, at_least
from adapters.command.settings_file import from_table, read_tables
from backtests.inputs.backtest_settings import LIVE_TABLES, BacktestSettings

if TYPE_CHECKING:
    from pathlib import Path

type Objective = Literal["sharpe", "sortino", "return"]
type SamplerName = Literal["tpe", "random", "qmc"]

TABLE: Final = "sweep"


@dataclass(frozen=True, kw_only=True)
class SweepSettings(CheckedFields):
    """The ``[sweep]`` table.

    Attributes
    ----------
    horizon : Duration
        How long a decision of the strategy has effect: the purge before and the embargo after the
        split of each fold. By default 0: each return stands for itself.
    folds : int
        Walk-forward folds.
    train, test : Duration, optional
        The lengths of their windows; by default train windows begin at the start of the data and
        grow, and the tests are its second half.
    trials : int
        Trials of each fold.
    objective : str
        What the search maximises in the train window: ``sharpe``, ``sortino`` or ``return``.
    sampler : str
        Who proposes the parameters: ``tpe``, ``random`` or ``qmc`` of Optuna.
    batch : int
        Trials of a fold that are proposed together, whatever the number of workers.
    seed : int
        Of the sampler.
    currency : str, optional
        The currency whose equity counts; needed if the strategy trades in several.
    parameters : dict
        By field of the strategy's config the values to search; by default every number and flag
        that the strategy's author added to the config, from a quarter to four times its default.

    """

    horizon: Duration = NO_TIME
    folds: Annotated[int, at_least(1)] = 4
    train: Duration | None = None
    test: Duration | None = None
    trials: Annotated[int, at_least(1)] = 50
    objective: Objective = "sharpe"
    sampler: SamplerName = "tpe"
    batch: Annotated[int, at_least(1)] = 4
    seed: Annotated[int, at_least(0)] = 1
    currency: str | None = None
    parameters: dict[str, Any] = field(default_factory=dict)


def load_sweep(path: Path | None) -> tuple[BacktestSettings, SweepSettings]:
    """Read a file of a backtest with the table of a sweep; without one, the defaults.

    Raises
    ------
    ConfigError
        If the file cannot be read, or has an unknown key or a value of the wrong kind.

    """
    if path is None:
        return BacktestSettings(), SweepSettings()
    found = read_tables(path)
    sweep = from_table(SweepSettings, found.get(TABLE, {}), f"{path}: [{TABLE}]")
    tables = {n: table for n, table in found.items() if n not in LIVE_TABLES}
    return from_table(BacktestSettings, tables, str(path)), sweep
