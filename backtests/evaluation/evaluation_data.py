"""The data of an evaluation: found in the catalog, checked, and read once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from adapters.catalog import FactorCatalog
from adapters.catalog.reading.market.market_tables import KINDS, MarketTable, market_tables
from adapters.catalog.reading.market.presence.market_gaps import default_max_age_ns
from adapters.catalog.reading.market.presence.price_instants import (
    bar_span_ns,
    median_distance_ns,
)
from adapters.command.instants import show_instant
from adapters.command.progress_bar import ProgressBar
from backtests.evaluation.inputs.known_factors import KnownFactors, max_ages_ns, read_factors
from backtests.evaluation.inputs.later_returns import LaterReturns
from backtests.evaluation.inputs.sampling import Sampling, make_sampling
from backtests.inputs.factor_coverage import check_names
from dolphin_strategies.errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    from pathlib import Path

    from backtests.evaluation.evaluation_settings import EvaluationSettings

MOST_VALUES = 100_000_000
"""Values in memory at once, 8 bytes each, at most."""


@dataclass(frozen=True, kw_only=True, eq=False)
class EvaluationData:
    """Factors and returns at the instants of a sampling.

    Attributes
    ----------
    names : tuple of str
        The factors.
    table : MarketTable
        The prices.
    sampling : Sampling
        The instants.
    factors : KnownFactors
        The factors' values.
    returns : LaterReturns
        The returns.

    """

    names: tuple[str, ...]
    table: MarketTable
    sampling: Sampling
    factors: KnownFactors
    returns: LaterReturns

    def describe(self) -> list[str]:
        """Return what is evaluated, line by line."""
        sampling = self.sampling
        return [
            f"{len(self.names):,} factors against the {self.table.kind} of "
            f"{self.table.identifier}",
            f"{show_instant(sampling.start_ns)} to {show_instant(sampling.end_ns)}, "
            f"{len(sampling.instants):,} instants",
        ]


def read_data(
    path: Path, settings: EvaluationSettings, table: MarketTable | None = None
) -> EvaluationData:
    """Find and read the data of an evaluation of one instrument.

    Parameters
    ----------
    path : Path
        The catalog's folder.
    settings : EvaluationSettings
        What to evaluate.
    table : MarketTable, optional
        One of :func:`price_tables`; None: the first one.

    Raises
    ------
    ConfigError
        If something is missing, with what the catalog has instead, or cannot be read.

    """
    catalog = FactorCatalog(path)
    known = tuple(catalog.schema(settings.recordings))
    if settings.show is not None:
        check_names(catalog, settings.recordings, settings.show, "--show names")
    names = known if settings.show is None else settings.show
    table = table or price_tables(path, settings)[0]
    sampling = _sampling(catalog, table, settings)
    if len(names) * len(sampling.instants) > MOST_VALUES:
        msg = (
            f"{len(names):,} factors at {len(sampling.instants):,} instants are more than "
            f"{MOST_VALUES:,} values: choose a longer --step, or factors with --show"
        )
        raise ConfigError(msg)
    ages = max_ages_ns(catalog, settings.recordings, names, sampling.step_ns, settings.max_age_ns)
    factors = KnownFactors(names, sampling.instants, ages)
    # A record from before the window may hold at its start.
    window = sampling.start_ns - int(ages.max()), sampling.end_ns
    with ProgressBar(*window, 1, "factors ") as bar:
        read_factors(catalog, settings.recordings, factors, window, bar.show)
    returns = LaterReturns(sampling, default_max_age_ns([table]))
    with ProgressBar(table.first_ns, table.last_ns + 1, 1, "prices ") as bar:
        returns.read(table, bar.show)
    return EvaluationData(
        names=names, table=table, sampling=sampling, factors=factors, returns=returns
    )


def price_tables(path: Path, settings: EvaluationSettings) -> list[MarketTable]:
    """Return the prices of each instrument: of several kinds of bars those of the shortest span.

    Raises
    ------
    ConfigError
        If an instrument has none, with what the catalog has instead.

    """
    tables = market_tables(path)
    known = list(dict.fromkeys(str(t.instrument_id) for t in tables))
    holds = f"{path} has prices of {', '.join(known) or 'nothing: record or import some'}"
    names = settings.instruments
    if not names:
        if len(known) != 1:
            msg = f"no --instrument, and not one alone to take: {holds}"
            raise ConfigError(msg)
        names = (known[0],)
    for name in names:
        if name not in known:
            msg = f"--instrument: {name!r} has no prices{did_you_mean(name, known)}; {holds}"
            raise ConfigError(msg)
    return [
        _longest([t for t in tables if str(t.instrument_id) == name], name, settings.prices)
        for name in names
    ]


def _longest(own: list[MarketTable], name: str, prices: str) -> MarketTable:
    kinds = [k for k in KINDS if prices in {"auto", k} and any(t.kind == k for t in own)]
    if not kinds:
        msg = (
            f"--prices {prices}: there are none of {name}, only "
            f"{', '.join(dict.fromkeys(t.kind for t in own))}"
        )
        raise ConfigError(msg)
    return max((t for t in own if t.kind == kinds[0]), key=lambda t: t.rows)


def _sampling(
    catalog: FactorCatalog, table: MarketTable, settings: EvaluationSettings
) -> Sampling:
    """Return the sampling of the window in which there are factors and prices."""
    chosen = [
        r
        for r in catalog.recordings()
        if settings.recordings is None or r.name in settings.recordings
    ]
    firsts = [r.first_ns for r in chosen if r.first_ns is not None]
    lasts = [r.last_ns for r in chosen if r.last_ns is not None]
    start_ns = max(min(firsts), table.first_ns)
    end_ns = min(max(lasts), table.last_ns) + 1
    if settings.start_ns is not None:
        start_ns = max(start_ns, settings.start_ns)
    if settings.end_ns is not None:
        end_ns = min(end_ns, settings.end_ns)
    if end_ns <= start_ns:
        msg = (
            "the window has no factors with prices: factors from "
            f"{show_instant(min(firsts))} to {show_instant(max(lasts))}, prices from "
            f"{show_instant(table.first_ns)} to {show_instant(table.last_ns)}"
        )
        raise ConfigError(msg)
    span_ns = bar_span_ns(table.identifier) if table.kind == "bars" else None
    distance_ns = span_ns or median_distance_ns([table]) or 1
    return make_sampling(
        (start_ns, end_ns),
        distance_ns,
        settings.step_ns,
        settings.horizons_ns,
        settings.delays_ns,
    )
