"""Files of an import as tests write and read them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from backtests.importing.files.rows import Rows, read_rows
from backtests.importing.spec.file_spec import FileSpec

T0: Final = 1_777_410_000
"""UNIX seconds, 2026-04-28 21:00 in UTC."""
S: Final = 1_000_000_000


def rows_of(folder: Path, name: str, *columns: str, **spec: Any) -> Rows:
    """Read a file of a folder."""
    spec = {"stamp_column": "t", "unit": "s"} | spec
    return read_rows(folder, FileSpec(path=Path(name), **spec), columns)


def write(folder: Path, name: str, content: str | bytes | list[Any] | dict[str, Any]) -> str:
    """Write a file of the kind that its name says; return its name."""
    path = folder / name
    if isinstance(content, dict) and name.endswith(".parquet"):
        pq.write_table(pa.table(content), path)
    elif isinstance(content, bytes):
        path.write_bytes(content)
    else:
        path.write_text(content if isinstance(content, str) else json.dumps(content))
    return name
