"""Clock marks: data without content that moves an engine's clocks to an instant."""

from __future__ import annotations

from typing import Final

from nautilus_trader.model import CustomData, DataType

from dolphin_strategies.factors.external_factors import ExternalFactors
from dolphin_strategies.factors.schema import FactorSchema

CLOCK_MARK: Final = DataType("DolphinBacktestClock")
"""Nobody subscribes to it: a record of it moves the engine's clocks, and nothing else."""
_SCHEMA: Final = FactorSchema(["mark"])


def clock_mark(at_ns: int, data_type: DataType = CLOCK_MARK, *, sequence: int = 0) -> CustomData:
    """Make a mark.

    Parameters
    ----------
    at_ns : int
        Where it moves the clocks to, UNIX nanoseconds.
    data_type : DataType
        Who hears of it; by default nobody.
    sequence : int
        Its number, for a subscriber to read.

    """
    mark = ExternalFactors.from_values(
        _SCHEMA, [0.0], ts_event=at_ns, ts_init=at_ns, sequence=sequence
    )
    return CustomData(data_type, mark)
