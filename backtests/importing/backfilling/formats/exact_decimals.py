"""Exact decimals: of numbers read as float64, and what holds for all of an array."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from backtests.importing.backfilling.formats import _decimal_checks
from dolphin_strategies.factors.arrow import numpy_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

DECIMAL: Final = pa.decimal128(38, 16)
"""Prices and sizes: the unscaled integer is the ``raw`` of a Price or Quantity."""
_DIGITS: Final = 16
_MOST_DECIMALS: Final = 8
_EXACT_TO: Final = 2.0**46
"""Up to here a float64 shows a further decimal: its rounding error is below 0.03."""
_ERROR: Final = 2.0**-50
_WORD: Final = 2.0**64


class NotExactError(Exception):
    """Numbers have more digits than a float64 states for certain; they are read as decimals."""


def fast_types(types: Mapping[str, pa.DataType]) -> dict[str, pa.DataType]:
    """Return the types of columns with float64 in place of decimals."""
    return {name: pa.float64() if kind == DECIMAL else kind for name, kind in types.items()}


def exact_decimals(column: pa.Array) -> pa.Array:
    """Return numbers as decimals.

    Parameters
    ----------
    column : float64 array
        The nearest float64 of each number.

    Returns
    -------
    decimal128(38, 16) array

    Raises
    ------
    NotExactError
        If a number is missing, negative, or may have had more digits.

    Notes
    -----
    A number below 2**46 units of its last decimal differs from a whole number of these units by
    the rounding of two float64 operations at most; a further decimal would be at least 0.1.
    The upper word of ``units * 10**n`` follows from the lower one, which is exact modulo 2**64,
    and from the product as a float64, whose error is far below 2**64.

    """
    if column.null_count:
        raise NotExactError
    values: NDArray[np.float64] = numpy_of(column)
    if not len(values):
        return column.cast(DECIMAL)
    high = float(values.max())
    if not (float(values.min()) >= 0 and high < _EXACT_TO):
        raise NotExactError
    decimals = _MOST_DECIMALS
    while decimals and high * 10.0**decimals >= _EXACT_TO:
        decimals -= 1
    units = values * 10.0**decimals
    whole = np.rint(units)
    if (np.abs(units - whole) > units * _ERROR).any():
        raise NotExactError
    factor = 10 ** (_DIGITS - decimals)
    words = np.empty((len(values), 2), np.uint64)
    low = whole.astype(np.uint64) * np.uint64(factor)
    words[:, 0] = low
    words[:, 1] = np.rint((whole * float(factor) - low) / _WORD)
    return pa.Array.from_buffers(DECIMAL, len(values), [None, pa.py_buffer(words)])


def have_at_most(column: pa.Array, decimals: int) -> bool:
    """Return whether no decimal of an array has more decimals.

    Parameters
    ----------
    column : decimal128(38, 16) array
        Without missing values.
    decimals : int
        From 0 to 16.

    """
    if not len(column):
        return True
    return _decimal_checks.have_at_most(column.buffers()[1], column.offset, len(column), decimals)


def are_positive(column: pa.Array) -> bool:
    """Return whether every decimal of an array is there, and above 0.

    Parameters
    ----------
    column : decimal128(38, 16) array

    """
    if column.null_count or not len(column):
        return not column.null_count
    return _decimal_checks.are_positive(column.buffers()[1], column.offset, len(column))
