"""Everything a strategy author imports.

Each name is imported from its module on first access, so that code which needs only
``dolphin_strategies.errors`` does not load NautilusTrader.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dolphin_strategies.calendar_factors.calendar_filter import CalendarFilter
    from dolphin_strategies.calendar_factors.calendar_table import (
        calendar_columns,
        calendar_values,
    )
    from dolphin_strategies.computed.computed_factor import ComputedFactor
    from dolphin_strategies.computed.factor_set import ComputedFactors
    from dolphin_strategies.computed.spec import ComputedSpec
    from dolphin_strategies.errors import ConfigError, DolphinError, UnknownFactorError
    from dolphin_strategies.exits import (
        AdaptiveExit,
        ExitDecision,
        ExitModel,
        ExitPolicy,
        FixedExit,
        HoldExit,
        PositionView,
        TimeExit,
        TrailingExit,
        TripleBarrierExit,
    )
    from dolphin_strategies.factor_strategy import FactorStrategy, FactorStrategyConfig
    from dolphin_strategies.factors.batch import FactorBatch
    from dolphin_strategies.factors.external_factors import ExternalFactors
    from dolphin_strategies.factors.nautilus_type import EXTERNAL_FACTORS
    from dolphin_strategies.factors.schema import FactorSchema
    from dolphin_strategies.factors.source import (
        FactorSource,
        MemorySource,
        SourceState,
        SourceStatus,
    )
    from dolphin_strategies.observation import StrategyObserver, observe
    from dolphin_strategies.order_rate_limit import OrderRateLimit
    from dolphin_strategies.synthetic_quotes import (
        SyntheticQuote,
        synthetic_quote,
        synthetic_quote_of,
    )

__all__ = [
    "EXTERNAL_FACTORS",
    "AdaptiveExit",
    "CalendarFilter",
    "ComputedFactor",
    "ComputedFactors",
    "ComputedSpec",
    "ConfigError",
    "DolphinError",
    "ExitDecision",
    "ExitModel",
    "ExitPolicy",
    "ExternalFactors",
    "FactorBatch",
    "FactorSchema",
    "FactorSource",
    "FactorStrategy",
    "FactorStrategyConfig",
    "FixedExit",
    "HoldExit",
    "MemorySource",
    "OrderRateLimit",
    "PositionView",
    "SourceState",
    "SourceStatus",
    "StrategyObserver",
    "SyntheticQuote",
    "TimeExit",
    "TrailingExit",
    "TripleBarrierExit",
    "UnknownFactorError",
    "calendar_columns",
    "calendar_values",
    "observe",
    "synthetic_quote",
    "synthetic_quote_of",
]

# Hidden from type checkers, which would take every misspelt name for one of these.
if not TYPE_CHECKING:
    _NAMES_OF = {
        "calendar_factors.calendar_filter": ("CalendarFilter",),
        "calendar_factors.calendar_table": ("calendar_columns", "calendar_values"),
        "computed.computed_factor": ("ComputedFactor",),
        "computed.factor_set": ("ComputedFactors",),
        "computed.spec": ("ComputedSpec",),
        "errors": ("ConfigError", "DolphinError", "UnknownFactorError"),
        "exits": (
            "AdaptiveExit",
            "ExitDecision",
            "ExitModel",
            "ExitPolicy",
            "FixedExit",
            "HoldExit",
            "PositionView",
            "TimeExit",
            "TrailingExit",
            "TripleBarrierExit",
        ),
        "factor_strategy": ("FactorStrategy", "FactorStrategyConfig"),
        "factors.batch": ("FactorBatch",),
        "factors.nautilus_type": ("EXTERNAL_FACTORS", "ExternalFactors"),
        "factors.schema": ("FactorSchema",),
        "factors.source": ("FactorSource", "MemorySource", "SourceState", "SourceStatus"),
        "observation": ("StrategyObserver", "observe"),
        "order_rate_limit": ("OrderRateLimit",),
        "synthetic_quotes": ("SyntheticQuote", "synthetic_quote", "synthetic_quote_of"),
    }
    _MODULE_OF = {name: module for module, names in _NAMES_OF.items() for name in names}

    def __getattr__(name: str) -> object:
        if name not in _MODULE_OF:
            msg = f"module {__name__!r} has no attribute {name!r}"
            raise AttributeError(msg)
        value = getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
        globals()[name] = value
        return value

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
