"""Every program wherever it is started: no HOME, nothing to write, nobody who reads, no colour."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from docs.site.programs import exit_codes_of
from tests.acceptance.last_mile.manners import PROGRAMS, TIMEOUT_S, Started, page_text
from tests.acceptance.last_mile.test_interrupted import WORK, handles_stop_signals
from tests.support.eventually import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

UNWRITABLE: Final = Path("/proc")
"""Where not even root makes a file."""
NO_PLACE: Final = "no HOME, nothing can be written"
ENVIRONMENTS: Final[dict[str, dict[str, str]]] = {
    NO_PLACE: {},
    "nobody reads": {},
    "NO_COLOR": {"TERM": "xterm", "NO_COLOR": "1"},
    "TERM=dumb": {"TERM": "dumb"},
}
WORKS_S: Final = 6.0
"""For a service to work, and for what works longer to have begun; it is then interrupted."""
_COLOUR: Final = re.compile(r"\x1b\[[0-9;]*m")
_REDRAWN: Final = re.compile(r"\r(?!\n)")


@pytest.mark.long
@pytest.mark.parametrize("where", ENVIRONMENTS)
@pytest.mark.parametrize("name", WORK)
def test_a_program_has_manners_wherever_it_is_started(
    name: str, where: str, catalog: Path, positions: Path, tmp_path: Path
) -> None:
    """It works or says in a line why not: a documented code, no traceback, no colour."""
    program = PROGRAMS[name]
    shm = f"/dev/shm/dolphin_last_mile_{os.getpid()}_{name}"
    places = {"catalog": catalog, "positions": positions, "shm": shm}
    if "ten_days" in WORK[name]:
        shutil.copytree(catalog, tmp_path / "ten_days")
    words = [word.format_map(places) for word in WORK[name]]
    started = Started(
        program,
        words,
        UNWRITABLE if where == NO_PLACE else tmp_path,
        ENVIRONMENTS[where],
        has_reader=where != "nobody reads",
    )
    process = started.process
    try:
        eventually(lambda: handles_stop_signals(process), f"{name} handles SIGTERM")
        with suppress(subprocess.TimeoutExpired):
            process.wait(WORKS_S)
        was_interrupted = process.poll() is None
        process.send_signal(signal.SIGINT)
        code = process.wait(TIMEOUT_S)
    finally:
        started.end()
    shown = started.shown()
    codes = exit_codes_of(page_text(program))
    assert str(128 + signal.SIGINT if code == -signal.SIGINT else code) in codes, shown
    assert "Traceback" not in shown, shown
    assert "Exception ignored" not in shown, shown
    assert not _COLOUR.search(shown), shown
    if where != "NO_COLOR":
        assert "\x1b" not in shown
        assert not _REDRAWN.search(shown), shown
    if not was_interrupted and code and where != "nobody reads":
        assert shown.strip()
    for path in _left(shm):
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def _left(start: str) -> Iterator[Path]:
    return Path(start).parent.glob(f"{Path(start).name}*")
