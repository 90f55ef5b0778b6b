"""Reading the spec of an import from its TOML file."""

from __future__ import annotations

import dataclasses
from datetime import date
from typing import TYPE_CHECKING, Any

from adapters.catalog.files.layout import check_recording_name
from adapters.command.settings_file import from_table, read_tables
from backtests.importing.spec.factor_file_spec import ColumnSpec, FactorFileSpec
from backtests.importing.spec.import_spec import ImportSettings, ImportSpec
from backtests.importing.spec.instrument_spec import InstrumentSpec
from backtests.importing.spec.market_file_specs import (
    BarsFileSpec,
    QuotesFileSpec,
    TradesFileSpec,
)
from dolphin_strategies.errors import ConfigError, did_you_mean
from dolphin_strategies.factors.schema import FactorSchema

if TYPE_CHECKING:
    from pathlib import Path


def read_spec(path: Path) -> ImportSpec:
    """Read a spec and check everything that can be checked without the data.

    Raises
    ------
    ConfigError
        With what was expected and found.

    """
    tables = _plain(read_tables(path))
    known = {
        "files": FactorFileSpec,
        "bars": BarsFileSpec,
        "quotes": QuotesFileSpec,
        "trades": TradesFileSpec,
        "instruments": InstrumentSpec,
    }
    parts: dict[str, Any] = {}
    settings = ImportSettings()
    for key, value in tables.items():
        if key == "import":
            settings = _table(ImportSettings, value, f"{path}: [import]")
        elif key not in known:
            msg = f"{path}: unknown table {key!r}{did_you_mean(key, ['import', *known])}"
            raise ConfigError(msg)
        else:
            parts[key] = _each(known[key], value, f"{path}: [[{key}]]")
    settings = dataclasses.replace(settings, name=check_recording_name(settings.name or path.stem))
    spec = ImportSpec(settings=settings, **parts)
    _check(spec, path)
    return spec


def _plain(value: Any) -> Any:
    """Write TOML's own dates and date-times as text, which the fields convert."""
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_plain(v) for v in value]
    return value.isoformat() if isinstance(value, date) else value


def _each(cls: type[Any], tables: Any, where: str) -> tuple[Any, ...]:
    if not (isinstance(tables, list) and all(isinstance(t, dict) for t in tables)):
        msg = f"{where}: expected tables with double brackets, found {tables!r:.80}"
        raise ConfigError(msg)
    return tuple(_one(cls, table, f"{where} {i}") for i, table in enumerate(tables, 1))


def _one(cls: type[Any], table: dict[str, Any], where: str) -> Any:
    where = f"{where} {table.get('path', table.get('id', ''))!s}".rstrip()
    if cls is not FactorFileSpec:
        return _table(cls, table, where)
    columns = table.get("columns")
    if not isinstance(columns, dict) or not columns:
        msg = f"{where}: expected [files.columns] with lines such as oi = {{ instant = true }}"
        raise ConfigError(msg)
    specs = {
        name: _column(name, rule, f"{where}: column {name!r}") for name, rule in columns.items()
    }
    return _table(cls, table | {"columns": specs}, where)


def _column(name: str, rule: Any, where: str) -> ColumnSpec:
    if not isinstance(rule, dict):
        msg = f"{where}: expected its rule, such as {{ instant = true }}, found {rule!r:.80}"
        raise ConfigError(msg)
    return _table(ColumnSpec, {"factor": name} | rule, where)


def _table[T](cls: type[T], values: Any, where: str) -> T:
    if not isinstance(values, dict):
        msg = f"{where}: expected a table, found {values!r:.80}"
        raise ConfigError(msg)
    missing = [
        f.name
        for f in dataclasses.fields(cls)  # type: ignore[arg-type]
        if f.default is dataclasses.MISSING
        and f.default_factory is dataclasses.MISSING
        and f.name not in values
    ]
    made_of = [f.name for f in dataclasses.fields(cls)]  # type: ignore[arg-type]
    if missing and all(key in made_of for key in values):
        msg = f"{where}: {missing[0]} is missing"
        raise ConfigError(msg)
    return from_table(cls, values, where)


def _check(spec: ImportSpec, path: Path) -> None:
    if not (spec.files or spec.market):
        msg = f"{path}: nothing to import; expected [[files]], [[bars]], [[quotes]] or [[trades]]"
        raise ConfigError(msg)
    if spec.files:
        try:
            FactorSchema([c.factor for f in spec.files for c in f.columns.values()])
        except ValueError as error:
            msg = f"{path}: {error}"
            raise ConfigError(msg) from None
    ids = [instrument.id for instrument in spec.instruments]
    for source in spec.market:
        if source.instrument not in ids and (source.instrument or len(ids) != 1):
            msg = (
                f"{path}: {source.path}: instrument: expected one of "
                f"{ids or '[[instruments]]'}, found {source.instrument!r}"
                f"{did_you_mean(source.instrument, ids)}"
            )
            raise ConfigError(msg)
