"""The names in a catalog folder."""

from __future__ import annotations

import random
import stat
from typing import TYPE_CHECKING

import pytest

from adapters.catalog.files import catalog_layout
from dolphin_strategies.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


def test_a_file_is_named_as_nautilus_names_it() -> None:
    """The first and the last ts_init, to the nanosecond."""
    first_ns = 1_000_000_000_000_000_000
    expected = "2001-09-09T01-46-40-000000000Z_2001-09-09T01-46-40-000000009Z.parquet"
    assert catalog_layout.file_name(first_ns, first_ns + 9) == expected


def test_a_name_gives_its_range_back() -> None:
    """For any two times."""
    rng = random.Random(1)  # noqa: S311 - test data
    for _ in range(500):
        first_ns = rng.randrange(0, 4_000_000_000_000_000_000)
        last_ns = first_ns + rng.randrange(0, 10**15)
        assert catalog_layout.file_range(catalog_layout.file_name(first_ns, last_ns)) == (
            first_ns,
            last_ns,
        )


@pytest.mark.parametrize(
    "name",
    [
        "foreign.parquet",
        "2001-09-09T01-46-40-000000009Z_2001-09-09T01-46-40-000000000Z.parquet",
        "2001-13-09T01-46-40-000000000Z_2001-13-09T01-46-40-000000009Z.parquet",
        "2001-09-09T01-46-40-000000000Z.parquet",
        ".parquet",
    ],
)
def test_a_foreign_name_has_no_range(name: str) -> None:
    """Nor has one whose end is before its start."""
    assert catalog_layout.file_range(name) is None


def test_a_spool_says_part_and_folder() -> None:
    """Whatever the instrument is called."""
    for folder in ("custom/ExternalFactors/one", "quotes/BTCUSDT-PERP.BINANCE", "trades/a%b c.X"):
        assert catalog_layout.spool_part(catalog_layout.spool_name(123_456, folder)) == (
            123_456,
            folder,
        )
    assert catalog_layout.spool_part("journal.jsonl") is None


@pytest.mark.parametrize("name", ["", "../up", "a/b", ".hidden", "x" * 101, "new\nline"])
def test_a_recording_is_named_by_a_plain_word(name: str) -> None:
    """Nothing that leads out of its folder."""
    with pytest.raises(ConfigError, match="recording name"):
        catalog_layout.check_recording_name(name)


def test_folders_are_private_and_no_link_is_followed(tmp_path: Path) -> None:
    """0700 whatever the umask; a link in the way is refused."""
    made = catalog_layout.make_folder(tmp_path, "data/custom")
    assert made.stat().st_mode & 0o777 == 0o700
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "data/quotes").symlink_to(elsewhere)
    with pytest.raises(ConfigError, match="expected a real folder"):
        catalog_layout.make_folder(tmp_path, "data/quotes/BTCUSDT.SIM")
    assert list(elsewhere.iterdir()) == []
    with pytest.raises(ConfigError, match="expected one below"):
        catalog_layout.make_folder(tmp_path, "data/../../out")


def test_what_cannot_be_told_is_not_taken_for_nothing(tmp_path: Path) -> None:
    """Nothing, a file in the place of a folder and a link to itself are nothing; else an error."""
    (tmp_path / "file").write_text("x")
    (tmp_path / "loop").symlink_to("loop")
    for nothing in ("none", "file/below", "loop"):
        assert catalog_layout.mode_of(tmp_path / nothing) == 0
    assert stat.S_ISREG(catalog_layout.mode_of(tmp_path / "file"))
    assert stat.S_ISDIR(catalog_layout.mode_of(tmp_path))
    with pytest.raises(OSError, match="too long"):
        catalog_layout.mode_of(tmp_path / ("x" * 300))
