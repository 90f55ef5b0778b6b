"""Inputs: what a backtest replays, found in a catalog and checked before anything runs."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nautilus_trader.model import BarType, InstrumentId

from adapters.catalog import FactorCatalog
from adapters.market.instruments import BTCUSDT_PERP, btcusdt_perp
from backtests.importing.content.instruments import make_instrument
from backtests.inputs.coverage import FactorCoverage, check_coverage, check_names, show_time
from backtests.inputs.factor_delay import NO_DELAY, FactorDelay, delayed
from backtests.inputs.market_data import KINDS, MarketData, MarketTable
from dolphin_strategies.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from adapters.command.strategy_class import AnyFactorStrategy
    from backtests.importing.spec.import_spec import InstrumentSpec
    from backtests.inputs.backtest_settings import BacktestSettings
    from backtests.inputs.chunks import Piece
    from dolphin_strategies.factors.batch import FactorBatch
    from dolphin_strategies.factors.schema import FactorSchema


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """What is replayed: all of it read in pieces, when it is asked for.

    Attributes
    ----------
    path : Path
        The catalog's folder.
    instruments : list
        What can be traded.
    tables : list of MarketTable
        The market data, in the order in which it follows the factors at one instant.
    fill_on : str
        Which kind of it moves the market that orders are matched against.
    start_ns, end_ns : int
        The window, half-open.
    recordings : list of str, optional
        Which recordings of factors; None: all.
    coverage : list of FactorCoverage
        Of the required factors.
    show : tuple of str
        Factors to draw.
    delay : FactorDelay
        How much later than recorded the factors are seen.

    """

    path: Path
    instruments: list[Any]
    tables: list[MarketTable]
    fill_on: str
    start_ns: int
    end_ns: int
    recordings: list[str] | None
    coverage: list[FactorCoverage]
    show: tuple[str, ...]
    delay: FactorDelay = NO_DELAY

    def batches(self, names: Sequence[str] | None = None) -> Iterator[FactorBatch]:
        """Yield the factors of the window as they are seen, all of them or some."""
        return self._seen(self.start_ns, self.end_ns, names)

    def batches_before(self, span_ns: int) -> Iterator[FactorBatch]:
        """Yield the factors seen in a span of time before the window."""
        return self._seen(self.start_ns - span_ns, self.start_ns, None)

    def _seen(
        self, start_ns: int, end_ns: int, names: Sequence[str] | None
    ) -> Iterator[FactorBatch]:
        factors, delay = FactorCatalog(self.path), self.delay
        if not (delay.is_same_for_all or names):
            names = self.schema().names
        first_ns = start_ns - delay.longest_ns
        batches = factors.batches(first_ns, end_ns, recordings=self.recordings, names=names)
        return batches if delay == NO_DELAY else delayed(batches, delay, start_ns, end_ns)

    def market(self, max_rows: int) -> list[Iterator[Piece]]:
        """Return the market data of the window, one stream a table."""
        data = MarketData(self.path)
        return [data.pieces(t, self.start_ns, self.end_ns, max_rows) for t in self.tables]

    def describe(self) -> list[str]:
        """Return what is replayed, for the user."""
        tables = [f"{t.kind} of {t.identifier} ({t.rows:,} in its files)" for t in self.tables]
        return [
            f"{self.path}: {show_time(self.start_ns)} to {show_time(self.end_ns)}",
            f"  factors   {len(self.schema())}, "
            f"of {', '.join(self.recordings) if self.recordings else 'all recordings'}",
            *(f"  required  {covered}" for covered in self.coverage),
            f"  market    {', '.join(tables) or 'none: orders cannot be filled'}; "
            f"filled on {self.fill_on}",
        ]

    def schema(self) -> FactorSchema:
        """Return the names of all factors."""
        return FactorCatalog(self.path).schema(self.recordings)


def find_inputs(
    path: Path, settings: BacktestSettings, strategy: AnyFactorStrategy, *, check: bool = True
) -> Inputs:
    """Find what the strategy needs in a catalog.

    Parameters
    ----------
    path : Path
        The catalog's folder.
    settings : BacktestSettings
        Which part of it, and how it is used.
    strategy : FactorStrategy
        Who needs it.
    check : bool
        Whether to refuse a window that the required factors do not cover.

    Raises
    ------
    ConfigError
        If something is missing, with what there is.

    """
    run = settings.backtest
    factors = FactorCatalog(path)
    factors.schema(run.recordings)
    who = f"{type(strategy).__name__} requires"
    check_names(factors, run.recordings, strategy.required_factors, who)
    show = tuple(strategy.required_factors if run.show is None else run.show)
    check_names(factors, run.recordings, show, "the report shall show")

    data = MarketData(path)
    found = data.tables()
    wanted = _instrument_ids(run.instruments, strategy, found)
    tables = [t for t in found if t.instrument_id in wanted]
    instruments = _instruments(data.instruments(), wanted, settings.instrument)

    spans = [(t.first_ns, t.last_ns) for t in tables]
    if (first := factors.first_ns) is not None and (last := factors.last_ns) is not None:
        spans.append((first, last))
    if not spans:
        msg = f"{path} holds nothing to replay: record or import some factors"
        raise ConfigError(msg)
    start_ns: int = run.start if run.start is not None else min(a for a, _ in spans)
    end_ns: int | None = run.end
    if end_ns is None:
        # So far that the last record's age is told too.
        age = strategy.max_age
        age_ns = 0 if age is None else round(age.total_seconds() * 1e9)
        end_ns = max(b for _, b in spans) + max(age_ns, 1) + 1
    covered: list[FactorCoverage] = []
    if check:
        covered = check_coverage(
            factors,
            run.recordings,
            strategy.required_factors,
            (start_ns, end_ns),
            start_is_asked=run.start is not None,
            end_is_asked=run.end is not None,
        )
    tables = [t for t in tables if t.first_ns < end_ns and t.last_ns >= start_ns]
    return Inputs(
        path=path,
        instruments=instruments,
        tables=tables,
        fill_on=_fill_on(settings.venue.fill_on, tables),
        start_ns=start_ns,
        end_ns=end_ns,
        recordings=run.recordings,
        coverage=covered,
        show=show,
    )


def _instrument_ids(
    asked: Sequence[str] | None, strategy: AnyFactorStrategy, tables: list[MarketTable]
) -> list[InstrumentId]:
    """Return whose market data is replayed: asked for, named in the config, or all there is."""
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
    """Return the wanted instruments: the settings' first, then the catalog's, then our own."""
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
