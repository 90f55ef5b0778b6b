"""Series whose provider changed its convention, and values that cannot be, in an import."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pytest

from adapters.catalog import FactorCatalog
from tests.support.catalogs.imports import run_import, write_files

if TYPE_CHECKING:
    from pathlib import Path

MIDNIGHT: Final = 1_782_345_600
"""2026-06-25 00:00 UTC, from which on stamps are the start of five minutes, UNIX seconds."""
S: Final = 1_000_000_000
NAN: Final = float("nan")
UNTIL: Final = """create_time,open_interest,ratio
2026-06-24 23:45:00,145,1.45
2026-06-24 23:50:00,150,1.5
2026-06-24 23:55:00,0,1.55
2026-06-25 00:00:00,160,1.6
"""
FROM: Final = """create_time,open_interest,ratio
2026-06-25 00:00:00,200,2.0
2026-06-25 00:05:00,0,2.05
2026-06-25 00:10:00,210,2.1
2026-06-25 00:20:00,220,2.2
"""
FILE: Final = """
[[files]]
path = "{path}"
stamp_column = "create_time"
timezone = "UTC"
[files.columns]
open_interest = {{ factor = "oi", {oi}, delay = "30s", range = [1, 1000] }}
ratio = {{ covers = "5m", {ratio} delay = "30s" }}
"""
OLD: Final = FILE.format(
    path="until.csv", oi='instant = true, every = "5m"', ratio='stamp = "end",'
)
NEW: Final = FILE.format(path="from.csv", oi='covers = "5m"', ratio="")


@pytest.mark.parametrize("spec", [OLD + NEW, NEW + OLD], ids=["in order", "newer first"])
def test_each_file_has_its_own_rule(spec: str, tmp_path: Path) -> None:
    """By hand: no value is seen before it was known, on either side of the change; the stamp that
    both files have is two values; a zero that cannot be is none; holes are holes.
    """
    data = write_files(
        tmp_path / "data", {"spec.toml": spec, "until.csv": UNTIL, "from.csv": FROM}
    )
    done = run_import("--spec", data / "spec.toml", "--catalog", tmp_path / "catalog")
    assert done.returncode == 0, done.stderr
    ts_init, values = FactorCatalog(tmp_path / "catalog").arrays(["oi", "ratio"])
    minutes = ((ts_init - MIDNIGHT * S) / (60 * S)).tolist()
    assert minutes == [-14.5, -9.5, -4.5, 0.5, 5.5, 10.5, 15.5, 20.5, 25.5, 30.5]
    oi = [145, 150, NAN, 160, 200, NAN, 210, NAN, 220, NAN]
    ratio = [1.45, 1.5, 1.55, 1.6, 2.0, 2.05, 2.1, NAN, 2.2, NAN]
    np.testing.assert_array_equal(values, np.column_stack([oi, ratio]))
    assert done.stderr.count("oi: 1 of 4 values outside 1 to 1000 became NaN") == 2
    line = next(line for line in done.stdout.splitlines() if line.startswith("oi "))
    assert "stamp + 30s, then stamp + 5m + 30s" in line
    assert line.split()[1:3] == ["8", "1"]


def test_daily_files_in_which_the_label_of_the_change_appears_twice(tmp_path: Path) -> None:
    """As they are downloaded, read by one pattern: the first midnight has the old rule, the second
    the new one, and `end` is not included.
    """
    old, new = (
        rules.replace(path, "day_*.csv").replace(
            'timezone = "UTC"', f'timezone = "UTC"\nduplicates = "{which}"\n{cut}'
        )
        for rules, path, which, cut in (
            (OLD, "until.csv", "first", "end = 2026-06-25T00:00:01Z"),
            (NEW, "from.csv", "last", "start = 2026-06-25T00:00:00Z"),
        )
    )
    days = {"spec.toml": old + new, "day_24.csv": UNTIL, "day_25.csv": FROM}
    data = write_files(tmp_path / "data", days)
    done = run_import("--spec", data / "spec.toml", "--catalog", tmp_path / "catalog")
    assert done.returncode == 0, done.stderr
    ts_init, values = FactorCatalog(tmp_path / "catalog").arrays(["oi", "ratio"])
    minutes = ((ts_init - MIDNIGHT * S) / (60 * S)).tolist()
    assert minutes[:6] == [-14.5, -9.5, -4.5, 0.5, 5.5, 10.5]
    np.testing.assert_array_equal(values[2:6], [[NAN, 1.55], [160, 1.6], [200, 2.0], [NAN, 2.05]])
    assert done.stderr.count("1 duplicated stamps: took the first of each") == 1
    assert done.stderr.count("1 duplicated stamps: took the last of each") == 1


def test_values_that_interleave_are_refused(tmp_path: Path) -> None:
    """With both files and the instants; nothing is imported."""
    again = UNTIL + "2026-06-25 00:05:00,165,1.65\n"
    data = write_files(
        tmp_path / "data", {"spec.toml": OLD + NEW, "until.csv": again, "from.csv": FROM}
    )
    done = run_import("--spec", data / "spec.toml", "--catalog", tmp_path / "catalog")
    assert done.returncode == 2
    assert "'oi' is in until.csv until 2026-06-25 00:05:30Z" in done.stderr
    assert "in from.csv from 2026-06-25 00:05:30Z on" in done.stderr
    assert not list((tmp_path / "catalog").rglob("*.parquet"))


@pytest.mark.parametrize("kept", [0, 1])
def test_files_without_any_value_are_none(kept: int, tmp_path: Path) -> None:
    """One is left out beside one with values; two of them are a factor without any."""
    empty = "create_time,open_interest,ratio\n2026-06-24 23:45:00,,\n"
    spec = (OLD + NEW).replace("delay", 'valid_for = "1d", delay')
    files = {"spec.toml": spec, "until.csv": empty, "from.csv": FROM if kept else empty}
    data = write_files(tmp_path / "data", files)
    done = run_import("--spec", data / "spec.toml", "--check")
    assert done.returncode == (0 if kept else 2)
    assert ("no factor changes" in done.stderr) is not bool(kept)


def test_a_hole_between_two_files_is_counted(tmp_path: Path) -> None:
    """A value of the first file is not carried over it."""
    late = "create_time,open_interest,ratio\n2026-06-25 01:00:00,300,3.0\n"
    data = write_files(
        tmp_path / "data", {"spec.toml": OLD + NEW, "until.csv": UNTIL, "from.csv": late}
    )
    done = run_import("--spec", data / "spec.toml", "--catalog", tmp_path / "catalog")
    assert done.returncode == 0, done.stderr
    ts_init, values = FactorCatalog(tmp_path / "catalog").arrays(["oi"])
    minutes = ((ts_init - MIDNIGHT * S) / (60 * S)).tolist()
    assert minutes[-4:] == [0.5, 5.5, 65.5, 70.5]
    np.testing.assert_array_equal(values[-4:, 0], [160, NAN, 300, NAN])
    line = next(line for line in done.stdout.splitlines() if line.startswith("oi "))
    assert line.split()[1:3] == ["5", "12"]
