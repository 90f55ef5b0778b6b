"""The catalog that answers requests for history, as the run would have seen the history."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from adapters.catalog import RecordingWriter
from backtests.inputs.factor_delay import NO_DELAY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backtests.inputs.backtest_data import BacktestData

_CUSTOM: Final = "custom"
_FACTORS: Final = "ExternalFactors"


@contextmanager
def history_catalog(data: BacktestData, span_ns: int) -> Iterator[Path]:
    """Yield the catalog that answers a strategy's requests for history.

    The catalog itself is used, unless the strategy requires a history of delayed factors, of
    computed ones or of chosen recordings only. A temporary catalog then has the records that the
    strategy would have seen in that span, and the same market data.

    Parameters
    ----------
    data : BacktestData
        The data to replay.
    span_ns : int
        How far the history reaches back from the window's start, nanoseconds.

    """
    is_as_recorded = data.computed is None and data.recordings is None and data.delay == NO_DELAY
    if not span_ns or is_as_recorded:
        yield data.path
        return
    with tempfile.TemporaryDirectory(prefix="dolphin-history-") as made:
        catalog = Path(made)
        files = data.path.resolve() / "data"
        (catalog / "data" / _CUSTOM).mkdir(parents=True)
        for folder in (*files.glob("*/"), *(files / _CUSTOM).glob("*/")):
            if folder.name not in {_CUSTOM, _FACTORS}:
                (catalog / "data" / folder.relative_to(files)).symlink_to(folder)
        with RecordingWriter(catalog, source=f"{data.path}, later", name="delayed") as writer:
            for batch in data.batches_before(span_ns):
                writer.write_factors(batch)
        yield catalog
