"""An import cut short: by a full disk, a kill, or Ctrl-C."""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
from functools import partial
from typing import TYPE_CHECKING

import pytest
from nautilus_trader.model import NautilusDataType
from nautilus_trader.persistence import ParquetDataCatalog

from adapters.catalog import FactorCatalog
from adapters.catalog.files.journal import read_journal
from tests.support.catalogs.import_specs import FILES, files_in, many_quotes
from tests.support.catalogs.imports import ROOT, SCRIPT, run_command, run_import, write_files
from tests.support.eventually import eventually

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Return a folder with specs and their files."""
    return write_files(tmp_path / "data", FILES)


def test_full_disk_is_exit_code_1_and_nothing_is_kept(data: Path, tmp_path: Path) -> None:
    """A limit on the size of files in place of a full disk; then it works."""
    catalog = tmp_path / "catalog"
    arguments = ["--spec", str(many_quotes(data, 90_000)), "--catalog", str(catalog)]

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))

    # In the child before it runs: it has one thread then.
    done = run_command(*arguments, preexec_fn=limit)
    assert done.returncode == 1, done.stderr
    assert "nothing was imported" in done.stderr
    assert files_in(catalog) == {}
    assert run_import(*arguments).returncode == 0


@pytest.mark.long
def test_import_that_was_killed_is_told_and_replaced(data: Path, tmp_path: Path) -> None:
    """With kill -9 after the journal's first line: the next one says so, --replace repairs."""
    catalog = tmp_path / "catalog"
    arguments = ["--spec", str(many_quotes(data, 200_000)), "--catalog", str(catalog)]
    journal = catalog / "recordings" / "april" / "journal.jsonl"
    arguments += ["--name", "april"]
    process = subprocess.Popen(
        [sys.executable, str(SCRIPT), *arguments], cwd=ROOT, stderr=subprocess.DEVNULL
    )
    try:
        eventually(partial(read_journal, journal), "the first line", 60)
    finally:
        process.kill()
        process.wait(240)
    done = run_import(*arguments)
    assert done.returncode == 2
    assert "interrupted" in done.stderr
    assert run_import(*arguments, "--replace").returncode == 0
    assert len(ParquetDataCatalog(str(catalog)).query(NautilusDataType.QuoteTick)) == 200_000
    assert FactorCatalog(catalog).verify() == []


def test_import_that_is_interrupted_leaves_nothing(data: Path, tmp_path: Path) -> None:
    """Ctrl-C: the next import needs no option."""
    spec = many_quotes(data, 200_000)
    for attempt in range(5):
        catalog = tmp_path / f"catalog_{attempt}"
        arguments = ["--spec", str(spec), "--catalog", str(catalog)]
        journal = catalog / "recordings" / "many" / "journal.jsonl"
        process = subprocess.Popen(
            [sys.executable, str(SCRIPT), *arguments], cwd=ROOT, stderr=subprocess.PIPE, text=True
        )
        try:
            eventually(partial(read_journal, journal), "the first line", 60)
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=240)
        finally:
            process.kill()
            process.wait(240)
        if process.returncode != 0:  # 0: it was quicker than the signal
            break
    assert process.returncode == 130
    assert "Traceback" not in said
    assert files_in(catalog) == {}
    assert run_import(*arguments).returncode == 0
