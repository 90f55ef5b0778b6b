"""The files of a session in the order of time."""

from __future__ import annotations

from pathlib import Path

from adapters.session.recorded_inputs import rows_in_time


def test_files_that_overlap_are_read_side_by_side() -> None:
    """Two schemas that alternate have a file each at the same time; the others are in one row."""
    names = ["01_05", "02_03", "04_06", "07_08", "09_10"]
    paths = [Path(f"/{name}.parquet") for name in names]
    rows = [[path.stem for path in row] for row in rows_in_time(paths)]
    assert rows == [["01_05", "07_08", "09_10"], ["02_03", "04_06"]]
