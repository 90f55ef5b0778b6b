"""History as a run would have seen it: its factors are delayed and chosen as the run's are."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from adapters.catalog import RecordingWriter
from backtests.inputs.factor_delay import NO_DELAY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backtests.inputs.backtest_inputs import Inputs

_CUSTOM: Final = "custom"
_FACTORS: Final = "ExternalFactors"


@contextmanager
def history_catalog(inputs: Inputs, span_ns: int) -> Iterator[Path]:
    """Give the catalog that answers a strategy's requests for history.

    It is the catalog itself, unless the strategy wants a history of factors that are delayed or
    of chosen recordings only: then a temporary one, with what the strategy would have seen in
    that span and the same market data.

    Parameters
    ----------
    inputs : Inputs
        What is replayed.
    span_ns : int
        How far the history reaches back from the window's start.

    """
    if not span_ns or (inputs.delay == NO_DELAY and inputs.recordings is None):
        yield inputs.path
        return
    with tempfile.TemporaryDirectory(prefix="dolphin-history-") as made:
        catalog = Path(made)
        data = inputs.path.resolve() / "data"
        (catalog / "data" / _CUSTOM).mkdir(parents=True)
        for folder in (*data.glob("*/"), *(data / _CUSTOM).glob("*/")):
            if folder.name not in {_CUSTOM, _FACTORS}:
                (catalog / "data" / folder.relative_to(data)).symlink_to(folder)
        with RecordingWriter(catalog, source=f"{inputs.path}, later", name="delayed") as writer:
            for batch in inputs.batches_before(span_ns):
                writer.write_factors(batch)
        yield catalog
