"""Every program works and fails like a tool: anywhere, into a pipe, without HOME."""

from __future__ import annotations

import os
import pty
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

import pytest

from tests.acceptance.last_mile.manners import (
    EXAMPLES,
    PROGRAMS,
    TIMEOUT_S,
    check_manners,
    run,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

UNWRITABLE: Final = Path("/proc")
"""Where not even root makes a file."""
STRATEGY: Final = "dolphin_strategies.examples.taker_flow:TakerFlow"
WORK: Final = {
    "run_node": ("--seconds", "2"),
    "run_exf": ("check",),
    "run_fleet": (str(EXAMPLES / "fleet.toml"), "--check"),
    "monitor": ("--once",),
    "switch": ("status",),
    "watchdog": ("--help",),
    "catalog": ("{catalog}",),
    "import_factors": ("--spec", str(EXAMPLES / "import_ten_days.toml"), "--check"),
    "run_backtest": ("--catalog", "{catalog}", "--config", str(EXAMPLES / "backtest.toml"),
                     "--prove-no-lookahead", "--instants", "1"),
}  # fmt: skip
"""What a program does without a network and writes nowhere that it was not told to."""
OTHERWISE: Final = {"monitor", "switch"}
"""Whose code says what runs on this machine."""
WRITES: Final = {
    "run_backtest": ("--catalog", "{catalog}", "--config", str(EXAMPLES / "backtest.toml")),
    "import_factors": ("--spec", str(EXAMPLES / "import_ten_days.toml"), "--catalog", "new"),
    "backfill": ("{catalog}", "--catalog", "{catalog}", "--report", "page.html"),
    "compute_factors": ("--catalog", "new", "--factors", str(EXAMPLES / "computed.toml")),
    "record_factors": ("--catalog", "new", "--region", "/dev/shm/dolphin_last_mile_none"),
    "measure_latency": ("--hazelcast", "none", "--json", "figures.json"),
    "run_node": ("--record", "session", "--seconds", "2"),
    "run_exf": ("run", "--venues", "clock", "--calendar", "--record", "new",
                "--region", "/dev/shm/dolphin_last_mile_none"),
    "dolphin": ("init", "mine"),
    "region_headers": ("include",),
}  # fmt: skip
"""What would write into the folder that it runs in, or before a long work."""


@pytest.mark.long
@pytest.mark.parametrize("name", WORK)
def test_it_works_where_nothing_can_be_written(name: str, catalog: Path) -> None:
    """In a folder without a place for a file, without HOME, into a pipe."""
    arguments = [a.replace("{catalog}", str(catalog)) for a in WORK[name]]
    result = run(PROGRAMS[name], *arguments, cwd=UNWRITABLE)
    check_manners(PROGRAMS[name], result)
    if name not in OTHERWISE:
        assert result.returncode == 0, result.stdout + result.stderr
        assert result.stdout


@pytest.mark.long
@pytest.mark.parametrize("name", WRITES)
def test_what_cannot_be_written_is_refused_before_the_work(name: str, catalog: Path) -> None:
    """One line that names the path, no traceback, and no result of the work."""
    arguments = [a.replace("{catalog}", str(catalog)) for a in WRITES[name]]
    result = run(PROGRAMS[name], *arguments, cwd=UNWRITABLE)
    check_manners(PROGRAMS[name], result)
    assert result.returncode in {1, 2}
    assert "PnL" not in result.stdout
    assert len(result.stderr.strip().splitlines()[-1]) > 0


@pytest.mark.long
@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("colour", ["", "NO_COLOR"])
def test_bad_usage_is_2_and_says_what_was_expected(name: str, colour: str, tmp_path: Path) -> None:
    """On standard error, with the option that is wrong or how it is used; whatever the colour."""
    result = run(
        PROGRAMS[name], "--no-such-option", cwd=tmp_path, **({colour: "1"} if colour else {})
    )
    check_manners(PROGRAMS[name], result)
    assert result.returncode == 2
    assert result.stdout == ""
    assert "--no-such-option" in result.stderr or "usage" in result.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.long
def test_nautilus_log_of_a_backtest_has_no_colour_in_a_pipe(catalog: Path, tmp_path: Path) -> None:
    """At INFO, where NautilusTrader by itself colours every line, terminal or not."""
    settings = tmp_path / "backtest.toml"
    settings.write_text('[backtest]\nlog_level = "INFO"\n[strategy]\nclass = "' + STRATEGY + '"\n')
    program = PROGRAMS["run_backtest"]
    result = run(
        program, "--catalog", str(catalog), "--config", str(settings),
        "--out", str(tmp_path / "out"), cwd=tmp_path,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert "[INFO]" in result.stdout
    check_manners(program, result)


@pytest.mark.long
@pytest.mark.parametrize(("setting", "is_coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_colour_is_for_a_terminal_and_not_with_no_color(
    setting: dict[str, str], tmp_path: Path, *, is_coloured: bool
) -> None:
    """Nautilus's log in a terminal of its own: colour by default, none with NO_COLOR."""
    settings = tmp_path / "node.toml"
    settings.write_text('[node]\nlog_level = "INFO"\nseconds = 1\n')
    leader, follower = pty.openpty()
    with os.fdopen(follower, "wb") as terminal, os.fdopen(leader, "rb", buffering=0) as reader:
        process = subprocess.Popen(
            [*PROGRAMS["run_node"].words, "--config", str(settings)],
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "TERM": "xterm", **setting},
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
        )
        terminal.close()
        try:
            shown = b"".join(_until_closed(reader))
            assert process.wait(TIMEOUT_S) == 0, shown
        finally:
            if process.poll() is None:
                process.kill()
                process.wait(TIMEOUT_S)
    assert b"[INFO]" in shown
    assert (b"\x1b[" in shown) is is_coloured


def _until_closed(terminal: IO[bytes]) -> Iterator[bytes]:
    """Yield what a terminal gets, until nobody has it open any more."""
    with suppress(OSError):  # EIO: the last process has closed it
        while piece := terminal.read(65_536):
            yield piece
