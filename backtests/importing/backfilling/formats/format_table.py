"""The table of formats, and recognising which of them an archive has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from backtests.importing.backfilling.formats.venues.answers import bybit_funding, deribit_dvol
from backtests.importing.backfilling.formats.venues.binance.binance_depth import BOOK_DEPTH
from backtests.importing.backfilling.formats.venues.binance.binance_funding import FUNDING_RATE
from backtests.importing.backfilling.formats.venues.binance.binance_klines import KLINES
from backtests.importing.backfilling.formats.venues.binance.binance_liquidations import (
    LIQUIDATIONS,
)
from backtests.importing.backfilling.formats.venues.binance.binance_metrics import METRICS
from backtests.importing.backfilling.formats.venues.binance.binance_quotes import BOOK_TICKER
from backtests.importing.backfilling.formats.venues.binance.binance_trades import (
    AGG_TRADES,
    TRADES,
)
from backtests.importing.backfilling.formats.venues.bybit import bybit_klines, bybit_trades
from backtests.importing.backfilling.formats.venues.endpoints.endpoint_rows import ENDPOINT_ROWS
from backtests.importing.backfilling.formats.venues.okx import okx_funding, okx_market
from backtests.importing.backfilling.formats.venues.tardis import (
    tardis_derivatives,
    tardis_liquidations,
    tardis_ticks,
)
from dolphin_strategies.errors import DolphinError

if TYPE_CHECKING:
    from backtests.importing.backfilling.archives.csv_blocks import Sample
    from backtests.importing.backfilling.formats.archive_format import (
        ArchiveFormat,
        Column,
        Origin,
    )

FORMATS: Final[tuple[ArchiveFormat, ...]] = (
    AGG_TRADES,
    TRADES,
    BOOK_TICKER,
    *KLINES,
    METRICS,
    FUNDING_RATE,
    BOOK_DEPTH,
    LIQUIDATIONS,
    bybit_trades.TRADES,
    bybit_trades.SPOT_TRADES,
    bybit_klines.KLINES,
    bybit_klines.INDEX,
    bybit_funding.FUNDING_ROWS,
    bybit_funding.FUNDING_ANSWERS,
    deribit_dvol.DVOL,
    okx_market.TRADES,
    okx_market.CANDLES,
    okx_funding.FUNDING,
    tardis_ticks.TRADES,
    tardis_liquidations.LIQUIDATIONS,
    tardis_ticks.QUOTES,
    tardis_derivatives.DERIVATIVE_TICKER,
    ENDPOINT_ROWS,
)


class UnknownFormatError(DolphinError):
    """An archive has none of the formats, or one that its names leave open."""


class Recognised(NamedTuple):
    """The format of an archive.

    Attributes
    ----------
    format : ArchiveFormat
        The format.
    shape : tuple of Column
        The one of its shapes that the archive has.
    origin : Origin
        Whose data it holds.
    has_header : bool
        Whether its first line has the names.

    """

    format: ArchiveFormat
    shape: tuple[Column, ...]
    origin: Origin
    has_header: bool


def recognise(sample: Sample) -> Recognised:
    """Return the format of an archive, by its header or the look of its cells, and its names.

    Raises
    ------
    UnknownFormatError
        If it has none, or its names leave open whose data it holds.

    """
    problems = []
    for archive_format in FORMATS:
        shape = archive_format.shape_of(sample)
        if shape is None:
            continue
        try:
            origin = archive_format.origin(sample)
        except ValueError as error:
            problems.append(str(error))
            continue
        if origin is not None:
            return Recognised(archive_format, shape, origin, bool(sample.header))
    if problems:
        raise UnknownFormatError(problems[0])
    if not sample.rows:
        msg = "has no rows"
        raise UnknownFormatError(msg)
    shown = ",".join(sample.header or sample.rows[0])
    msg = f"has none of the known formats (docs/backfill.md); it begins with {shown[:120]!r}"
    raise UnknownFormatError(msg)
