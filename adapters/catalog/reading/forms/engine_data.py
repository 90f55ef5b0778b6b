"""Recorded factors as data of a backtest engine."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from itertools import repeat
from typing import TYPE_CHECKING

from nautilus_trader.model import CustomData

from dolphin_strategies.factors.nautilus_type import EXTERNAL_FACTORS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dolphin_strategies.factors.batch import FactorBatch


def to_engine_data(batches: Iterable[FactorBatch]) -> list[CustomData]:
    """Return the records of batches as data of a backtest engine."""
    data: list[CustomData] = []
    with _no_collection():
        for batch in batches:
            data += map(CustomData, repeat(EXTERNAL_FACTORS), batch.records())
    return data


@contextmanager
def _no_collection() -> Iterator[None]:
    """Suspend the garbage collector, which would repeatedly walk a million new objects."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
