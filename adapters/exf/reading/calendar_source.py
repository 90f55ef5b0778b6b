"""The calendar factors as factors of the service, which it polls from the clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from adapters.exf.registry.factor_registry import FactorDefinition, PolledSource
from dolphin_strategies.calendar_factors.calendar_table import CALENDAR_FACTORS

if TYPE_CHECKING:
    from collections.abc import Iterator

PERIOD_S: Final = 1.0
TIME_TO_LIVE_S: Final = 3.0
SOURCE: Final = PolledSource(venue="clock", endpoint="calendar", symbol="", period_s=PERIOD_S)


def calendar_definitions() -> Iterator[tuple[PolledSource, FactorDefinition]]:
    """Yield each calendar factor with its source."""
    for factor in CALENDAR_FACTORS.values():
        definition = FactorDefinition(
            name=factor.name,
            unit=factor.unit,
            about=factor.about,
            low=factor.low,
            high=factor.high,
            source=SOURCE.key,
            field=factor.name,
            time_to_live_s=TIME_TO_LIVE_S,
        )
        yield SOURCE, definition
