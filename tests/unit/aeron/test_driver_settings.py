"""The media driver's settings, and the table of them in the docs."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.aeron_stream.driver.driver_folder import NoDriverError, driver_folder
from adapters.aeron_stream.driver.driver_settings import (
    RECEIVE_WINDOW,
    SETTINGS,
    environment,
    receive_window,
)
from adapters.process.safe_files import UnusableFileError
from live.aeron_driver import main

PAGE = Path(__file__).resolve().parents[3] / "docs" / "aeron.md"


def test_the_page_has_every_setting_with_its_reason() -> None:
    """Row by row, in order."""
    rows = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if "| `AERON_" in line]
    assert rows == [f"| `{s.name}` | {s.value} | {s.default} | {s.reason} |" for s in SETTINGS]


@pytest.mark.parametrize(
    ("limit", "expected"), [("212992\n", 212_992), ("4194304\n", RECEIVE_WINDOW), ("x", 212_992)]
)
def test_a_receiver_keeps_what_the_kernel_allows(
    tmp_path: Path, limit: str, expected: int
) -> None:
    """A driver that asks for more does not start."""
    file = tmp_path / "rmem_max"
    file.write_text(limit)
    assert receive_window(file) == expected
    assert receive_window(tmp_path / "missing") == 212_992


def test_a_driver_that_spins_differs_in_that_alone() -> None:
    """The other settings are the same."""
    sleeping, spinning = environment(), environment(0)
    assert {n for n in sleeping if sleeping[n] != spinning.get(n)} == {
        "AERON_SHARED_IDLE_STRATEGY",
        "AERON_SHARED_IDLE_STRATEGY_INIT_ARGS",
    }


@pytest.mark.parametrize(("rest_us", "sleeps"), [(5, "5us-5us"), (500, "100us-500us")])
def test_no_sleep_is_longer_than_asked(rest_us: int, sleeps: str) -> None:
    """Nor is the first one."""
    found = environment(rest_us)["AERON_SHARED_IDLE_STRATEGY_INIT_ARGS"]
    assert found == f"0-0-{sleeps}"


@pytest.mark.parametrize("rest_us", [-1, 1_001])
def test_a_sleep_out_of_range_is_refused(rest_us: int) -> None:
    """Not silently shortened, and before Aeron sees it."""
    with pytest.raises(ValueError, match="rest_us: expected 0"):
        environment(rest_us)


@pytest.mark.parametrize("text", ["0", "1001", "1.5", "a", "٣"])
def test_the_program_tells_which_sleeps_it_takes(
    text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2 before a driver starts; none at all is ``--spin``."""
    with pytest.raises(SystemExit) as ended:
        main(["--rest", text])
    assert ended.value.code == 2
    assert "expected 1 to 1000 microseconds (--spin: none)" in capsys.readouterr().err


def test_a_folder_that_others_could_write_is_refused(tmp_path: Path) -> None:
    """Open to others, a link, or somebody's file in the driver's place."""
    folder = tmp_path / "driver_of_a_user"
    with pytest.raises(NoDriverError, match=r"aeron_driver\.py"):
        driver_folder(folder)
    assert driver_folder(folder, create=True) == folder / "driver"
    assert folder.stat().st_mode & 0o777 == 0o700
    (folder / "driver").symlink_to(tmp_path)
    with pytest.raises(UnusableFileError, match="driver is refused"):
        driver_folder(folder)
    folder.chmod(0o755)
    with pytest.raises(UnusableFileError, match="mode 0700"):
        driver_folder(folder)
    link = tmp_path / "link"
    link.symlink_to(folder)
    with pytest.raises(UnusableFileError):
        driver_folder(link, create=True)
