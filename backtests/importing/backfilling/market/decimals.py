"""How many decimals prices and sizes have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from backtests.importing.backfilling.formats.exact_decimals import have_at_most

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pyarrow as pa

_RAW_DECIMALS: Final = 16
_SIZES: Final = ("size", "bid_size", "ask_size", "volume")
_PRICES: Final = ("price", "bid_price", "ask_price", "open", "high", "low", "close")


class Decimals(NamedTuple):
    """The decimals of an instrument's prices and sizes."""

    price: int = 0
    size: int = 0

    def with_those_of(self, batch: pa.RecordBatch) -> Decimals:
        """Return the decimals that also the rows of a batch need."""
        return Decimals(
            _needed(self.price, (batch.column(n) for n in _PRICES if n in batch.schema.names)),
            _needed(self.size, (batch.column(n) for n in _SIZES if n in batch.schema.names)),
        )

    def highest(self, other: Decimals) -> Decimals:
        """Return the higher decimals of both."""
        return Decimals(max(self.price, other.price), max(self.size, other.size))

    def are_those_of(self, batch: pa.RecordBatch) -> bool:
        """Return whether no value of a batch has more decimals."""
        return self.with_those_of(batch) == self


def states_decimals(folder: str) -> bool:
    """Return whether files of a folder relative to ``data`` state the instrument's decimals."""
    return folder.partition("/")[0] in {"trades", "quotes", "bars"}


def _needed(decimals: int, columns: Iterable[pa.Array]) -> int:
    for column in columns:
        while decimals < _RAW_DECIMALS and not have_at_most(column, decimals):
            decimals += 1
    return decimals
