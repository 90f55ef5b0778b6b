"""JSON that is nested more deeply than Python's parser goes, in files that somebody else made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from adapters.process.safe_files import open_file
from adapters.session.envelope.watch_memory import remembered
from adapters.session.recorded_inputs import session_instruments
from adapters.session.session_files import SESSION_FILE
from backtests.advising.trade_outcomes import read_outcomes
from backtests.enveloping.run_folder import read_run
from backtests.exit_training.recorded.result_positions import strategies_of
from dolphin_strategies.errors import DolphinError
from tests.integration.security.test_hostile_catalog import DEEP

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RESULTS = ("result.json", "trades.csv", "equity.csv")


def read_memory(folder: Path) -> None:
    """Read what the watch of an envelope remembers."""
    rules: Any = None
    remembered(folder / "memory", rules, open_file)


@pytest.mark.parametrize(
    "read",
    [read_run, lambda f: read_outcomes([f]), lambda f: strategies_of([f]), session_instruments,
     read_memory],
    ids=["envelope", "advise", "exits", "session", "memory"],
)  # fmt: skip
def test_a_file_nested_too_deeply_is_refused(tmp_path: Path, read: Callable[[Path], Any]) -> None:
    """With an error of ours, which names it."""
    for name in RESULTS:
        (tmp_path / name).write_text(DEEP)
    (tmp_path / SESSION_FILE).write_text(DEEP)
    (tmp_path / "memory").write_text(f"first\n{DEEP}\n")
    for file in tmp_path.iterdir():
        file.chmod(0o600)
    with pytest.raises(DolphinError, match=str(tmp_path)):
        read(tmp_path)
