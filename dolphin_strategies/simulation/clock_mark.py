"""Clock marks: data without content that moves an engine's clocks to an instant."""

from __future__ import annotations

from typing import Final

from nautilus_trader.model import CustomData, DataType

from dolphin_strategies import ExternalFactors, FactorSchema

CLOCK_MARK: Final = DataType("DolphinBacktestClock")
"""A type without subscribers: its records only move the engine's clocks."""
_SCHEMA: Final = FactorSchema(["mark"])


def clock_mark(at_ns: int, data_type: DataType = CLOCK_MARK, *, sequence: int = 0) -> CustomData:
    """Make a mark.

    Parameters
    ----------
    at_ns : int
        The instant to which it moves the clocks, UNIX nanoseconds.
    data_type : DataType
        Determines the subscribers; by default there are none.
    sequence : int
        Its number, for a subscriber to read.

    """
    mark = ExternalFactors.from_values(
        _SCHEMA, [0.0], ts_event=at_ns, ts_init=at_ns, sequence=sequence
    )
    return CustomData(data_type, mark)
