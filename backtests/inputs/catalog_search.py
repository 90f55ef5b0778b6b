"""The search of a catalog for a strategy's inputs, with every check before anything runs."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from nautilus_trader.model import BarType, InstrumentId

from adapters.catalog import FactorCatalog
from adapters.catalog.reading.market.market_tables import KINDS
from adapters.command.make_instrument import make_instrument
from adapters.exf.registry.computed_file import read_specs
from adapters.market.btcusdt_instruments import BTCUSDT_PERP, btcusdt_perp
from backtests.inputs.backtest_data import BacktestData
from backtests.inputs.computing.computed_inputs import find_inputs
from backtests.inputs.factor_coverage import FactorCoverage, check_coverage, check_names
from backtests.inputs.market_data import MarketData
from dolphin_strategies.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from adapters.catalog.reading.market.market_tables import MarketTable
    from adapters.command.instrument_spec import InstrumentSpec
    from adapters.command.strategy_class import AnyFactorStrategy
    from backtests.inputs.backtest_settings import BacktestSettings, RunSettings


def find_data(
    path: Path, settings: BacktestSettings, strategy: AnyFactorStrategy, *, check: bool = True
) -> BacktestData:
    """Find a strategy's inputs in a catalog.

    Parameters
    ----------
    path : Path
        The catalog's folder.
    settings : BacktestSettings
        The part of the catalog to replay, and how.
    strategy : FactorStrategy
        The strategy that requires the factors.
    check : bool
        Whether to refuse a window that the required factors of recordings do not cover.

    Raises
    ------
    ConfigError
        If an input is missing, with what the catalog has instead.

    """
    run = settings.backtest
    factors = FactorCatalog(path)
    made = [] if settings.instrument is None else [make_instrument(settings.instrument)]
    computed = None
    if run.compute is not None:
        computed = find_inputs(path, read_specs(run.compute), definitions=made)
    if computed is None:
        factors.schema(run.recordings)
    required = f"{type(strategy).__name__} requires", strategy.required_factors
    shown = "the report shall show", strategy.required_factors if run.show is None else run.show
    for who, names in (required, shown):
        if computed is None:
            check_names(factors, run.recordings, names, who)
        else:
            computed.check_names(names, who)

    data = MarketData(path)
    found = data.tables()
    wanted = _instrument_ids(run.instruments, strategy, found)
    tables = [t for t in found if t.instrument_id in wanted]
    instruments = _instruments(data.instruments(), wanted, settings.instrument)

    spans = [(t.first_ns, t.last_ns) for t in tables]
    spans += _factor_spans(factors, run, needs_all=not spans) if computed is None else []
    if computed is not None and not spans:
        spans = [(t.first_ns, t.last_ns) for t in computed.tables]
    if not spans:
        msg = f"{path} holds nothing to replay: record or import some factors"
        raise ConfigError(msg)
    start_ns: int = run.start if run.start is not None else min(a for a, _ in spans)
    end_ns: int | None = run.end
    if end_ns is None:
        # Long enough that the last record becomes stale within the window.
        age = strategy.max_age
        age_ns = 0 if age is None else round(age.total_seconds() * 1e9)
        end_ns = max(b for _, b in spans) + max(age_ns, 1) + 1
    covered: list[FactorCoverage] = []
    if computed is not None:
        computed.check_window(start_ns, end_ns)
    if check and computed is None:
        covered = check_coverage(
            factors,
            run.recordings,
            strategy.required_factors,
            (start_ns, end_ns),
            start_is_asked=run.start is not None,
            end_is_asked=run.end is not None,
        )
    tables = [t for t in tables if t.first_ns < end_ns and t.last_ns >= start_ns]
    return BacktestData(
        path=path,
        instruments=instruments,
        tables=tables,
        fill_on=_fill_on(settings.venue.fill_on, tables),
        start_ns=start_ns,
        end_ns=end_ns,
        recordings=run.recordings,
        coverage=covered,
        show=tuple(shown[1]),
        computed=computed,
    )


def _factor_spans(
    factors: FactorCatalog, run: RunSettings, *, needs_all: bool
) -> list[tuple[int, int]]:
    """Return the spans of the chosen recordings; of those made from market data only if needed."""
    return [
        (r.first_ns, r.last_ns)
        for r in factors.recordings()
        if (run.recordings is None or r.name in run.recordings)
        and (needs_all or not r.is_after_market)
        and r.first_ns is not None
        and r.last_ns is not None
    ]


def _instrument_ids(
    asked: Sequence[str] | None, strategy: AnyFactorStrategy, tables: list[MarketTable]
) -> list[InstrumentId]:
    """Return the instruments to replay: requested, named in the config, or all."""
    if asked is not None:
        known = {str(t.instrument_id) for t in tables}
        for name in asked:
            if name not in known:
                msg = (
                    f"instruments: the catalog has no market data of {name!r}, "
                    f"only of {', '.join(sorted(known)) or 'nothing'}"
                )
                raise ConfigError(msg)
        return [InstrumentId.from_str(name) for name in asked]
    named: list[InstrumentId] = []
    for field in dataclasses.fields(strategy.config):
        value = getattr(strategy.config, field.name)
        for one in value if isinstance(value, list | tuple) else [value]:
            if isinstance(one, InstrumentId):
                named.append(one)
            elif isinstance(one, BarType):
                named.append(one.instrument_id)
    return list(dict.fromkeys(named or [t.instrument_id for t in tables]))


def _instruments(
    held: list[Any], wanted: list[InstrumentId], settings: InstrumentSpec | None
) -> list[Any]:
    """Return the instruments' definitions: of the settings, else the catalog, else built in."""
    known = {i.id: i for i in held}
    known.setdefault(BTCUSDT_PERP, btcusdt_perp())
    if settings is not None:
        made = make_instrument(settings)
        known[made.id] = made
    for instrument_id in wanted:
        if instrument_id not in known:
            msg = (
                f"instrument {instrument_id} is defined nowhere: neither in the catalog "
                f"({', '.join(str(i.id) for i in held) or 'it has none'}) nor in a table "
                "[instrument] of the configuration"
            )
            raise ConfigError(msg)
    return [known[i] for i in wanted]


def _fill_on(asked: str, tables: list[MarketTable]) -> str:
    kinds = {t.kind for t in tables}
    if asked == "auto":
        return next((kind for kind in KINDS if kind in kinds), "quotes")
    if asked not in kinds:
        msg = (
            f"fill_on: the window has no {asked} of the strategy's instruments, "
            f"only {', '.join(k for k in KINDS if k in kinds) or 'no market data'}"
        )
        raise ConfigError(msg)
    return asked
