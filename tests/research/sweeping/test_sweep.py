"""Sweeps over the example's ten days that are killed, interrupted, refused, or fail."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.research.sweeping.sweeps import (
    ROOT,
    TIMEOUT_S,
    command,
    figures,
    run,
    told,
    words,
)
from tests.support.eventually import eventually

FOUR = ("--trials", 4, "--workers", 1)
EIGHT = ("--trials", 8, "--workers", 2)
RAISES = '''
"""A strategy whose trials fail."""

from dolphin_strategies.examples.taker_flow import TakerFlow


class Raises(TakerFlow):
    """Raise at the first factors."""

    def on_factors(self, factors):
        """Raise."""
        raise RuntimeError("planted")
'''


def _children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(word) for task in tasks for word in task.read_text().split()]


def test_a_sweep_that_was_killed_goes_on_to_the_same_figures(
    catalog: Path, whole: Path, tmp_path: Path
) -> None:
    """SIGKILL in the middle: the same command ends with equal figures, each trial told once."""
    study = tmp_path / "study.jsonl"
    asked = words(catalog, tmp_path, *FOUR)
    with subprocess.Popen(
        command("sweep.py", *asked), cwd=ROOT, stdout=subprocess.DEVNULL
    ) as sweep:
        try:
            eventually(lambda: told(study), "a trial", TIMEOUT_S)
        finally:
            sweep.kill()
    assert not (tmp_path / "sweep.json").exists()
    resumed = run("sweep.py", *asked)
    assert resumed.returncode == 0, resumed.stderr
    assert "4 trials are done; going on" in resumed.stdout
    assert figures(tmp_path) == figures(whole)
    assert list(told(study).values()) == [1] * 4


@pytest.mark.long
def test_kills_of_workers_and_of_the_sweep_change_no_result(catalog: Path, tmp_path: Path) -> None:
    """Workers and then the sweep die by SIGKILL; the same command ends with equal figures."""
    plain, killed = tmp_path / "plain", tmp_path / "killed"
    assert run("sweep.py", *words(catalog, plain, *EIGHT)).returncode == 0
    study = killed / "study.jsonl"
    asked = words(catalog, killed, *EIGHT)
    with subprocess.Popen(
        command("sweep.py", *asked), cwd=ROOT, stdout=subprocess.DEVNULL
    ) as sweep:
        try:
            eventually(lambda: told(study), "a trial", TIMEOUT_S)
            for worker in _children(sweep.pid):
                os.kill(worker, signal.SIGKILL)
            eventually(lambda: told(study).total() >= 4, "four trials", TIMEOUT_S)
        finally:
            sweep.kill()
    resumed = run("sweep.py", *asked)
    assert resumed.returncode == 0, resumed.stderr
    assert figures(killed) == figures(plain)
    assert list(told(study).values()) == [1] * 8


@pytest.mark.long
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_sweep_that_is_interrupted_keeps_all_and_says_how_to_go_on(
    catalog: Path, whole: Path, tmp_path: Path, number: signal.Signals
) -> None:
    """Exit code 130, results of what is done, and the same figures after the same command."""
    study = tmp_path / "study.jsonl"
    asked = words(catalog, tmp_path, *FOUR)
    with subprocess.Popen(
        command("sweep.py", *asked),
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as sweep:
        try:
            eventually(lambda: told(study), "a trial", TIMEOUT_S)
            workers = _children(sweep.pid)
            sweep.send_signal(number)
            _, said = sweep.communicate(timeout=TIMEOUT_S)
        finally:
            sweep.kill()
    assert sweep.returncode == 130
    assert f"of 4 trials are kept in {study}: the same command goes on" in said
    assert not any(Path(f"/proc/{pid}").exists() for pid in workers)
    assert not figures(tmp_path)["is_whole"]
    assert run("sweep.py", *asked).returncode == 0
    assert figures(tmp_path) == figures(whole)
    assert list(told(study).values()) == [1] * 4


@pytest.mark.long
def test_a_study_of_something_else_is_refused_and_a_link_is_never_followed(
    catalog: Path, whole: Path, tmp_path: Path
) -> None:
    """The error names what differs; a symbolic link in the study's place is an error."""
    other = run("sweep.py", *words(catalog, whole, *FOUR, "--seed", 5))
    assert other.returncode == 2
    assert "seed (study: 1; now: 5)" in other.stderr
    (tmp_path / "study.jsonl").symlink_to(whole / "study.jsonl")
    refused = run("sweep.py", *words(catalog, tmp_path, *FOUR))
    assert refused.returncode == 2
    assert "symbolic link" in refused.stderr


@pytest.mark.long
def test_fewer_trials_than_are_done_leave_nothing_to_do(catalog: Path, whole: Path) -> None:
    """Neither a worker nor a trial; the results stay those of all trials."""
    before, study = figures(whole), (whole / "study.jsonl").read_bytes()
    done = run("sweep.py", *words(catalog, whole, "--trials", 2))
    assert done.returncode == 0, done.stderr
    assert "4 of 4 trials are done; nothing to do" in done.stdout
    assert figures(whole) == before
    assert (whole / "study.jsonl").read_bytes() == study


@pytest.mark.long
def test_a_strategy_that_raises_ends_the_sweep_with_its_words(
    catalog: Path, tmp_path: Path
) -> None:
    """Exit code 1 and one sentence with the trial's exception, and no traceback of ours."""
    (tmp_path / "planted.py").write_text(RAISES)
    strategy = ("--strategy", "planted:Raises", "--trials", 3, "--workers", 1)
    done = run("sweep.py", *words(catalog, tmp_path / "out", *strategy), cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("sweep.py: all 3 trials of fold 1 failed, the first one: ")
    assert "planted" in last
