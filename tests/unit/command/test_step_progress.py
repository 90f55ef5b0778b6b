"""Progress on a terminal and where there is none."""

from __future__ import annotations

import re
import time

import pytest

from adapters.command.progress_bar import ProgressBar, StepProgress


def test_a_pipe_has_a_line_each_ten_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    """However often something changes; the time left is that of the trials of this run."""
    now_s = 0.0
    with StepProgress(110, "trials", done=10, is_bar=False, clock_s=lambda: now_s) as progress:
        for tick in range(1, 301):
            now_s = tick / 10
            progress.show(10 + tick // 10, "best 1.5: threshold 0.3")
    assert capsys.readouterr().err.splitlines() == [
        "20 of 110 trials, 1/s, about 01:30 left, best 1.5: threshold 0.3",
        "30 of 110 trials, 1/s, about 01:20 left, best 1.5: threshold 0.3",
        "40 of 110 trials, 1/s, about 01:10 left, best 1.5: threshold 0.3",
    ]


def test_nothing_is_promised_before_a_trial_is_done(capsys: pytest.CaptureFixture[str]) -> None:
    """Neither a time nor a best one."""
    now_s = 0.0
    with StepProgress(8, "trials", is_bar=False, clock_s=lambda: now_s) as progress:
        now_s = 12.0
        progress.show(0, "")
    assert capsys.readouterr().err == "0 of 8 trials\n"


def test_a_terminal_has_a_bar_with_rate_share_and_time_left(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Removed at the end, and nothing else is printed."""
    with StepProgress(4, "starts", is_bar=True) as progress:
        progress.add(1, "the first")
        time.sleep(0.2)
        progress.add(1, "the second")
    shown = capsys.readouterr()
    assert shown.out == ""
    *_, last, empty = shown.err.rstrip("\r").split("\r")
    assert re.search(r"50% \|.*\| 2 of 4 starts, +[\d.]+/s, 00:00<00:\d\d, the second", last)
    assert not empty.strip()


@pytest.mark.parametrize("total", [0, 4])
def test_more_than_was_known_of_is_shown(total: int, capsys: pytest.CaptureFixture[str]) -> None:
    """A study with more trials than are wanted now, inputs that nobody has counted: no error."""
    now_s = 0.0
    with StepProgress(total, "trials", done=7, is_bar=True):
        pass
    assert f"7 of {total and 7} trials" in capsys.readouterr().err
    with StepProgress(total, "MB", is_bar=True) as progress:
        for done in (3, 6):
            time.sleep(0.2)
            progress.show(done)
    assert f"6 of {total and 6} MB" in capsys.readouterr().err
    with StepProgress(total, "MB", is_bar=False, clock_s=lambda: now_s) as progress:
        now_s = 12.0
        progress.show(6)
    line = "6 of 4 MB, 0.5/s, about 00:00 left\n" if total else "6 MB, 0.5/s\n"
    assert capsys.readouterr().err == line


@pytest.mark.parametrize("has_lines", [True, False])
def test_a_replay_in_a_pipe_has_a_line_each_ten_seconds(
    capsys: pytest.CaptureFixture[str], *, has_lines: bool
) -> None:
    """With the share of its time, the records, their rate and the time left; or nothing at all."""
    now_s = 0.0
    begin_ns = 1_723_161_600 * 10**9
    bar = ProgressBar(
        begin_ns, begin_ns + 100 * 10**9, 1_000, "Taker", has_lines=has_lines,
        clock_s=lambda: now_s,
    )  # fmt: skip
    with bar:
        for tick in range(1, 51):
            now_s = tick / 2
            bar.show(tick * 100, begin_ns + tick * 10**9)
    lines = [
        "Taker: 20%, 2,000 records, 200/s, 2024-08-09T00:00:20, about 00:40 left",
        "Taker: 40%, 4,000 records, 200/s, 2024-08-09T00:00:40, about 00:30 left",
    ]
    assert capsys.readouterr().err.splitlines() == (lines if has_lines else [])
