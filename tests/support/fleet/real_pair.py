"""A pair of real nodes at the account of a local exchange, run by the real fleet's commands."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from tests.support.eventually import eventually
from tests.support.fleet.small_fleet import SmallFleet
from tests.support.orders.real_orders import CONFIG, KEYS, STRATEGY, tell
from tests.support.orders.told_by_quotes import BUY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.exchange.local_exchange import LocalExchange

SERVICES: Final = "".join(
    f"""\
[[node]]
name = "{name}"
role = "{name}"
config = "{name}_paper.toml"
promoted = {{ config = "{name}_live.toml", live_orders = true }}
"""
    for name in ("blue", "green")
)
LOT: Final = 0.01
_QUOTE_S: Final = 0.1


class RealPair(SmallFleet):
    """BLUE with real orders and GREEN with paper ones, on the quotes of one exchange.

    Parameters
    ----------
    folder : Path
        The folder of the fleet.
    exchange : LocalExchange
        The exchange.

    """

    def __init__(self, folder: Path, exchange: LocalExchange) -> None:
        self.exchange: Final = exchange
        for name in ("blue", "green"):
            live = CONFIG.format(url=exchange.url, folder=folder, strategy=STRATEGY, risk="")
            (folder / f"{name}_live.toml").write_text(live)
            paper = live.replace('orders = "live"', 'orders = "sandbox"')
            (folder / f"{name}_paper.toml").write_text(paper)
        super().__init__(folder, SERVICES)

    def environment(self, die: str) -> dict[str, str]:
        """Return the environment of a command: with keys, and with the real services."""
        return super().environment(die) | KEYS | {"SMALL_FLEET_SERVICES": "real"}

    def log(self, name: str) -> str:
        """Return what the runs of a node have said."""
        path = self.settings.fleet.folder / "logs" / f"{name}.log"
        return path.read_text() if path.exists() else ""

    def wait_until_they_trade(self, *names: str) -> None:
        """Quote until these nodes, or both, run and their strategies hear of it."""

        def hear() -> bool:
            tell(self.exchange)
            time.sleep(_QUOTE_S)
            rows = self.rows()
            return all(
                row["state"] == "running" and f"HEARS QUOTES {row['pid']}\n" in self.log(name)
                for name, row in rows.items()
                if name in (names or rows)
            )

        eventually(hear, f"both to trade: {self.rows()}\n{self.log('blue')}\n{self.log('green')}")

    def buy(self) -> None:
        """Tell both to buy a lot, and wait until the account has it: once, whoever leads."""
        before = self.exchange.account.position()
        sent = self.exchange.account.sent()
        tell(self.exchange, BUY)
        wanted = before + LOT
        eventually(
            lambda: abs(self.exchange.account.position() - wanted) < LOT / 2, f"position {wanted}"
        )
        assert self.exchange.account.sent() == sent + 1

    def run(self, *words: str, die: str = "") -> tuple[int, str]:
        """Run a command to its end; return its exit code and what it said."""
        process = self.command(*words, die=die)
        said = process.communicate(timeout=240)[0]
        return process.returncode, said

    def check_one_right(self) -> None:
        """Check that the leader alone is asked for real orders, and no two were ever logged in."""
        report: dict[str, Any] = self.exchange.account.report()
        assert report["most_user_streams"] == 1
        assert {n: row["is_real"] for n, row in self.rows().items() if row["pid"]} == {
            name: name == self.leader for name in ("blue", "green")
        }


@contextmanager
def real_pair(folder: Path, exchange: LocalExchange) -> Iterator[RealPair]:
    """Run a pair that trades, and see to it that all of it ends."""
    pair = RealPair(folder, exchange)
    pair.supervise()
    try:
        pair.wait_until_they_trade()
        yield pair
    finally:
        pair.end()
