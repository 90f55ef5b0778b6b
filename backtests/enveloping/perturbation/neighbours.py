"""Neighbours: a strategy's configuration with one number a stated share lower or higher."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from adapters.command.field_rules import field_types
from adapters.command.user_code.strategy_class import config_class_of, find_strategy, make_config
from dolphin_strategies import FactorStrategyConfig
from dolphin_strategies.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adapters.command.user_code.strategy_class import StrategySettings

OWN: Final = "as-it-is"
"""The run without a change, which must be the one that the envelope is of."""
_NAUTILUS: Final = {f.name for f in dataclasses.fields(FactorStrategyConfig)}


@dataclass(frozen=True, kw_only=True)
class Neighbour:
    """One more run of a backtest.

    Attributes
    ----------
    name : str
        What differs, and the name of its folder: ``threshold=0.48``.
    values : dict
        By key of ``[strategy]`` the TOML value that differs.
    delay : str
        The delay of the factors, as of ``--factor-delay``; empty: that of the first run.

    """

    name: str
    values: dict[str, Any] = field(default_factory=dict)
    delay: str = ""


@dataclass(frozen=True, kw_only=True)
class Neighbourhood:
    """The neighbours of a configuration.

    Attributes
    ----------
    runs : list of Neighbour
        Those that can be run.
    left_out : list of str
        Why others cannot, a sentence each.

    """

    runs: list[Neighbour]
    left_out: list[str]


def neighbourhood(
    strategy: StrategySettings, share: float | None, delays: Sequence[str] = ()
) -> Neighbourhood:
    """Return the neighbours of a strategy's configuration.

    Parameters
    ----------
    strategy : StrategySettings
        The strategy with its configuration.
    share : float, optional
        By which part of itself each number is lower and higher; None: none is.
    delays : sequence of str
        Delays of the factors as of ``--factor-delay``, each of a run without another change.

    Returns
    -------
    Neighbourhood
        Two for each number of the configuration, defaults too, that is not 0: one lower, one
        higher. A whole number differs by 1 at least. Nautilus's own fields are left alone, and
        so are values that the configuration itself refuses.

    Raises
    ------
    ConfigError
        If there is no such strategy, or its configuration does not fit.

    """
    found = find_strategy(strategy.path)
    config = make_config(found, strategy.config)
    runs: list[Neighbour] = []
    left_out: list[str] = []
    for name, field_type in field_types(config_class_of(found)).items():
        value = getattr(config, name)
        if share is None or name in _NAUTILUS or not _is_number(value):
            continue
        for sign in (-1, 1):
            other = _moved(value, sign * share)
            values = {field_type.key or name: other}
            try:
                make_config(found, {**strategy.config, **values})
            except ConfigError as error:
                left_out.append(f"{name}={other}: {error}")
            else:
                runs.append(Neighbour(name=f"{name}={other}", values=values))
    runs += [Neighbour(name=f"delay={delay}", delay=delay) for delay in delays]
    return Neighbourhood(runs=runs, left_out=left_out)


def _is_number(value: object) -> bool:
    is_number = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
    return is_number and value != 0


def _moved(value: Any, share: float) -> int | float | str:
    """Return a value so much of itself further from or nearer to 0, as TOML has it."""
    if isinstance(value, int):
        step = max(1, round(abs(value * share)))
        return value + (step if (share > 0) == (value > 0) else -step)
    if isinstance(value, Decimal):
        # As many digits as a person would write: sizes are rounded by the instrument anyway.
        return format((value * (1 + Decimal(repr(share)))).normalize(), "f")
    return float(f"{value * (1 + share):.12g}")
