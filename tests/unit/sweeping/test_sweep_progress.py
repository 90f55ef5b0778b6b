"""Progress where there is no terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backtests.sweeping.search.sweep_progress import SweepProgress

if TYPE_CHECKING:
    import pytest


def test_a_pipe_has_a_line_each_ten_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    """However often something changes; the time left is that of the trials of this run."""
    now_s = 0.0
    with SweepProgress(10, 110, is_bar=False, clock_s=lambda: now_s) as progress:
        for tick in range(1, 301):
            now_s = tick / 10
            progress.show(10 + tick // 10, "best 1.5: threshold 0.3")
    assert capsys.readouterr().err.splitlines() == [
        "20 of 110 trials, about 01:30 left, best 1.5: threshold 0.3",
        "30 of 110 trials, about 01:20 left, best 1.5: threshold 0.3",
        "40 of 110 trials, about 01:10 left, best 1.5: threshold 0.3",
    ]


def test_nothing_is_promised_before_a_trial_is_done(capsys: pytest.CaptureFixture[str]) -> None:
    """Neither a time nor a best one."""
    now_s = 0.0
    with SweepProgress(0, 8, is_bar=False, clock_s=lambda: now_s) as progress:
        now_s = 12.0
        progress.show(0, "")
    assert capsys.readouterr().err == "0 of 8 trials\n"
