"""Whole sweeps over the example's ten days, with kills."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any, Final

import pytest

from tests.support.eventually import eventually

ROOT: Final = Path(__file__).resolve().parents[3]
TIMEOUT_S: Final = 240


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Import the example's files."""
    made = tmp_path_factory.mktemp("sweep") / "ten_days"
    spec = ROOT / "docs/examples/import_ten_days.toml"
    _run("import_factors.py", "--spec", spec, "--catalog", made)
    return made


def _command(script: str, *words: object) -> list[str]:
    return [sys.executable, str(ROOT / "backtests" / script), *map(str, words)]


def _run(script: str, *words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        _command(script, *words),
        cwd=ROOT,
        text=True,
        capture_output=True,
        timeout=TIMEOUT_S,
        check=False,
    )


def _words(catalog: Path, out: Path, *more: object) -> list[object]:
    config = ROOT / "docs/examples/sweep.toml"
    return ["--catalog", catalog, "--config", config, "--out", out, "--folds", 1, *more]


def _children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(word) for task in tasks for word in task.read_text().split()]


def _told(study: Path) -> Counter[int]:
    """Return how often a result was written for each trial (Optuna's operation 6)."""
    lines = [json.loads(line) for line in study.read_text().splitlines()]
    return Counter(x["trial_id"] for x in lines if x.get("op_code") == 6 and x.get("state") == 1)


def _figures(out: Path) -> Any:
    return json.loads((out / "sweep.json").read_text())


def test_kills_of_a_worker_and_of_the_sweep_change_no_result(
    catalog: Path, tmp_path: Path
) -> None:
    """A worker and then the sweep die by SIGKILL; the same command ends with equal figures."""
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    done = _run("sweep.py", *_words(catalog, whole, "--trials", 8, "--workers", 1))
    assert done.returncode == 0, done.stderr
    words = _words(catalog, killed, "--trials", 8, "--workers", 2)
    study = killed / "study.jsonl"
    with subprocess.Popen(
        _command("sweep.py", *words), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as sweep:
        try:
            eventually(
                lambda: study.exists() and sum(_safe(study).values()) >= 1, "a trial", TIMEOUT_S
            )
            workers = _children(sweep.pid)
            assert workers
            os.kill(workers[0], signal.SIGKILL)
            eventually(
                lambda: sweep.poll() is not None or sum(_safe(study).values()) >= 4,
                "four trials",
                TIMEOUT_S,
            )
        finally:
            sweep.kill()
    resumed = _run("sweep.py", *words)
    assert resumed.returncode == 0, resumed.stderr
    assert _figures(killed) == _figures(whole)
    assert set(_told(study).values()) == {1}
    assert stat.S_IMODE(study.stat().st_mode) == 0o600


def _safe(study: Path) -> Counter[int]:
    try:
        return _told(study)
    except ValueError:  # a line that is being written
        return Counter()


def test_a_study_of_something_else_is_refused_and_a_link_is_never_followed(
    catalog: Path, tmp_path: Path
) -> None:
    """The error names what differs; a symbolic link in the study's place is an error."""
    out = tmp_path / "out"
    first = _run("sweep.py", *_words(catalog, out, "--trials", 2, "--workers", 1))
    assert first.returncode == 0, first.stderr
    other = _run("sweep.py", *_words(catalog, out, "--trials", 2, "--seed", 5))
    assert other.returncode == 2
    assert "seed (study: 1; now: 5)" in other.stderr
    linked = tmp_path / "linked"
    linked.mkdir()
    (linked / "study.jsonl").symlink_to(out / "study.jsonl")
    refused = _run("sweep.py", *_words(catalog, linked, "--trials", 2))
    assert refused.returncode == 2
    assert "symbolic link" in refused.stderr


@pytest.mark.long
def test_ray_runs_the_same_trials_on_loopback(catalog: Path, tmp_path: Path) -> None:
    """A local Ray gives the figures of worker processes, and listens on loopback alone."""
    plain, ray = tmp_path / "plain", tmp_path / "ray"
    words = ("--trials", 4, "--workers", 1)
    assert _run("sweep.py", *_words(catalog, plain, *words)).returncode == 0
    done = _run("sweep.py", *_words(catalog, ray, *words, "--ray", "local"))
    assert done.returncode == 0, done.stderr
    assert "with a token, listens on loopback alone: 127.0.0.1:" in done.stdout
    assert _figures(ray) == _figures(plain)
