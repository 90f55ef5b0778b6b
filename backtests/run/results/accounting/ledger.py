"""Ledger: the fills, fees and fundings of a run as columns, read from Nautilus's positions."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from nautilus_trader.model import LiquiditySide, PositionAdjustmentType
from numpy.typing import NDArray

from backtests.run.results.accounting.contract import Contract, contract_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nautilus_trader.backtest import BacktestEngine
    from nautilus_trader.model import Position

_FILL: Final = np.dtype(
    [
        ("ts", np.int64),
        ("quantity", np.float64),
        ("price", np.float64),
        ("fee", np.float64),
        ("fee_currency", np.int64),
        ("is_maker", np.int64),
        ("position", np.int64),
        ("order", np.int64),
    ]
)
_MOST_ROWS: Final = 8_192
_FUNDING: Final = np.dtype([("ts", np.int64), ("amount", np.float64), ("position", np.int64)])


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """The fills, fees and fundings of a run, position by position.

    Attributes
    ----------
    contracts : list of Contract
        The instruments of the run, traded or not.
    currencies : list of str
        Codes of currencies; ``fee_currency`` of a fill is an index of it.
    balances : dict of str to float
        The starting balances of all venues together, by currency.
    position_ids : list of str
        Nautilus's id of each position, in the order in which they were opened. With netting all
        positions of an instrument have one id, but for a suffix that Nautilus gives closed ones.
    contract : int64 array of shape (positions,)
        The index of the contract of each position.
    is_open : bool array of shape (positions,)
        Whether a position is open at the end.
    fills : structured array of shape (fills,)
        By position, then by time: ``ts`` (UNIX nanoseconds), ``quantity`` (signed: bought > 0),
        ``price``, ``fee`` (paid > 0), ``fee_currency``, ``is_maker``, ``position``, ``order`` (an
        index of ``order_ids``). A fill that reverses a position is two: a close and an opening.
    funding : structured array of shape (fundings,)
        By position, then by time: ``ts`` (UNIX nanoseconds), ``amount`` (received > 0, in the
        contract's currency), ``position``.
    order_ids : list of str
        The client order ids of the fills.

    """

    contracts: list[Contract]
    currencies: list[str]
    balances: dict[str, float]
    position_ids: list[str]
    contract: NDArray[np.int64]
    is_open: NDArray[np.bool_]
    fills: NDArray[Any]
    funding: NDArray[Any]
    order_ids: list[str]

    @property
    def starts(self) -> NDArray[np.int64]:
        """The index of the first fill of each position: int64 array of shape (positions,)."""
        return np.searchsorted(self.fills["position"], np.arange(len(self.position_ids)))

    def of_contract(self, contract: int) -> NDArray[np.intp]:
        """Return which fills are of a contract, in the order of time."""
        chosen = np.flatnonzero(self.contract[self.fills["position"]] == contract)
        return chosen[np.argsort(self.fills["ts"][chosen], kind="stable")]

    def has_own_fee(self) -> NDArray[np.bool_]:
        """Return whether each fill's fee is in the currency of its contract."""
        own = np.array([c.currency for c in self.contracts])[self.contract]
        paid = np.array(self.currencies)[self.fills["fee_currency"]]
        return np.asarray(paid == own[self.fills["position"]])

    def running(self, amounts: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the sum of amounts of fills since the opening of their position, each included.

        Parameters
        ----------
        amounts : float64 array of shape (fills,)
            An amount for each fill.

        """
        sums: NDArray[np.float64] = np.cumsum(amounts)
        before = (sums - amounts)[self.starts[self.fills["position"]]]
        return np.asarray(sums - before)

    def held(self) -> NDArray[np.float64]:
        """Return the signed quantity of its position after each fill.

        Returns
        -------
        float64 array of shape (fills,)
            Rounded to the instrument's decimals, so that a closed position holds exactly 0.

        """
        held = self.running(self.fills["quantity"])
        precision = np.array([c.size_precision for c in self.contracts], np.int64)
        scale = 10.0 ** precision[self.contract[self.fills["position"]]]
        return np.asarray(np.round(held * scale) / scale)


def read_ledger(engine: BacktestEngine) -> Ledger:
    """Read the ledger of an engine after its run.

    Parameters
    ----------
    engine : BacktestEngine
        The engine, not disposed of yet.

    """
    contracts = [contract_of(i) for i in engine.cache.instruments()]
    index_of = {c.instrument_id: i for i, c in enumerate(contracts)}
    positions = _positions(engine)
    fills, funding = _Rows(_FILL), _Rows(_FUNDING)
    orders: dict[str, int] = {}
    currencies: dict[str, int] = {}
    for number, position in enumerate(positions):
        found: list[tuple[float, ...]] = []
        for fill in position.events():
            fee = fill.commission
            quantity = fill.last_qty.as_double()
            found.append(
                (
                    fill.ts_event,
                    quantity if fill.is_buy else -quantity,
                    fill.last_px.as_double(),
                    0.0 if fee is None else fee.as_double(),
                    currencies.setdefault(
                        "" if fee is None else fee.currency.code, len(currencies)
                    ),
                    fill.liquidity_side == LiquiditySide.MAKER,
                    number,
                    orders.setdefault(fill.client_order_id.value, len(orders)),
                )
            )
        fills.add(found)
        funding.add(
            [
                (adjustment.ts_event, adjustment.pnl_change.as_double(), number)
                for adjustment in position.adjustments()
                if adjustment.adjustment_type == PositionAdjustmentType.FUNDING
                and adjustment.pnl_change is not None
            ]
        )
    return Ledger(
        contracts=contracts,
        currencies=list(currencies),
        balances=_balances(engine),
        position_ids=[str(p.id) for p in positions],
        contract=np.array([index_of[str(p.instrument_id)] for p in positions], np.int64),
        is_open=np.array([p.is_open for p in positions], bool),
        fills=fills.array(),
        funding=funding.array(),
        order_ids=list(orders),
    )


class _Rows:
    """Rows of a structured array, of which few are Python objects at once."""

    def __init__(self, dtype: np.dtype[Any]) -> None:
        self._dtype = dtype
        self._arrays = [np.empty(0, dtype)]
        self._rows: list[tuple[float, ...]] = []

    def add(self, rows: list[tuple[float, ...]]) -> None:
        self._rows += rows
        if len(self._rows) > _MOST_ROWS:
            self._arrays.append(np.array(self._rows, self._dtype))
            self._rows.clear()

    def array(self) -> NDArray[Any]:
        return np.concatenate([*self._arrays, np.array(self._rows, self._dtype)])


def _positions(engine: BacktestEngine) -> list[Position]:
    """Return every position, those closed before their id was used again included."""
    cache = engine.cache
    # A strategy may take a snapshot of an open position, which is among the others.
    before = (p for p in cache.position_snapshots() if p.is_closed)
    found: Iterable[Position] = [*before, *cache.positions()]
    return sorted(found, key=lambda p: (p.ts_opened, p.ts_closed or 2**63, str(p.id)))


def _balances(engine: BacktestEngine) -> dict[str, float]:
    """Return the starting balances of all venues together."""
    found: Counter[str] = Counter()
    for venue in engine.list_venues():
        account = engine.cache.account_for_venue(venue)
        if account is not None:
            for currency, money in account.starting_balances().items():
                found[currency.code] += money.as_decimal()
    return {code: float(amount) for code, amount in found.items()}
