"""The precondition `parity` of a promotion, on sessions of a pair that real nodes recorded."""

from __future__ import annotations

import shutil
import time
from typing import TYPE_CHECKING, Any, Final

import pytest

from live.fleet.promotion.preconditions import checks_of
from live.fleet.settings.fleet_check import load_fleet
from tests.support.catalogs.sessions import STRATEGIES, lines_of, record, write_lines

if TYPE_CHECKING:
    from pathlib import Path

    from live.fleet.promotion.preconditions import Check

FLEET: Final = """\
[fleet]
name = "x"
run_folder = "run"
[[node]]
name = "blue"
role = "blue"
[[node]]
name = "green"
role = "green"
"""


def parity_of(folder: Path, number: int, sessions: list[Path]) -> Check:
    """Return what is found of a node whose runs recorded these sessions, oldest first."""
    settings = load_fleet(folder / "fleet.toml")
    node = settings.nodes[number]
    lines: list[dict[str, Any]] = [
        {"event": "started", "name": node.name, "digest": "now", "at_ns": time.time_ns(),
         "session": str(session)}
        for session in sessions
    ]  # fmt: skip
    row = {"digest": "now", "state": "running", "session": "another", "restarts": 0}
    return next(c for c in checks_of(settings, node, row, lines) if c.name == "parity")


@pytest.mark.long
def test_parity_is_found_in_a_recorded_pair_and_not_in_a_changed_session(tmp_path: Path) -> None:
    """BLUE's and GREEN's sessions replay; of several the newest counts; a decision that was
    changed, and a session that is gone, do not hold.
    """
    (tmp_path / "fleet.toml").write_text(FLEET)
    blue, green = tmp_path / "blue", tmp_path / "green"
    for folder in (blue, green):
        record(folder, f"{STRATEGIES}:DataAndTrades", "--seconds", 4)
    for number, folder in enumerate((blue, green)):
        found = parity_of(tmp_path, number, [tmp_path / "older", folder])
        assert found.holds, found.found
        assert found.found
    changed = tmp_path / "changed"
    shutil.copytree(green, changed)
    lines = lines_of(changed)
    sent = [line for line in lines if line.get("call") == "submit_order"]
    sent[0]["order"]["quantity"] = "0.777"
    write_lines(changed, lines)
    found = parity_of(tmp_path, 1, [green, changed])
    assert not found.holds, found.found
    found = parity_of(tmp_path, 1, [green, tmp_path / "gone"])
    assert not found.holds, found.found
    assert "gone" in found.found
