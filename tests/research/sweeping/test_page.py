"""The commands of docs/sweep.md, and what they leave."""

from __future__ import annotations

import re
import stat
from typing import TYPE_CHECKING

import pytest

from tests.research.sweeping.conftest import PAGE, as_shown
from tests.research.sweeping.sweeps import figures, told

if TYPE_CHECKING:
    from pathlib import Path

CHECKS = 4


def check(folder: Path, said: str) -> None:
    """Compare the files of a sweep with the page, and with what was said."""
    out = folder / "sweep-TakerFlow"
    files = re.findall(r"^\| `([\w.]+)` \|", PAGE, re.MULTILINE)[:3]
    assert sorted(path.name for path in out.iterdir()) == sorted(files)
    assert stat.S_IMODE((out / "study.jsonl").stat().st_mode) == 0o600
    found = figures(out)
    assert f"verdict: {found['verdict']}" in said
    assert len(found["checks"]) == CHECKS
    assert (found["verdict"] == "edge shown") == all(one["holds"] for one in found["checks"])
    assert found["verdict"] in (out / "sweep.html").read_text(encoding="utf-8")
    assert found["is_whole"]
    assert set(told(out / "study.jsonl").values()) == {1}


def test_the_commands_of_the_page_leave_what_it_says(swept: tuple[Path, str]) -> None:
    """Import and sweep, with fewer trials: the files of the table, and the verdict in them."""
    check(*swept)


@pytest.mark.long
def test_the_commands_of_the_page_run_as_shown(tmp_path: Path) -> None:
    """The same, with all trials: the planted edge is found, and PBO that any threshold earns."""
    check(tmp_path, as_shown(tmp_path))
    found = figures(tmp_path / "sweep-TakerFlow")
    assert [fold["trials"] + fold["failed"] <= 16 for fold in found["folds"]] == [True] * 3
    assert found["verdict"] == "edge shown, but the choice of parameters is overfitted"
    assert [one["holds"] for one in found["checks"]] == [True, True, True, False]


def test_the_page_names_every_setting() -> None:
    """Each field of [sweep] has its row, but the table of parameters, which has a paragraph."""
    from backtests.sweeping.setup.sweep_settings import SweepSettings

    rows = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", PAGE, re.MULTILINE)
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert set(SweepSettings.__dataclass_fields__) - {"parameters"} <= named
    assert "`[sweep.parameters]`" in PAGE
