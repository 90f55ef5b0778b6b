"""Recorded factors as data of a backtest engine."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from itertools import repeat
from typing import TYPE_CHECKING

from nautilus_trader.model import CustomData

from dolphin_strategies.factors.nautilus_type import EXTERNAL_FACTORS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dolphin_strategies.factors.batch import FactorBatch


def to_engine_data(batch: FactorBatch) -> list[CustomData]:
    """Return the records of a batch as data of a backtest engine."""
    return list(map(CustomData, repeat(EXTERNAL_FACTORS), batch.records()))


@contextmanager
def no_collection() -> Iterator[None]:
    """Suspend the garbage collector, which would repeatedly walk a million new objects."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
