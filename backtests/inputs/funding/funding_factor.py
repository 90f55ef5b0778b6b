"""The settlements at which a factor is the rate."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np

from adapters.catalog.reading.market.funding.settlements import FundingSettlements
from dolphin_strategies.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from backtests.engine.funding_choice import FundingChoice
    from dolphin_strategies.factors.batch import FactorBatch


def of_factor(
    batches: Iterable[FactorBatch],
    choice: FundingChoice,
    perpetuals: Sequence[Any],
    span: tuple[int, int],
) -> dict[str, FundingSettlements]:
    """Make the settlements at which a factor is the rate.

    Parameters
    ----------
    batches : iterable of FactorBatch
        Records with the factor from well before the span on.
    choice : FundingChoice
        Its name, and when is settled.
    perpetuals : sequence of Nautilus's instruments
        Those of the backtest: exactly one.
    span : tuple of int
        The window, half-open, UNIX nanoseconds.

    Returns
    -------
    dict of str to FundingSettlements
        A settlement at which the factor has no value is missing.

    Raises
    ------
    ConfigError
        If there are several perpetuals.

    """
    instrument = _the_one(perpetuals, f"funding = {choice.text!r}")
    stamps, values = [np.empty(0, np.int64)], [np.empty(0)]
    for batch in batches:
        stamps.append(batch.ts_init)
        values.append(batch.values[:, batch.schema.index(choice.factor)])
    ts, rates = np.concatenate(stamps), np.concatenate(values)
    order = np.argsort(ts, kind="stable")
    ts, rates = ts[order], rates[order]
    step = choice.every.ns
    at = np.arange(-(-span[0] // step) * step, span[1] + step, step, dtype=np.int64)
    rows = np.searchsorted(ts, at + choice.late.ns, side="right") - 1
    found = np.where(rows >= 0, rates[np.maximum(rows, 0)], np.nan) if len(ts) else at * np.nan
    share = Decimal(1) if choice.per is None else Decimal(step) / choice.per.ns
    known = np.isfinite(found)
    return {
        instrument.id.value: FundingSettlements(
            instants=at[known],
            rates=tuple(Decimal(repr(rate)) * share for rate in found[known].tolist()),
            intervals_ns=np.full(int(known.sum()), step, np.int64),
        )
    }


def _the_one(perpetuals: Sequence[Any], what: str) -> Any:
    if len(perpetuals) != 1:
        names = ", ".join(i.id.value for i in perpetuals) or "no perpetual"
        msg = (
            f"{what} is for one perpetual, and the backtest has {names}; choose one with "
            "`instruments`"
        )
        raise ConfigError(msg)
    return perpetuals[0]
