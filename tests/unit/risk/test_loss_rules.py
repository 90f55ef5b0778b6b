"""What an account has lost, by numbers alone."""

from __future__ import annotations

from decimal import Decimal

from dolphin_strategies.order_gates.risk.losses.loss_rules import DAY_NS, LossRules

ONE_SECOND = 1_000_000_000


def test_the_day_begins_anew_at_midnight_and_the_drawdown_does_not() -> None:
    """A loss of 60 and one of 60 on the next day are 120 below the highest value."""
    rules = LossRules(Decimal(100), Decimal(120))
    assert rules.look(Decimal(1000), 0) == ""
    assert rules.look(Decimal(940), DAY_NS - 1) == ""
    assert rules.look(Decimal(940), DAY_NS) == ""
    reached = rules.look(Decimal(880), DAY_NS + 1)
    assert reached == "max_drawdown: 120.00 lost below the highest value, the limit is 120"


def test_a_restart_gives_nothing_back() -> None:
    """A real account goes on; a paper account begins anew, and its losses count on."""
    before = LossRules(Decimal(100), None)
    before.look(Decimal(1000), 0)
    before.look(Decimal(950), ONE_SECOND)
    real = LossRules(Decimal(100), None, before.baseline)
    assert real.look(Decimal(910), 2 * ONE_SECOND) == ""
    assert real.look(Decimal(900), 3 * ONE_SECOND).startswith("max_daily_loss: 100.00")
    paper = LossRules(Decimal(100), None, before.baseline, is_new_account=True)
    assert paper.look(Decimal(5000), 2 * ONE_SECOND) == ""
    assert paper.look(Decimal(4951), 3 * ONE_SECOND) == ""
    assert paper.look(Decimal(4950), 4 * ONE_SECOND).startswith("max_daily_loss: 100.00")


def test_without_limits_nothing_is_ever_reached() -> None:
    """Whatever is lost."""
    rules = LossRules(None, None)
    rules.look(Decimal(1000), 0)
    assert rules.look(Decimal(0), 1) == ""
