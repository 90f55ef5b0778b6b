"""Files of drills: read, written, and checked against the data of a backtest."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING, Annotated, Final

from adapters.command.field_rules import CheckedFields, Key, Rule
from adapters.command.instants import show_instant
from adapters.command.settings_file import from_table, read_tables
from adapters.process.whole_files import write_private
from backtests.run.drills.drill import Drill
from dolphin_strategies.errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from backtests.inputs.backtest_data import BacktestData

MOST_DRILLS: Final = 100
_SOME: Final = Rule(
    f"1 to {MOST_DRILLS} tables [[drill]]", lambda drills: 1 <= len(drills) <= MOST_DRILLS
)


@dataclass(frozen=True, kw_only=True)
class DrillFile(CheckedFields):
    """The content of a file of drills."""

    drills: Annotated[list[Drill], Key("drill"), _SOME] = field()


def read_drills(path: Path) -> list[Drill]:
    """Read the ``[[drill]]`` tables of a TOML file.

    Raises
    ------
    ConfigError
        If the file cannot be read, or a table has an unknown key or a value that does not fit.

    """
    return from_table(DrillFile, read_tables(path), str(path)).drills


def write_drills(path: Path, drills: Sequence[Drill]) -> None:
    """Write drills as a file that :func:`read_drills` reads."""
    tables = []
    for drill in drills:
        lines = ["[[drill]]", f'kind = "{drill.kind}"']
        lines += [
            f'start = "{show_instant(drill.start)}"',
            f'end = "{show_instant(drill.end_ns)}"',
        ]
        for key in ("factors", "instruments", "times", "plus"):
            value = getattr(drill, key)
            if value is not None:
                lines.append(f"{key} = {json.dumps(value)}")
        if drill.delay is not None:
            lines.append(f'delay = "{drill.delay}"')
        tables.append("\n".join(lines) + "\n")
    write_private(path, "\n".join(tables))


def check_drills(drills: Sequence[Drill], data: BacktestData) -> None:
    """Refuse drills that do not fit the data of a backtest, or each other.

    Raises
    ------
    ConfigError
        If a factor or an instrument is unknown (with the nearest name), a window is not inside the
        run's, two drills of one factor or market overlap, or no name is left.

    """
    schema = data.schema()
    instruments = sorted({str(table.instrument_id) for table in data.tables})
    for number, drill in enumerate(drills, start=1):
        where = f"drill {number} ({drill.label})"
        for name in drill.factors or ():
            if name not in schema:
                msg = f"{where}: no factor {name!r}{did_you_mean(name, schema)}"
                raise ConfigError(msg)
        for name in drill.instruments or ():
            if name not in instruments:
                msg = (
                    f"{where}: no market data of {name!r}{did_you_mean(name, instruments)}; "
                    f"there is {', '.join(instruments) or 'none'}"
                )
                raise ConfigError(msg)
        if drill.is_of_market and not instruments:
            msg = f"{where}: the backtest has no market data"
            raise ConfigError(msg)
        if drill.is_of_market and data.computed is not None:
            msg = (
                f"{where}: with --compute the factors come from the market as it was recorded, so "
                "that they would not fail with it; write them into the catalog with "
                "compute_factors.py, and let them fail by a drill of their own"
            )
            raise ConfigError(msg)
        if drill.start < data.start_ns or drill.end_ns > data.end_ns:
            msg = (
                f"{where}: its window {_window(drill.start, drill.end_ns)} is not inside the "
                f"run's, {_window(data.start_ns, data.end_ns)}"
            )
            raise ConfigError(msg)
        if drill.kind == "lose_name" and len(set(drill.factors or ())) >= len(schema):
            msg = f"{where}: no name would be left; a feed without any factor is a feed_stop"
            raise ConfigError(msg)
    for (i, one), (j, other) in combinations(enumerate(drills, start=1), 2):
        shared = _shared(one, other, list(schema), instruments)
        if shared and one.start < other.end_ns and other.start < one.end_ns:
            msg = (
                f"drills {i} ({one.label}) and {j} ({other.label}) overlap: {shared} can fail in "
                "one way at a time"
            )
            raise ConfigError(msg)


def _shared(
    one: Drill, other: Drill, factors: Sequence[str], instruments: Sequence[str]
) -> str | None:
    """Return a factor or an instrument that two drills have in common."""
    for name in factors:
        if one.hits(name) and other.hits(name):
            return name
    for name in instruments:
        if one.hits_market(name) and other.hits_market(name):
            return name
    return None


def _window(start_ns: int, end_ns: int) -> str:
    return f"{show_instant(start_ns)} to {show_instant(end_ns)}"
