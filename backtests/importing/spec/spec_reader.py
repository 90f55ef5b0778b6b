"""Reading the spec of an import from its TOML file."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from adapters.catalog.files.catalog_layout import check_recording_name
from adapters.command.settings_file import from_table, read_tables
from backtests.importing.spec.import_spec import ImportSpec
from dolphin_strategies.errors import ConfigError, did_you_mean
from dolphin_strategies.factors.schema import FactorSchema

if TYPE_CHECKING:
    from pathlib import Path

    from backtests.importing.spec.market_file_specs import FundingFileSpec, MarketFileSpec


def read_spec(path: Path) -> ImportSpec:
    """Read a spec and check everything that can be checked without the data.

    Raises
    ------
    ConfigError
        With what was expected and found.

    """
    spec = from_table(ImportSpec, read_tables(path), str(path))
    name = check_recording_name(spec.settings.name or path.stem)
    spec = dataclasses.replace(spec, settings=dataclasses.replace(spec.settings, name=name))
    _check(spec, path)
    return spec


def _check(spec: ImportSpec, path: Path) -> None:
    if not (spec.files or spec.market or spec.funding):
        msg = (
            f"{path}: nothing to import; expected [[files]], [[bars]], [[quotes]], [[trades]] or "
            "[[funding]]"
        )
        raise ConfigError(msg)
    if spec.files:
        try:
            # One factor may come from several files, and from one column of each.
            wide = [file for file in spec.files if file.pivot is None]
            for file in wide:
                FactorSchema([column.factor for column in file.columns.values()])
            if wide:
                FactorSchema({c.factor: None for f in wide for c in f.columns.values()})
        except ValueError as error:
            msg = f"{path}: {error}"
            raise ConfigError(msg) from None
    ids = [instrument.id for instrument in spec.instruments]
    sources: list[MarketFileSpec | FundingFileSpec] = [*spec.market, *spec.funding]
    for source in sources:
        if not ids:
            msg = (
                f"{path}: {source.path}: market data needs [[instruments]], found none: write one "
                "with id, kind, base, quote, price_increment and size_increment"
            )
            raise ConfigError(msg)
        if source.instrument not in ids and (source.instrument or len(ids) != 1):
            msg = (
                f"{path}: {source.path}: instrument: expected one of "
                f"{ids}, found {source.instrument!r}"
                f"{did_you_mean(source.instrument, ids)}"
            )
            raise ConfigError(msg)
    spot = [i.id for i in spec.instruments if i.kind == "spot"]
    for rates in spec.funding:
        name = rates.instrument or ids[0]
        if name in spot:
            msg = f"{path}: {rates.path}: only a perpetual has funding, {name} is of kind spot"
            raise ConfigError(msg)
