"""Step returns: the log returns of a catalog's prices, in sequences as the filter takes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from adapters.catalog import FactorCatalog
from adapters.catalog.reading.market.market_tables import KINDS, MarketTable, market_tables
from adapters.catalog.reading.market.presence.market_gaps import default_max_age_ns
from backtests.evaluation.inputs.traded_prices import KnownPrices, read_prices
from dolphin_strategies.errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    from pathlib import Path


MOST_STEPS: Final = 20_000_000
_BPS: Final = 1e4


@dataclass(frozen=True, kw_only=True, eq=False)
class StepReturns:
    """Returns in sequences that begin at multiples of the memory.

    Attributes
    ----------
    of : str
        Whose they are, as a person names it.
    instrument : str
        The instrument; empty: of a factor.
    step_ns, memory_ns : int
        The step, and the length of a sequence, nanoseconds.
    first_ns : int
        When the first sequence begins, UNIX nanoseconds.
    sequences : float64 array of shape (sequences, steps)
        Log returns, bps; NaN without a price at both ends.

    """

    of: str
    instrument: str = ""
    step_ns: int
    memory_ns: int
    first_ns: int
    sequences: NDArray[np.float64]

    def part(self, first: int, last: int) -> NDArray[np.float64]:
        """Return the sequences of a span that have a return."""
        found = self.sequences[first:last]
        return found[~np.isnan(found).all(axis=1)]

    def at_ns(self, place: int) -> int:
        """Return when a sequence begins, UNIX nanoseconds."""
        return self.first_ns + place * self.memory_ns


def read_returns(  # noqa: PLR0913 - the parts of a command line
    path: Path,
    *,
    instrument: str | None,
    factor: str | None,
    step_ns: int,
    memory_ns: int,
    start_ns: int | None,
    end_ns: int | None,
) -> StepReturns:
    """Read the returns of an instrument's mid (or trades, or bars), or of a factor above 0.

    A sample is the last price before its instant, as RegimeProbability takes it.

    Parameters
    ----------
    path : Path
        The catalog's folder.
    instrument : str, optional
        The instrument; None: the only one, if no factor is named.
    factor : str, optional
        The factor, in place of an instrument.
    step_ns, memory_ns : int
        The step, and the length of a sequence, a multiple of it, nanoseconds.
    start_ns, end_ns : int, optional
        The window, half-open, UNIX nanoseconds.

    Raises
    ------
    ConfigError
        If there are no such data, or too many steps.

    """
    if factor is not None:
        catalog = FactorCatalog(path)
        known = tuple(catalog.schema())
        if factor not in known:
            msg = f"--factor: {path} has no {factor!r}{did_you_mean(factor, known)}"
            raise ConfigError(msg)
        ts, columns = catalog.arrays([factor], start_ns, end_ns)
        is_known = ~np.isnan(columns[:, 0])
        ts, prices = ts[is_known], columns[is_known, 0]
        if len(prices) and prices.min() <= 0:
            msg = f"--factor: expected {factor} above 0, as it is a price, found {prices.min():g}"
            raise ConfigError(msg)
        first_ns, last_ns = (int(ts[0]), int(ts[-1])) if len(ts) else (0, 0)
    else:
        table = _table(path, instrument)
        first_ns, last_ns = table.first_ns, table.last_ns
    begin_ns = max(first_ns, first_ns if start_ns is None else start_ns)
    stop_ns = min(last_ns + 1, last_ns + 1 if end_ns is None else end_ns)
    begin_ns = -(-begin_ns // memory_ns) * memory_ns
    count = max(0, (stop_ns - begin_ns) // memory_ns)
    steps = memory_ns // step_ns
    if not 0 < count * steps <= MOST_STEPS:
        msg = (
            f"expected a window of one --memory and up to {MOST_STEPS:,} steps, found "
            f"{count:,} memories of {steps:,} steps"
        )
        raise ConfigError(msg)
    # One before each end: strictly before the instant.
    instants = begin_ns + step_ns * np.arange(count * steps + 1, dtype=np.int64) - 1
    if factor is not None:
        age_ns = max(10 * int(np.median(np.diff(ts))), step_ns) if len(ts) > 1 else step_ns
        samples = KnownPrices(instants, age_ns)
        samples.take(ts, prices)
        samples.finish()
    else:
        age_ns = default_max_age_ns([table])
        samples = KnownPrices(instants, age_ns)
        read_prices(table, samples, [], (begin_ns - age_ns, stop_ns), lambda _, __: None)
    returns = np.diff(np.log(samples.prices)) * _BPS
    return StepReturns(
        of=factor or f"{table.kind} of {table.identifier}",
        instrument="" if factor is not None else str(table.instrument_id),
        step_ns=step_ns,
        memory_ns=memory_ns,
        first_ns=begin_ns,
        sequences=returns.reshape(count, steps),
    )


def _table(path: Path, instrument: str | None) -> MarketTable:
    tables = [t for t in market_tables(path) if t.kind in KINDS]
    known = list(dict.fromkeys(str(t.instrument_id) for t in tables))
    holds = f"{path} has prices of {', '.join(known) or 'nothing: record or import some'}"
    if instrument is None:
        if len(known) != 1:
            msg = f"no --instrument, and not one alone to take: {holds}"
            raise ConfigError(msg)
        instrument = known[0]
    elif instrument not in known:
        near = did_you_mean(instrument, known)
        msg = f"--instrument: {instrument!r} has no prices{near}; {holds}"
        raise ConfigError(msg)
    own = [t for t in tables if str(t.instrument_id) == instrument]
    kind = next(k for k in KINDS if any(t.kind == k for t in own))
    return max((t for t in own if t.kind == kind), key=lambda t: t.rows)
