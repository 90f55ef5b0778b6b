"""Recorded factors as a backtest engine takes them."""

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
    """Return the records of a batch as a backtest engine takes them."""
    return list(map(CustomData, repeat(EXTERNAL_FACTORS), batch.records()))


@contextmanager
def no_collection() -> Iterator[None]:
    """Keep the garbage collector off: a million new objects would be walked again and again."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
