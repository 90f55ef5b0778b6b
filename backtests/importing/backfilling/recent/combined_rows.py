"""Rows of fields that are made of several histories: open interest in dollars, the basis."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

import numpy as np

from adapters.exchanges.venues.histories import known_histories
from backtests.importing.backfilling.factors.derived_values import apply_rule
from backtests.importing.backfilling.formats.venues.endpoints.endpoint_rows import (
    KNOWN,
    STAMP,
    VALUE,
)
from backtests.importing.backfilling.recent.rows_file import RowsName, kept_file

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from adapters.exchanges.venues.histories.history import Combination, History
    from backtests.importing.backfilling.recent.recent_tasks import RecentTask, Target

_STANDS: Final = 1.5
"""Usual distances for which a row stands."""
_FLAGS: Final = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC


def write_combined(
    folder: Path, target: Target, combination: Combination, tasks: list[RecentTask], symbol: str
) -> bool:
    """Write the rows of a combination, if the rows of all its inputs are there.

    Parameters
    ----------
    folder : Path
        Where the rows of the histories are kept.
    target : Target
        Whose they are.
    combination : Combination
        What is made of which fields.
    tasks : list of RecentTask
        What was asked.
    symbol : str
        The symbol at the combination's endpoint.

    Returns
    -------
    bool
        Whether there are rows.

    Raises
    ------
    OSError
        If they cannot be written.

    """
    inputs = [_input(folder, target, pair, tasks) for pair in combination.of]
    found = [one for one in inputs if one is not None]
    if len(found) < len(inputs):
        return False
    known = np.unique(np.concatenate([one[0] for one in found]))
    states = np.column_stack([_as_of(known, *one) for one in found])
    values = apply_rule(combination.rule, states)
    has_value = ~np.isnan(values)
    if not has_value.any():
        return False
    history = f"{combination.endpoint}.{combination.field}"
    name = RowsName(target.venue, history, symbol, int(known[has_value][0]))
    rows = zip(known[has_value].tolist(), values[has_value].tolist(), strict=True)
    text = f"{KNOWN},{VALUE}\n" + "".join(f"{at},{value!r}\n" for at, value in rows)
    fd = os.open(folder / name.file, _FLAGS, 0o600)
    with os.fdopen(fd, "wb") as file:
        file.write(text.encode())
    return True


def _input(
    folder: Path, target: Target, pair: tuple[str, str], tasks: list[RecentTask]
) -> tuple[NDArray[np.int64], NDArray[np.float64], int] | None:
    """Return when each value of a field was known, the values, and how long one stands."""
    endpoint, field = pair
    for name, history in known_histories()[target.venue].histories.items():
        task = next((t for t in tasks if t.target == target and t.name == name), None)
        if history.endpoint != endpoint or field not in history.fields or task is None:
            continue
        kept = kept_file(folder, target.venue, name, task.symbol)
        if kept is not None:
            return _read(folder / kept.file, field, history)
    return None


def _read(
    path: Path, field: str, history: History
) -> tuple[NDArray[np.int64], NDArray[np.float64], int]:
    lines = path.read_text().splitlines()
    names = lines[0].split(",")
    cells = [line.split(",") for line in lines[1:]]
    stamps = np.array([int(row[names.index(STAMP)]) for row in cells], np.int64)
    texts = [row[names.index(field)] for row in cells]
    values = np.array([float(text) if text else np.nan for text in texts], np.float64)
    late_ms = history.covers_ms + history.served_ms
    return stamps + late_ms, values, round(_STANDS * history.usual_ms)


def _as_of(
    at: NDArray[np.int64], known: NDArray[np.int64], values: NDArray[np.float64], stands_ms: int
) -> NDArray[np.float64]:
    """Return the last known value at each instant, unless it is too old."""
    index = np.searchsorted(known, at, side="right") - 1
    stands = (index >= 0) & (at - known[index] < stands_ms)
    return np.where(stands, values[index], np.nan)
