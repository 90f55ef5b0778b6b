"""Six minutes of real Binance ticks as the live market."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.support.lengths import long
from tests.support.nodes.node_process import node

DATA = os.environ.get("DOLPHIN_DATA")
FOLDER = Path(DATA or "") / "ticks_20240808"


@pytest.mark.skipif(
    not (DATA and FOLDER.is_dir()), reason="DOLPHIN_DATA names no folder with ticks_20240808 in it"
)
@pytest.mark.parametrize(("seconds", "fills_a_side"), [long(12, 3), long(0, 20)])
def test_the_example_trades_both_ways_at_the_touch(seconds: int, fills_a_side: int) -> None:
    """Fills on each side, none refused, each at the touch of its moment, with fees; the long form
    replays to the end.
    """
    strategy = "tests.support.strategies.touch_checker:TouchChecker"
    length = ["--speed", 10, "--seconds", seconds]
    with node("--replay", FOLDER, *length, "--strategy", strategy) as replay:
        assert replay.exit_code() == 0, replay.output
        if not seconds:
            assert "the recording is over" in replay.output
        assert "0 denied or rejected" in replay.output
        assert "left open nothing" in replay.output
        line = next(line for line in replay.lines if line.startswith("CHECKED"))
        fills = json.loads(line.removeprefix("CHECKED "))
        assert fills["buys"] >= fills_a_side, fills
        assert fills["sells"] >= fills_a_side, fills
        assert (fills["off_the_touch"], fills["no_fee"]) == (0, 0), fills
