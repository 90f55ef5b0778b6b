"""SIGKILL at every step of a promotion: who leads is known, and it goes on or back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from live.fleet.promotion.transaction import STEPS
from tests.support.fleet.small_fleet import PAIR, small_fleet
from tests.support.lengths import long

if TYPE_CHECKING:
    from tests.support.fleet.small_fleet import SmallFleet

POINTS = [f"{when} {step}" for step in STEPS for when in ("before", "after")]


def check_rights(fleet: SmallFleet) -> None:
    """Check that the leader alone runs with real orders, and that there never were two."""
    for name, row in fleet.wait_for_all().items():
        words = Path(f"/proc/{row['pid']}/cmdline").read_bytes()
        assert (b"--live-orders" in words) == (name == fleet.leader)
    assert not (fleet.folder / "conflict").exists()


@pytest.mark.parametrize("then", [long("rollback"), "promote"])
@pytest.mark.parametrize("also_supervisor", [long(""), "and its supervisor"])
@pytest.mark.parametrize(
    "point", ["after leader flat" if p == "after leader flat" else long(p) for p in POINTS]
)
def test_a_promotion_killed_at_a_step_goes_on_or_back(
    tmp_path: Path, point: str, then: str, also_supervisor: str
) -> None:
    """The journal says how far it came; ``promote`` ends with GREEN leading, ``rollback`` with
    BLUE, also after a kill of the supervisor; the leader alone ever has the right.
    """
    with small_fleet(tmp_path, PAIR) as fleet:
        check_rights(fleet)
        killed = fleet.command("promote", "green", die=point)
        said = killed.communicate(timeout=120)[0]
        assert killed.returncode == -9, said
        is_open = point not in {"before begun", "after done"}
        assert (fleet.interrupted is not None) == is_open
        if also_supervisor:
            fleet.kill_supervisor()
            fleet.supervise()
        led = fleet.leader
        again = fleet.command(*(["promote", "green"] if then == "promote" else ["rollback"]))
        said = again.communicate(timeout=120)[0]
        nothing_to_do = (then == "promote" and led == "green" and not is_open) or (
            then == "rollback" and point == "before begun"
        )
        assert again.returncode == (2 if nothing_to_do else 0), said
        assert fleet.interrupted is None
        assert fleet.leader == ("green" if then == "promote" else "blue")
        check_rights(fleet)


@pytest.mark.long
def test_no_lead_moves_while_something_is_open_at_the_exchange(tmp_path: Path) -> None:
    """BLUE ends with a position: GREEN is not started with real orders, status says what to do."""
    services = PAIR.replace(
        'role = "blue"\npromoted = { live_orders = true }',
        'role = "blue"\npromoted = { live_orders = true, leaves_open = true }',
    )
    with small_fleet(tmp_path, services) as fleet:
        fleet.wait_for_all()
        promote = fleet.command("promote", "green")
        said = promote.communicate(timeout=120)[0]
        assert promote.returncode == 1, said
        assert "+1 BTCUSDT-PERP.BINANCE" in said
        assert fleet.leader == "blue"
        status = fleet.command("status")
        assert "rollback" in status.communicate(timeout=60)[0]
        assert not fleet.rows()["green"]["is_real"]
        assert (fleet.interrupted or {})["step"] == "trial stopped"
