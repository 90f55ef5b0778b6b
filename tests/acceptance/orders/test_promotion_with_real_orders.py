"""Promote and rollback between two real nodes with real orders, at an account on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from live.fleet.promotion.transaction import STEPS
from tests.support.fleet.real_pair import real_pair
from tests.support.lengths import long

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.exchange.local_exchange import LocalExchange


@pytest.mark.parametrize("then", ["", long("rollback")])
def test_the_right_to_real_orders_moves_with_the_lead_and_back(
    exchange: LocalExchange, tmp_path: Path, then: str
) -> None:
    """BLUE ends flat before GREEN logs in; from then on only GREEN's orders reach the exchange."""
    with real_pair(tmp_path, exchange) as pair:
        pair.buy()
        code, said = pair.run("promote", "green")
        assert code == 0, said
        assert exchange.account.position() == 0
        pair.wait_until_they_trade()
        pair.check_one_right()
        pair.buy()
        if then:
            code, said = pair.run(then)
            assert code == 0, said
            assert exchange.account.position() == 0
            pair.wait_until_they_trade()
            pair.buy()
            pair.check_one_right()
    assert exchange.account.position() == 0
    assert exchange.account.names() == []


@pytest.mark.long
@pytest.mark.parametrize("then", ["promote", "rollback"])
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("who", ["", "blue:", "green:"])
def test_a_kill_at_a_step_leaves_one_right_and_no_position_that_nobody_has(
    exchange: LocalExchange, tmp_path: Path, who: str, step: str, then: str
) -> None:
    """SIGKILL of the command, of BLUE or of GREEN, with a position open: it goes on or back."""
    with real_pair(tmp_path, exchange) as pair:
        pair.buy()
        code, said = pair.run("promote", "green", die=f"{who}after {step}")
        assert code == (-9 if not who else 0 if pair.interrupted is None else 1), said
        is_open = pair.interrupted is not None
        has_moved = STEPS.index(step) >= STEPS.index("moved") or not is_open
        assert pair.leader == ("green" if has_moved else "blue")
        words = ["promote", "green"] if then == "promote" else ["rollback"]
        if not is_open:
            # A leader that was killed comes back first: what it holds is known by then.
            pair.wait_until_they_trade()
        again, said = pair.run(*words)
        if is_open and again == 1:
            # What BLUE left at the exchange, it reads back and closes, as the command says.
            assert "start blue" in said, said
            assert pair.run("start", "blue")[0] == 0
            pair.wait_until_they_trade("blue")
            again, said = pair.run(*words)
        is_done_before = then == "promote" and not is_open
        assert again == (2 if is_done_before else 0), said
        assert pair.interrupted is None
        assert pair.leader == ("green" if then == "promote" else "blue")
        pair.wait_until_they_trade()
        pair.check_one_right()
        pair.buy()
    assert exchange.account.position() == 0
    assert exchange.account.names() == []
