"""The search of a catalog for a strategy's inputs, with every check before anything runs."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from nautilus_trader.model import BarType, InstrumentId

from adapters.catalog import FactorCatalog
from adapters.catalog.reading.market.market_tables import KINDS
from adapters.catalog.reading.market.presence.market_gaps import default_max_age_ns
from adapters.catalog.reading.market.presence.price_instants import price_tables
from adapters.command.durations import NEVER_NS
from adapters.command.instruments.make_instrument import make_instrument
from adapters.exf.registry.computed_file import read_specs
from adapters.market.btcusdt_instruments import BTCUSDT_PERP, btcusdt_perp
from backtests.inputs.backtest_data import BacktestData
from backtests.inputs.computing.computed_inputs import find_inputs
from backtests.inputs.default_window import Reach, default_window
from backtests.inputs.factor_coverage import (
    FactorCoverage,
    check_coverage,
    check_names,
    coverage,
)
from backtests.inputs.market_data import MarketData
from dolphin_strategies.errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from adapters.catalog.reading.market.market_tables import MarketTable
    from adapters.command.instruments.instrument_spec import InstrumentSpec
    from adapters.command.user_code.strategy_class import AnyFactorStrategy
    from backtests.inputs.backtest_settings import BacktestSettings, RunSettings
    from backtests.inputs.computing.computed_inputs import ComputedInputs


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

    fill_kind = _fill_kind(settings.venue.fill_on, tables)
    price_ages = _price_ages(settings, wanted, tables, fill_kind)
    reaches = [*_market_reach(settings, tables, fill_kind, price_ages)]
    reaches += _factor_reaches(factors, run, strategy, computed, has_market=bool(reaches))
    if not reaches:
        msg = f"{path} holds nothing to replay: record or import some factors"
        raise ConfigError(msg)
    start_ns, end_ns, left_out = default_window(reaches, run.start, run.end)
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
    fill_on = _fill_on(settings.venue.fill_on, tables)
    if fill_on != fill_kind:
        price_ages = _price_ages(settings, wanted, tables, fill_on)
    ready = BacktestData(
        path=path,
        instruments=instruments,
        tables=tables,
        fill_on=fill_on,
        start_ns=start_ns,
        end_ns=end_ns,
        recordings=run.recordings,
        coverage=covered,
        show=tuple(shown[1]),
        computed=computed,
        price_ages=price_ages,
        left_out=left_out,
        funding_choice=run.funding,
    )
    ready.funding  # noqa: B018 - found, or refused, before anything runs
    return ready


def _market_reach(
    settings: BacktestSettings,
    tables: list[MarketTable],
    fill_on: str,
    price_ages: dict[str, int | None],
) -> Iterator[Reach]:
    """Yield from when to when there is a market: until an order would meet too old a price."""
    latency_ns = round(settings.venue.latency_ms * 1_000_000)
    spans = [
        (t.first_ns, t.last_ns, t.last_ns + max((price_ages[t.instrument_id.value] or 0), 1))
        for t in _prices_of(tables, fill_on)
    ]
    if spans:
        first_ns, last_ns = min(a for a, _, _ in spans), max(b for _, b, _ in spans)
        end_ns = max(max(c for _, _, c in spans) - latency_ns, last_ns + 1)
        yield Reach(what="the market", first_ns=first_ns, last_ns=last_ns, end_ns=end_ns)


def _factor_reaches(
    factors: FactorCatalog,
    run: RunSettings,
    strategy: AnyFactorStrategy,
    computed: ComputedInputs | None,
    *,
    has_market: bool,
) -> Iterator[Reach]:
    """Yield from when to when there is each required factor."""
    age = strategy.max_age
    # Long enough that the last record becomes stale within the window.
    age_ns = 0 if age is None else round(age.total_seconds() * 1e9)
    for what, first_ns, last_ns in _factor_spans(factors, run, strategy, computed):
        # Without a limit of age the last value holds for ever.
        end_ns = None if age is None and has_market else last_ns + max(age_ns, 1) + 1
        yield Reach(what=what, first_ns=first_ns, last_ns=last_ns, end_ns=end_ns)


def _factor_spans(
    factors: FactorCatalog,
    run: RunSettings,
    strategy: AnyFactorStrategy,
    computed: ComputedInputs | None,
) -> list[tuple[str, int, int]]:
    """Return the span of each required factor; without any, or without values, of all records."""
    if computed is not None:
        spans = [(t.first_ns, t.last_ns) for t in computed.tables]
        what = "what the factors are computed from"
    else:
        whole = run.start or 0, NEVER_NS if run.end is None else run.end
        values = coverage(factors, run.recordings, strategy.required_factors, whole)
        found = [
            (f"factor {c.name}", c.first_ns, c.last_ns)
            for c in values
            if c.first_ns is not None and c.last_ns is not None
        ]
        if found:
            return found
        spans = [
            (r.first_ns, r.last_ns)
            for r in factors.recordings()
            if (run.recordings is None or r.name in run.recordings)
            and r.first_ns is not None
            and r.last_ns is not None
        ]
        what = "factors"
    return [(what, min(a for a, _ in spans), max(b for _, b in spans))] if spans else []


def _prices_of(tables: list[MarketTable], fill_on: str) -> list[MarketTable]:
    """Return the tables that give prices, of all instruments."""
    has_bars = fill_on == "bars"
    names = dict.fromkeys(t.instrument_id for t in tables)
    return [
        table
        for name in names
        for table in price_tables(
            [t for t in tables if t.instrument_id == name], has_bars=has_bars
        )
    ]


def _price_ages(
    settings: BacktestSettings,
    wanted: list[InstrumentId],
    tables: list[MarketTable],
    fill_on: str,
) -> dict[str, int | None]:
    """Return how old the price of each instrument may be: of the settings, else of the data."""
    limits = settings.market.limits
    names = [i.value for i in wanted]
    for name in limits.of:
        if name not in names:
            msg = (
                f"max_price_age: the backtest has no instrument {name!r}"
                f"{did_you_mean(name, names)}"
            )
            raise ConfigError(msg)
    found: dict[str, int | None] = {}
    for instrument_id in wanted:
        own = _prices_of([t for t in tables if t.instrument_id == instrument_id], fill_on)
        name = instrument_id.value
        is_default = not limits.has_others and name not in limits.of
        found[name] = limits.limit_ns(name, default_max_age_ns(own) if is_default else 0)
    return found


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
        return _fill_kind(asked, tables)
    if asked not in kinds:
        msg = (
            f"fill_on: the window has no {asked} of the strategy's instruments, "
            f"only {', '.join(k for k in KINDS if k in kinds) or 'no market data'}"
        )
        raise ConfigError(msg)
    return asked


def _fill_kind(asked: str, tables: list[MarketTable]) -> str:
    """Return the kind of data on which orders are filled, without a check."""
    kinds = {t.kind for t in tables}
    return next((k for k in KINDS if k in kinds), "quotes") if asked == "auto" else asked
