"""Blanking: columns of factors without values, so that a copy does not hold what is made anew."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from adapters.process.safe_files import open_private
from backtests.lookahead.copies.scrambled_catalog import FACTORS, state_footers
from dolphin_strategies.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path


def blank(copy: Path, names: Collection[str]) -> None:
    """Let factors have no value, in all recordings of a copy.

    Parameters
    ----------
    copy : Path
        A folder made by :func:`backtests.lookahead.copies.scrambled_catalog.copy_catalog`.
    names : collection of str
        The factors.

    Raises
    ------
    ConfigError
        If a file cannot be read.

    """
    rewritten: set[str] = set()
    for path in sorted((copy / "data").joinpath(*FACTORS).rglob("*.parquet")):
        try:
            if _blank_file(path, names):
                rewritten.add(path.relative_to(copy).as_posix())
        except (OSError, pa.ArrowException, ValueError) as error:
            msg = f"{path.relative_to(copy)} of the catalog cannot be read: {error}"
            raise ConfigError(msg) from error
    state_footers(copy, rewritten)


def _blank_file(path: Path, names: Collection[str]) -> bool:
    with pq.ParquetFile(path) as file:
        schema = file.schema_arrow
        held = [name for name in schema.names if name in names]
        if not held:
            return False
        new = path.with_name(f".{path.name}.new")
        with (
            os.fdopen(open_private(new), "wb") as sink,
            pq.ParquetWriter(sink, schema, compression="zstd") as writer,
        ):
            for i in range(file.num_row_groups):
                table = file.read_row_group(i)
                for name in held:
                    field = schema.field(name)
                    nothing = pa.array(np.full(table.num_rows, np.nan), field.type)
                    table = table.set_column(schema.get_field_index(name), field, nothing)
                writer.write_table(table, row_group_size=max(table.num_rows, 1))
    new.replace(path)
    return True
