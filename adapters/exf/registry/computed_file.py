"""Reading tables ``[[computed]]`` from TOML."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from adapters.command.settings_file import read_tables
from dolphin_strategies.computed.spec import CLASSES, ComputedSpec
from dolphin_strategies.errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

PACKAGED: Final = Path(__file__).with_name("streams.toml")
_OWN_KEYS: Final = frozenset(
    {"class", "name", "instrument", "inputs", "range", "time_to_live_s", "unit", "about"}
)


def read_specs(path: Path | None) -> list[ComputedSpec]:
    """Return the computed factors of a file; None: of the packaged one.

    Raises
    ------
    ConfigError
        If the file cannot be read, or a table cannot be used.

    """
    path = path or PACKAGED
    tables = read_tables(path).get("computed", [])
    if not isinstance(tables, list) or not tables:
        msg = f"{path}: expected tables [[computed]], found none"
        raise ConfigError(msg)
    return [_spec(f"{path}, table [[computed]] {i}", t) for i, t in enumerate(tables, 1)]


def _spec(where: str, table: Mapping[str, Any]) -> ComputedSpec:
    for key in ("class", "name", "range", "time_to_live_s"):
        if key not in table:
            msg = f"{where}: expected a key {key!r}, found {', '.join(table)}"
            raise ConfigError(msg)
    if table["class"] not in CLASSES:
        hint = did_you_mean(table["class"], CLASSES)
        msg = (
            f"{where}: class: found {table['class']!r}{hint}; expected one of {', '.join(CLASSES)}"
        )
        raise ConfigError(msg)
    spec = ComputedSpec(
        name=table["name"],
        class_name=table["class"],
        instruments=tuple(table.get("inputs", [table.get("instrument", "")])),
        low=float(table["range"][0]),
        high=float(table["range"][1]),
        time_to_live_s=float(table["time_to_live_s"]),
        parameters={k: v for k, v in table.items() if k not in _OWN_KEYS},
        unit=table.get("unit", ""),
        about=table.get("about", ""),
    )
    try:
        spec.build()
    except (TypeError, ValueError) as error:
        msg = f"{where}: {error}"
        raise ConfigError(msg) from None
    return spec
