"""The list of trades and the course of the equity as tables of plain columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from backtests.run.results.accounting.books import Books

_UTC: Final = pa.timestamp("ns", tz="UTC")
_DECIMALS: Final = 10
"""Decimals of amounts: float sums without their rests."""
_AMOUNTS: Final = ("price_pnl", "funding", "fees", "pnl")
_EXCURSIONS: Final = ("mae", "mfe")


def trade_list(books: Books) -> pa.Table:
    """Return the list of trades: a row for each position from flat to flat.

    Parameters
    ----------
    books : Books
        The books of a run.

    Returns
    -------
    pyarrow.Table
        In the order of the first fills: ``instrument_id``, ``position_id``, ``currency`` of all
        amounts, ``side``, ``status``, ``entry_time``, ``exit_time`` (none while open),
        ``holding_s``, ``quantity``, ``peak_quantity``, ``entry_price``, ``exit_price``,
        ``mark_price`` (of an open one), ``notional``, ``price_pnl``, ``funding``, ``fees``,
        ``pnl``, ``return`` (``pnl`` over ``notional``), ``mae``, ``mfe``, ``mae_return`` and
        ``mfe_return`` (over ``notional``), ``slippage``, ``fills``, ``entry_order``,
        ``exit_order``.

    """
    ledger, rows = books.ledger, books.positions
    is_open = rows["is_open"]
    contracts = [ledger.contracts[i] for i in rows["contract"].tolist()]
    order_ids = np.array([*ledger.order_ids, ""], object)
    columns: dict[str, Any] = {
        "instrument_id": pa.array([c.instrument_id for c in contracts], pa.string()),
        "position_id": pa.array(ledger.position_ids, pa.string()),
        "currency": pa.array([c.currency for c in contracts], pa.string()),
        "side": _words(rows["side"] > 0, "LONG", "SHORT"),
        "status": _words(is_open, "open", "closed"),
        "entry_time": _times(rows["entry_ns"]),
        "exit_time": _times(rows["exit_ns"], is_open),
        "holding_s": _numbers((rows["exit_ns"] - rows["entry_ns"]) / 1e9),
        "quantity": _numbers(rows["quantity"]),
        "peak_quantity": _numbers(rows["peak_quantity"]),
        "entry_price": _numbers(rows["entry_price"]),
        "exit_price": _numbers(rows["exit_price"]),
        "mark_price": _numbers(rows["mark"]),
        "notional": _numbers(rows["notional"]),
        **{name: _numbers(rows[name]) for name in _AMOUNTS},
        "return": _over(rows["pnl"], rows["notional"]),
        **{name: _numbers(rows[name]) for name in _EXCURSIONS},
        **{f"{name}_return": _over(rows[name], rows["notional"]) for name in _EXCURSIONS},
        "slippage": _numbers(rows["slippage"]),
        "fills": pa.array(rows["fills"].tolist(), pa.int64()),
        "entry_order": pa.array(order_ids[rows["entry_order"]].tolist(), pa.string()),
        "exit_order": _where_closed(order_ids[rows["exit_order"]], is_open),
    }
    return pa.table(columns)


def equity_table(books: Books) -> pa.Table:
    """Return the course of the equity: a row for each instant at which it is stated.

    Parameters
    ----------
    books : Books
        The books of a run.

    Returns
    -------
    pyarrow.Table
        ``time``, and for each currency ``equity_…``, ``drawdown_…`` (at most 0, an amount) and
        ``notional_…`` (the value of all positions).

    """
    columns: dict[str, Any] = {"time": _times(books.stated_ts)}
    for code, account in sorted(books.accounts.items()):
        columns[f"equity_{code}"] = _numbers(books.stated_equity(code))
        columns[f"drawdown_{code}"] = _numbers(books.stated_drawdown(code))
        columns[f"notional_{code}"] = _numbers(account.notional[books.is_stated])
    return pa.table(columns)


def _times(ts: NDArray[np.int64], is_missing: NDArray[np.bool_] | None = None) -> pa.Array:
    values = ts.tolist()
    if is_missing is not None:
        values = [None if missing else t for t, missing in zip(values, is_missing, strict=True)]
    return pa.array(values, pa.int64()).cast(_UTC)


def _numbers(values: NDArray[np.float64]) -> pa.Array:
    rounded = np.round(np.asarray(values, np.float64), _DECIMALS) + 0.0
    # Not pyarrow's own conversion, which imports pandas. NaN: none.
    return pa.array([None if v != v else v for v in rounded.tolist()], pa.float64())  # noqa: PLR0124


def _over(amounts: NDArray[np.float64], base: NDArray[np.float64]) -> pa.Array:
    found = np.full(len(amounts), np.nan)
    np.divide(amounts, base, out=found, where=base > 0)
    return _numbers(found)


def _words(choices: NDArray[np.bool_], yes: str, no: str) -> pa.Array:
    return pa.array([yes if choice else no for choice in choices.tolist()], pa.string())


def _where_closed(values: NDArray[Any], is_open: NDArray[np.bool_]) -> pa.Array:
    found = [None if is_ else v for v, is_ in zip(values.tolist(), is_open.tolist(), strict=True)]
    return pa.array(found, pa.string())
