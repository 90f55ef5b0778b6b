"""Progress on a terminal and where there is none."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

from adapters.command.progress_bar import StepProgress

if TYPE_CHECKING:
    import pytest


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
