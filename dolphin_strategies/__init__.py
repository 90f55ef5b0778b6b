"""Everything a strategy author imports."""

from dolphin_strategies.errors import ConfigError, DolphinError, UnknownFactorError
from dolphin_strategies.factor_strategy import FactorStrategy, FactorStrategyConfig
from dolphin_strategies.factors.batch import FactorBatch
from dolphin_strategies.factors.external_factors import EXTERNAL_FACTORS, ExternalFactors
from dolphin_strategies.factors.schema import FactorSchema
from dolphin_strategies.factors.source import (
    FactorSource,
    MemorySource,
    SourceState,
    SourceStatus,
)
from dolphin_strategies.order_limits import OrderRateLimit
from dolphin_strategies.synthetic_quotes import (
    SyntheticQuote,
    synthetic_quote,
    synthetic_quote_of,
)

__all__ = [
    "EXTERNAL_FACTORS",
    "ConfigError",
    "DolphinError",
    "ExternalFactors",
    "FactorBatch",
    "FactorSchema",
    "FactorSource",
    "FactorStrategy",
    "FactorStrategyConfig",
    "MemorySource",
    "OrderRateLimit",
    "SourceState",
    "SourceStatus",
    "SyntheticQuote",
    "UnknownFactorError",
    "synthetic_quote",
    "synthetic_quote_of",
]
