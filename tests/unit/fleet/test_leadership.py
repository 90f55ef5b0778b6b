"""Who leads a pair, and which change of it is open, by the journal of a fleet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from live.fleet.promotion.transaction import STEPS, Change
from live.fleet.settings.fleet_file import read_fleet
from live.fleet.settings.leadership import leaders, open_promotion

if TYPE_CHECKING:
    from pathlib import Path

    from live.fleet.settings.fleet_settings import FleetSettings

CHANGE = Change(kind="promotion", pair="main", number=1, leader="b", trial="g")


@pytest.fixture
def settings(tmp_path: Path) -> FleetSettings:
    """Return a fleet with one pair."""
    path = tmp_path / "fleet.toml"
    path.write_text(
        '[fleet]\nname = "x"\n[[node]]\nname = "b"\nrole = "blue"\n'
        '[[node]]\nname = "g"\nrole = "green"\n'
    )
    found, errors = read_fleet(path)
    assert found is not None
    assert not errors
    return found


def lines_up_to(step: str) -> list[dict[str, Any]]:
    """Return the lines of a change up to a step."""
    steps = STEPS[: STEPS.index(step) + 1]
    return [{"event": "promotion", **CHANGE.line(s)} for s in steps]


@pytest.mark.parametrize("step", STEPS)
def test_green_leads_from_moved_on_and_a_change_is_open_until_done(
    settings: FleetSettings, step: str
) -> None:
    """What status, promote and rollback go by after a kill."""
    lines = lines_up_to(step)
    has_moved = STEPS.index(step) >= STEPS.index("moved")
    assert leaders(settings, lines) == {"main": "g" if has_moved else "b"}
    found = open_promotion(lines, "main")
    assert (found is None) == (step == "done")
    assert found is None or (found["step"], Change.of_line(found)) == (step, CHANGE)


def test_an_undone_change_gives_the_lead_back(settings: FleetSettings) -> None:
    """Also after it had moved; nodes that are no longer in the file do not lead."""
    lines = [*lines_up_to("moved"), {"event": "promotion", **CHANGE.line("undone")}]
    assert leaders(settings, lines) == {"main": "b"}
    assert open_promotion(lines, "main") is None
    gone = Change(kind="promotion", pair="main", number=2, leader="b", trial="old")
    assert leaders(settings, [{"event": "promotion", **gone.line("moved")}]) == {"main": "b"}
