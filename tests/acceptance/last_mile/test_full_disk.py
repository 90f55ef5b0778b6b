"""Every program that writes, with its output on a full disk: a real one, full to the last page."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import pytest

from tests.acceptance.last_mile.manners import EXAMPLES, PROGRAMS, TIMEOUT_S, check_manners, run
from tests.support.catalogs.archives import DAY, klines

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DISK_BYTES: Final = 6 << 20
PAGE_BYTES: Final = 4096
IS_FULL: Final = "No space left on device"
BACKTEST: Final = ("--catalog", "{catalog}", "--config", str(EXAMPLES / "backtest.toml"))
NOTHING: Final = frozenset[str]()
WRITES: Final = {
    "run_backtest": ((*BACKTEST, "--out", "{disk}/out"), NOTHING),
    "run_backtest proof": (
        (*BACKTEST, "--prove-no-lookahead", "--instants", "1", "--out", "{disk}/out"), NOTHING,
    ),
    "import_factors": (
        ("--spec", str(EXAMPLES / "import_ten_days.toml"), "--catalog", "{disk}/new"),
        frozenset({"lock"}),
    ),
    "compute_factors": (("--catalog", "{disk}/ten_days", "--calendar", "1h"), NOTHING),
    "evaluate_factors": (("--catalog", "{catalog}", "--out", "{disk}/out"), NOTHING),
    "advise": (("{positions}", "--out", "{disk}/advice.json"), NOTHING),
    "envelope": (("{positions}", "--draws", "1000", "--out", "{disk}/envelope.json"), NOTHING),
    "train_exits": (
        ("{positions}", "--horizon", "4h", "--interval", "15m", "--out", "{disk}/exits.json"),
        NOTHING,
    ),
    "fit_regimes": (("--catalog", "{catalog}", "--out", "{disk}/regimes.json"), NOTHING),
    "sweep": (
        ("--catalog", "{catalog}", "--config", str(EXAMPLES / "sweep.toml"), "--trials", "2",
         "--out", "{disk}/sweep"),
        # Whole lines, with which the same command goes on.
        frozenset({"study.jsonl"}),
    ),
    "measure_latency": (
        ("--hazelcast", "none", "--rounds", "1", "--seconds", "0.2", "--json", "{disk}/a.json"),
        NOTHING,
    ),
    "run_node": (("--record", "{disk}/session", "--seconds", "2"), frozenset({"lock"})),
    "run_exf": (
        ("run", "--venues", "clock", "--calendar", "--seconds", "2", "--region", "{disk}/region"),
        frozenset({"pid"}),
    ),
    "run_exf record": (
        ("run", "--venues", "clock", "--calendar", "--seconds", "2", "--region",
         "{shm}", "--record", "{disk}/new"),
        frozenset({"lock"}),
    ),
    "record_factors": (
        ("--catalog", "{disk}/new", "--region", "{shm}", "--seconds", "2"), frozenset({"lock"}),
    ),
    "record_factors state": (
        ("--catalog", "{new}", "--region", "{shm}", "--seconds", "2", "--state", "{disk}/state"),
        frozenset({"state"}),
    ),
    "backfill": (("{archives}", "--catalog", "{disk}/new"), frozenset({"lock"})),
    "backfill again": (("{archives}", "--catalog", "{disk}/ten_days"), frozenset({"lock"})),
    "backfill report": (
        ("{archives}", "--catalog", "{new}", "--report", "{disk}/page.html"), NOTHING,
    ),
    "watchdog": (
        ("--node", "{shm}.state", "--start-within", "0.5", "--until-end", "--alarm-only",
         "--alarm-file", "{disk}/alarms"),
        # It holds the place for alarms to come.
        frozenset({"alarms"}),
    ),
    "dolphin": (("init", "{disk}/mine"), NOTHING),
    "region_headers": (("{disk}/include",), NOTHING),
}  # fmt: skip
"""A program's arguments, and the names of files without a result that may be left."""


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """Return the folder of a file system of its own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("a file system cannot be mounted here: only root may")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)  # noqa: S607 - as mount


def fill(disk: Path) -> None:
    """Leave not one page; an empty file can still be made."""
    with (disk / "filler").open("wb", buffering=0) as file, suppress(OSError):
        while file.write(b"x" * PAGE_BYTES):
            pass


def files_of(folder: Path) -> dict[Path, bytes]:
    """Return every file below a folder but the filler, with its content."""
    found = (path for path in folder.rglob("*") if path.is_file() and path.name != "filler")
    return {path.relative_to(folder): path.read_bytes() for path in found}


@pytest.mark.long
@pytest.mark.parametrize("case", WRITES)
def test_a_full_disk_is_said_and_leaves_no_half_of_a_result(
    case: str, disk: Path, catalog: Path, positions: Path, tmp_path: Path
) -> None:
    """The path and the reason in the last line, a documented code, and no file but those that
    hold a place; a file that was there is as it was.
    """
    shutil.copytree(catalog, disk / "ten_days")
    before = files_of(disk)
    fill(disk)
    shm = f"/dev/shm/dolphin_last_mile_{os.getpid()}"
    archives = tmp_path / "archives"
    klines(archives, "klines", DAY, [100.0, 101.0, 102.0])
    places = {
        "disk": disk, "catalog": catalog, "positions": positions, "shm": shm,
        "archives": archives, "new": tmp_path / "new",
    }  # fmt: skip
    arguments, may_be_left = WRITES[case]
    words = [word.format_map(places) for word in arguments]
    program = PROGRAMS[case.partition(" ")[0]]
    result = run(program, *words, cwd=tmp_path)
    check_manners(program, result)
    assert result.returncode in {1, 2}, result.stdout + result.stderr
    last = result.stderr.strip().splitlines()[-1]
    assert IS_FULL in last
    assert str(disk) in last or "nothing was kept" in last
    after = files_of(disk)
    assert {path: after.pop(path) for path in before} == before
    assert {path.name for path in after} <= may_be_left
    assert not any(
        content.strip() for path, content in after.items() if path.name != "study.jsonl"
    )


@pytest.mark.long
def test_results_that_are_there_stay_when_new_ones_do_not_fit(
    disk: Path, positions: Path, tmp_path: Path
) -> None:
    """A model that is in use is not emptied by the training of the next one."""
    model = disk / "exits.json"
    words = ("--horizon", "4h", "--interval", "15m", "--out", str(model))
    assert run(PROGRAMS["train_exits"], str(positions), *words, cwd=tmp_path).returncode == 0
    trained = model.read_bytes()
    fill(disk)
    result = run(PROGRAMS["train_exits"], str(positions), *words, cwd=tmp_path)
    assert result.returncode == 1
    assert model.read_bytes() == trained
    assert list(disk.glob(".*")) == []


@pytest.mark.long
def test_an_alarm_that_does_not_fit_leaves_no_half_of_a_line(disk: Path, tmp_path: Path) -> None:
    """Where the last page has room for a part of it: the file stays as it was, and goes on."""
    alarms = disk / "alarms"
    row = json.dumps({"at_ns": 1, "kind": "HANG", "node": "x", "text": "y", "state": "", "pid": 0})
    lines = f"{row}\n" * ((PAGE_BYTES - 20) // (len(row) + 1) - 1)
    lines += f"{row.replace('y', 'y' * (PAGE_BYTES - 20 - len(lines) - len(row)))}\n"
    alarms.write_text(lines)
    alarms.chmod(0o600)
    state = f"/dev/shm/dolphin_last_mile_{os.getpid()}.state"
    words = (
        "--node", state, "--start-within", "0.5", "--until-end", "--alarm-only",
        "--alarm-file", str(alarms),
    )  # fmt: skip
    fill(disk)
    result = run(PROGRAMS["watchdog"], *words, cwd=tmp_path)
    assert result.returncode == 1
    assert "ALARM NOT_UP" in result.stderr
    assert f"{alarms} cannot be written: {IS_FULL}" in result.stderr
    assert alarms.read_text() == lines
    (disk / "filler").unlink()
    assert run(PROGRAMS["watchdog"], *words, cwd=tmp_path).returncode == 1
    *before, newest = alarms.read_text().splitlines()
    assert "".join(f"{line}\n" for line in before) == lines
    assert json.loads(newest)["kind"] == "NOT_UP"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("catalog", ("{catalog}",)),
        ("catalog", ("{catalog}", "list", "--json")),
        ("catalog", ("{catalog}", "verify", "--json")),
        ("monitor", ("--once", "--json", "/dev/shm/dolphin_of_nobody")),
    ],
)
def test_a_result_that_does_not_fit_where_it_is_printed_is_an_error(
    name: str, words: tuple[str, ...], catalog: Path, tmp_path: Path
) -> None:
    """A script does not take a part of a document for the whole."""
    with open("/dev/full", "w") as full:  # noqa: PTH123 - a device
        result = subprocess.run(
            [*PROGRAMS[name].words, *(word.format(catalog=catalog) for word in words)],
            cwd=tmp_path, stdout=full, stderr=subprocess.PIPE, text=True, timeout=TIMEOUT_S,
            check=False,
        )  # fmt: skip
    assert result.returncode == 2, result.stderr
    assert f"standard output cannot be written: {IS_FULL}" in result.stderr
    assert "Traceback" not in result.stderr
    assert "Exception ignored" not in result.stderr
