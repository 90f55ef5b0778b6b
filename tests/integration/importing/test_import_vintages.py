"""Files that state when each row was published, imported: by hand, and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import numpy as np
import pytest

from adapters.catalog import FactorCatalog
from adapters.catalog.__main__ import main as list_catalog
from adapters.command.instants import show_instant
from tests.support.catalogs.imports import ROOT, Done, run_import, write_files

if TYPE_CHECKING:
    from pathlib import Path

NAN: Final = float("nan")
SPEC: Final = """
[[files]]
path = "cpi.csv"
stamp_column = "month"
known_at_column = "published"
timezone = "America/New_York"
{keys}
[files.columns]
{columns}
"""
CPI: Final = """month,published,cpi
2026-01-01,2026-02-11 08:30:00,100
2026-02-01,2026-03-11 08:30:00,101
2026-01-01,2026-03-11 08:30:00,100.5
2026-03-01,2026-04-10 08:30:00,102
2026-02-01,2026-05-12 08:30:00,109
2026-03-01,2026-05-12 08:30:00,102.5
2026-02-01,2026-06-10 08:30:00,108
"""


def imported(folder: Path, text: str, columns: str, keys: str = "") -> Done:
    """Import one file of monthly values as a user does."""
    spec = SPEC.format(columns=columns, keys=keys)
    data = write_files(folder / "data", {"spec.toml": spec, "cpi.csv": text})
    return run_import("--spec", data / "spec.toml", "--catalog", folder / "catalog")


def seen(folder: Path, *names: str) -> list[tuple[str, list[float]]]:
    """Return every record: its instant in UTC, and the values of some factors."""
    ts_init, values = FactorCatalog(folder / "catalog").arrays(list(names))
    shown = [datetime.fromtimestamp(ns / 1e9, UTC).strftime("%m-%d %H:%M") for ns in ts_init]
    return list(zip(shown, values.tolist(), strict=True))


def test_every_publication_is_known_from_its_own_instant_on(tmp_path: Path) -> None:
    """Local times of New York, winter and summer; late revisions of older months change nothing;
    of two rows of one instant the newer month's is the value.
    """
    rule = 'cpi = { covers = "31d", delay = "5m", valid_for = "forever" }'
    done = imported(tmp_path, CPI, rule)
    assert done.returncode == 0, done.stderr
    assert seen(tmp_path, "cpi") == [
        ("02-11 13:35", [100.0]),
        ("03-11 12:35", [101.0]),
        ("04-10 12:35", [102.0]),
        ("05-12 12:35", [102.5]),
    ]
    head, line = done.stdout.splitlines()[:2]
    assert head.split()[:5] == ["factor", "rows", "missing", "revised", "late"]
    assert line.split()[:5] == ["cpi", "7", "0", "1", "3"]
    assert "published + 5m" in line


def test_the_table_of_the_documentation_is_true(tmp_path: Path) -> None:
    """Its spec imports its rows, and gives its values from its instants on."""
    text = (ROOT / "docs" / "import.md").read_text(encoding="utf-8")
    section = text.split("## Revised values", 1)[1].split("\n## ", 1)[0]
    spec = section.split("```toml", 1)[1].split("```", 1)[0]
    lines = [line.split("|") for line in section.splitlines() if line.startswith("| 2026")]
    rows = "\n".join(["month,published,cpi", *(line[1].replace(", ", ",") for line in lines)])
    data = write_files(tmp_path / "data", {"spec.toml": spec, "us_cpi_vintages.csv": rows})
    done = run_import("--spec", data / "spec.toml", "--catalog", tmp_path / "catalog")
    assert done.returncode == 0, done.stderr
    shown = [line[2].strip() for line in lines if " from " in line[2]]
    ts_init, values = FactorCatalog(tmp_path / "catalog").arrays(["cpi"])
    # The last one is the gap after the newest month.
    found = [
        f"{value:.1f} from {show_instant(ns)}"
        for ns, value in zip(ts_init.tolist(), values[:, 0].tolist(), strict=True)
    ]
    assert found[:-1] == shown
    assert done.stdout.splitlines()[1].split()[:5] == ["cpi", "6", "0", "1", "2"]


def test_views_of_one_file_are_factors_beside_each_other(tmp_path: Path) -> None:
    """As it was revised, as it was first released, and the look-ahead, which says what it is."""
    views = [("all", "cpi"), ("first", "cpi_first"), ("latest", "cpi_latest")]
    spec = "".join(
        SPEC.format(
            keys="",
            columns=f'cpi = {{ factor = "{name}", vintages = "{view}", valid_for = "forever" }}',
        )
        for view, name in views
    )
    data = write_files(tmp_path / "data", {"spec.toml": spec, "cpi.csv": CPI})
    done = run_import("--spec", data / "spec.toml", "--catalog", tmp_path / "catalog")
    assert done.returncode == 0, done.stderr
    assert seen(tmp_path, *(name for _, name in views)) == [
        ("02-11 13:30", [100.0, 100.0, 100.5]),
        ("03-11 12:30", [101.0, 101.0, 108.0]),
        ("04-10 12:30", [102.0, 102.0, 102.5]),
        ("05-12 12:30", [102.5, 102.0, 102.5]),
    ]
    assert "LOOK-AHEAD: cpi_latest has the last revision" in done.stderr
    line = next(line for line in done.stdout.splitlines() if line.startswith("cpi_latest"))
    assert "LOOK-AHEAD" in line


def test_a_catalog_with_latest_vintages_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Long after the import, in the list of its recordings."""
    assert imported(tmp_path, CPI, 'cpi = { vintages = "latest" }').returncode == 0
    assert list_catalog([str(tmp_path / "catalog")]) == 0
    assert "import of spec.toml, LOOK-AHEAD in cpi" in capsys.readouterr().out


DATES: Final = "month,published,cpi\n2026-01-01,2026-03-07,100\n2026-02-01,2026-03-08,101\n"


def test_a_date_of_publication_is_the_end_of_that_day(tmp_path: Path) -> None:
    """At its midnight nobody knew it; New York's 8 March has 23 hours."""
    done = imported(tmp_path, DATES, 'cpi = { valid_for = "forever" }')
    assert done.returncode == 0, done.stderr
    assert seen(tmp_path, "cpi") == [("03-08 05:00", [100.0]), ("03-09 04:00", [101.0])]
    assert "2 dates of publication: known at the end of that day" in done.stderr


def test_a_date_of_publication_may_have_its_time_of_day(tmp_path: Path) -> None:
    """On the local clock, over the change of clocks."""
    done = imported(tmp_path, DATES, 'cpi = { valid_for = "forever" }', 'known_at_time = "08:30"')
    assert done.returncode == 0, done.stderr
    assert seen(tmp_path, "cpi") == [("03-07 13:30", [100.0]), ("03-08 12:30", [101.0])]


def test_rows_published_before_the_end_of_what_they_cover_are_refused_or_wait(
    tmp_path: Path,
) -> None:
    """The stamp's meaning or the zone is wrong; or it was an estimate, known by its end."""
    early = CPI + "2026-06-01,2026-06-30 08:30:00,103\n2026-06-01,2026-06-29 08:30:00,104\n"
    rule = 'cpi = { covers = "30d", valid_for = "forever" }'
    done = imported(tmp_path, early, rule)
    assert done.returncode == 2
    assert "2 rows were published before the end of what they cover" in done.stderr
    assert "row 9, published 2026-06-29 12:30:00Z, before 2026-07-01 04:00:00Z" in done.stderr
    done = imported(tmp_path, early, rule, 'known_at_early = "wait"')
    assert done.returncode == 0, done.stderr
    assert "cpi: 2 rows published before the end of what they cover: known then" in done.stderr
    # The later of the two publications is the value when both are known at once.
    assert seen(tmp_path, "cpi")[-1] == ("07-01 04:00", [103.0])


def test_a_row_published_before_its_stamp_is_refused_without_any_rule(tmp_path: Path) -> None:
    """No clock of a publisher runs backwards."""
    done = imported(tmp_path, "month,published,cpi\n2026-03-01,2026-02-27 08:30,1\n", "cpi = {}")
    assert done.returncode == 2
    assert "1 rows were published before their stamps" in done.stderr


def test_two_rows_of_one_stamp_and_one_publication_are_refused(tmp_path: Path) -> None:
    """Which of them is the value is not known; one of the rules chooses."""
    twice = CPI + "2026-03-01,2026-04-10 08:30:00,777\n"
    done = imported(tmp_path, twice, "cpi = {}")
    assert done.returncode == 2
    assert "1 rows of one stamp published at one instant" in done.stderr
    assert "(row 4 and row 8)" in done.stderr
    done = imported(tmp_path, twice, 'cpi = { valid_for = "9w" }', 'duplicates = "last"')
    assert done.returncode == 0, done.stderr
    assert ("04-10 12:30", [777.0]) in seen(tmp_path, "cpi")


def test_gap_rules_and_ranges_hold_for_revised_series(tmp_path: Path) -> None:
    """March is absent: February stands for 46.5 days after its first publication; a revision
    outside the range is a gap, as an empty cell is.
    """
    text = """month,published,cpi
2026-02-01,2026-03-11 08:30,101
2026-02-01,2026-03-20 08:30,0
2026-02-01,2026-03-21 08:30,101.5
2026-04-01,2026-05-12 08:30,103
"""
    done = imported(tmp_path, text, 'cpi = { covers = "31d", range = [1, 1000] }')
    assert done.returncode == 0, done.stderr
    np.testing.assert_equal(
        seen(tmp_path, "cpi"),
        [
            ("03-11 12:30", [101.0]),
            ("03-20 12:30", [NAN]),
            ("03-21 12:30", [101.5]),
            ("04-27 00:30", [NAN]),
            ("05-12 12:30", [103.0]),
            ("06-28 00:30", [NAN]),
        ],
    )
    assert "1 of 4 values outside 1 to 1000 became NaN" in done.stderr
    assert done.stdout.splitlines()[1].split()[:5] == ["cpi", "4", "1", "2", "0"]


def test_an_earlier_file_has_newer_stamps_than_a_revision_in_a_later_file(tmp_path: Path) -> None:
    """One factor from two files: May's revision in the second does not displace June."""
    one = "month,published,cpi\n2026-05-01,2026-06-10 08:30,5\n2026-06-01,2026-07-10 08:30,6\n"
    two = "month,published,cpi\n2026-05-01,2026-07-20 08:30,55\n2026-06-01,2026-07-21 08:30,66\n"
    spec = "".join(
        SPEC.format(keys="", columns='cpi = { covers = "30d", valid_for = "forever" }').replace(
            "cpi.csv", name
        )
        for name in ("two.csv", "one.csv")
    )
    data = write_files(tmp_path / "data", {"spec.toml": spec, "one.csv": one, "two.csv": two})
    done = run_import("--spec", data / "spec.toml", "--catalog", tmp_path / "catalog")
    assert done.returncode == 0, done.stderr
    expected = [("06-10 12:30", [5.0]), ("07-10 12:30", [6.0]), ("07-21 12:30", [66.0])]
    assert seen(tmp_path, "cpi") == expected
    assert done.stdout.splitlines()[1].split()[:5] == ["cpi", "4", "0", "0", "1"]


def test_a_file_without_publications_before_one_with_them(tmp_path: Path) -> None:
    """The old archive has only last values, the new one every publication: June stands in both."""
    one = "month,cpi\n2026-05-01,5\n2026-06-01,6\n"
    two = "month,published,cpi\n2026-05-01,2026-07-20 08:30,55\n2026-06-01,2026-07-21 08:30,66\n"
    rule = 'cpi = { covers = "30d", delay = "9d", valid_for = "forever" }'
    new = SPEC.format(keys="", columns=rule).replace("cpi.csv", "two.csv")
    old = new.replace("two.csv", "one.csv").replace('known_at_column = "published"', "")
    data = write_files(tmp_path / "data", {"spec.toml": new + old, "one.csv": one, "two.csv": two})
    done = run_import("--spec", data / "spec.toml", "--catalog", tmp_path / "catalog")
    assert done.returncode == 0, done.stderr
    expected = [("06-09 04:00", [5.0]), ("07-10 04:00", [6.0]), ("07-30 12:30", [66.0])]
    assert seen(tmp_path, "cpi") == expected


@pytest.mark.parametrize(
    ("text", "keys", "columns", "message"),
    [
        ("month,published,cpi\n2026-01-01,,1\n", "", "cpi = {}", "'published', row 1"),
        ("month,published,cpi\n2026-01-01,soon,1\n", "", "cpi = {}", "need known_at_format"),
        (
            "month,published,cpi\n2026-01-01,1775000000,1\n",
            "",
            "cpi = {}",
            'with known_at_unit = "s" 1775000000 is 2026-03-31',
        ),
        (
            "month,published,cpi\n2026-01-01,1775000000,1\n",
            'known_at_unit = "ms"',
            "cpi = {}",
            'unit = "s" 1775000000 is',
        ),
        (CPI, 'known_at_time = "08:30"', "cpi = {}", "known_at_time is for dates"),
        (CPI, 'known_at_time = "8 o\'clock"', "cpi = {}", "a time of day"),
        (CPI, "known_at_time = 08:30:00", "cpi = {}", "a time of day in quotes"),
        (CPI, "", 'cpi = { vintages = "newest" }', "'all' or 'first' or 'latest'"),
        (CPI, "", 'cpi = { stamp = "end" }', "stamp goes with covers"),
        (CPI, 'known_at_unit = "s"\nknown_at_format = "%Y"', "cpi = {}", "write one of them"),
        (CPI.replace("published", "released"), "", "cpi = {}", "'published' is missing"),
    ],
)
def test_what_is_refused(tmp_path: Path, text: str, keys: str, columns: str, message: str) -> None:
    """Each with the key, the column or the row."""
    done = imported(tmp_path, text, columns, keys)
    assert done.returncode == 2
    assert message in done.stderr


@pytest.mark.parametrize(
    ("keys", "columns"),
    [
        ('known_at_unit = "s"', "cpi = {instant = true}"),
        ('known_at_format = "%Y"', "cpi = {instant = true}"),
        ('known_at_time = "08:30"', "cpi = {instant = true}"),
        ('known_at_early = "wait"', "cpi = {instant = true}"),
        ("", 'cpi = {instant = true, vintages = "first"}'),
    ],
)
def test_keys_of_publications_need_their_column(tmp_path: Path, keys: str, columns: str) -> None:
    """Without it they would do nothing, without a word."""
    spec = SPEC.format(keys=keys, columns=columns)
    spec = spec.replace('known_at_column = "published"\n', "")
    data = write_files(tmp_path / "data", {"spec.toml": spec, "cpi.csv": CPI})
    done = run_import("--spec", data / "spec.toml", "--check")
    assert done.returncode == 2
    assert "goes with known_at_column" in done.stderr
