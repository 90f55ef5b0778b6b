"""Reading the computed factors of a file alone, for who computes them without the service."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from adapters.command.settings_file import from_table, read_tables
from adapters.exchanges import known_venues
from adapters.exf.registry.computed_tables import ComputedTable, definitions_of
from dolphin_strategies.errors import ConfigError

if TYPE_CHECKING:
    from dolphin_strategies.computed.spec import ComputedSpec

PACKAGED: Final = Path(__file__).with_name("streams.toml")


@dataclass(frozen=True, kw_only=True)
class ComputedTables:
    """What is read of a file; polled and derived factors are left to the service.

    Attributes
    ----------
    computed : tuple of ComputedTable
        The computed factors.
    source, derived : object
        The service's; not read here.

    """

    computed: tuple[ComputedTable, ...] = ()
    source: Any = None
    derived: Any = None


def read_specs(path: Path | None) -> list[ComputedSpec]:
    """Return the computed factors of a file; as :func:`read_definitions`, without venues."""
    return [spec for spec, _ in read_definitions(path)]


def read_definitions(path: Path | None) -> list[tuple[ComputedSpec, tuple[str, ...]]]:
    """Return the computed factors of a file with the venue of each instrument, or ().

    None: those of the packaged file.

    An instrument may be of any venue, if the table names none; polled and derived factors of the
    file are not read.

    Raises
    ------
    ConfigError
        If the file cannot be read, has no computed factor, or a table cannot be used.

    """
    path = path or PACKAGED
    tables = from_table(ComputedTables, read_tables(path), str(path))
    found_by_name: dict[str, tuple[ComputedSpec, tuple[str, ...]]] = {}
    for number, table in enumerate(tables.computed, 1):
        where = f"{path}: [[computed]] {number} {table.name}"
        try:
            of_table = list(definitions_of(table, known_venues(), is_streamed=False))
        except ValueError as error:
            msg = f"{where}: {error}"
            raise ConfigError(msg) from None
        for definition in of_table:
            name = definition.spec.name
            if found_by_name.setdefault(name, definition) is not definition:
                msg = f"{where}: the factor {name!r} is defined twice"
                raise ConfigError(msg)
    if not found_by_name:
        msg = f"{path}: expected tables [[computed]], found none"
        raise ConfigError(msg)
    return list(found_by_name.values())
