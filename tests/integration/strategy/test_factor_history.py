"""factor_history in Nautilus's BacktestEngine: what comes before the first live record."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pytest
from nautilus_trader.backtest import BacktestEngine, BacktestEngineConfig
from nautilus_trader.common import LoggerConfig
from nautilus_trader.model import CustomData
from nautilus_trader.persistence import DataCatalogConfig

from adapters.catalog import FactorCatalog, RecordingWriter
from adapters.catalog.reading.forms.engine_data import to_engine_data
from adapters.catalog.reading.recorded_source import RecordedSource
from adapters.feed.factor_feed import FactorFeed, FactorFeedConfig
from dolphin_strategies import (
    EXTERNAL_FACTORS,
    ExternalFactors,
    FactorBatch,
    FactorSchema,
    FactorStrategy,
    FactorStrategyConfig,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

SECOND = 1_000_000_000
START = 1_700_000_000 * SECOND
SCHEMA = FactorSchema(["basis", "imbal_btc"])
WIDER = FactorSchema(["imbal_btc", "funding", "basis"])
LACKING = FactorSchema(["funding"])


class WarmsUp(FactorStrategy[FactorStrategyConfig]):
    """Write down what comes, and from when."""

    required_factors: ClassVar[tuple[str, ...]] = ("imbal_btc",)
    max_age: ClassVar[timedelta | None] = timedelta(seconds=1)
    factor_history: ClassVar[timedelta | None] = timedelta(seconds=100)

    def on_start(self) -> None:
        self.told: list[tuple[str, Any]] = []
        self.chunks = 0
        self.history: list[ExternalFactors] = []
        self.live: list[ExternalFactors] = []
        self.live_at: list[int] = []
        super().on_start()

    def on_schema(self, schema: FactorSchema) -> None:
        self.told.append(("schema", len(schema)))

    def on_factor_history(self, records: Sequence[ExternalFactors]) -> None:
        assert not self.live
        assert all(f.schema == records[0].schema for f in records)
        before = self.told.pop()[1] if self.told[-1][0] == "history" else 0
        self.told.append(("history", before + len(records)))
        self.chunks += 1
        self.history += records

    def on_factors(self, f: ExternalFactors) -> None:
        self.told.append(("factors", f.sequence))
        self.live.append(f)
        self.live_at.append(self.clock.timestamp_ns())


def batch(
    seconds: Any, first: int = 1, *, stream_id: int = 7, schema: FactorSchema = SCHEMA
) -> FactorBatch:
    """Make records that were got at these seconds, counted from the engine's start."""
    ts_init = START + np.rint(np.asarray(seconds, dtype=np.float64) * SECOND).astype(np.int64)
    n = len(ts_init)
    return FactorBatch(
        schema=schema,
        sequence=np.arange(first, first + n, dtype=np.uint64),
        ts_event=ts_init - 5,
        ts_init=ts_init,
        values=np.arange(n * len(schema), dtype=np.float64).reshape(n, len(schema)),
        stream_id=stream_id,
    )


def write(folder: Path, *batches: FactorBatch, name: str = "one") -> Path:
    """Write a recording."""
    with RecordingWriter(folder, source="test", name=name) as writer:
        for b in batches:
            writer.write_factors(b)
    return folder


def run[S: WarmsUp](
    strategy_class: type[S],
    catalog: Path | None,
    *,
    live: Sequence[FactorBatch] | None = None,
    through_feed: bool = False,
    start: float = 0,
    end: float = 50,
) -> S:
    """Run over what the catalog holds from the start on, or what is given instead."""
    engine = BacktestEngine(
        BacktestEngineConfig(
            logging=LoggerConfig(bypass_logging=True),
            catalogs=[] if catalog is None else [DataCatalogConfig(str(catalog))],
        )
    )
    strategy = strategy_class(FactorStrategyConfig())
    start_ns = START + int(start * SECOND)
    if live is None:
        assert catalog is not None
        live = list(FactorCatalog(catalog).batches(start_ns))
    if through_feed:
        engine.add_actor(FactorFeed(RecordedSource(live), FactorFeedConfig(delivery="every")))
        mark = ExternalFactors.from_values(LACKING, [0], ts_event=start_ns, ts_init=start_ns)
        engine.add_data([CustomData(EXTERNAL_FACTORS, mark)])
    else:
        engine.add_data(to_engine_data(live))
    engine.add_strategy(strategy)
    engine.run(start=start_ns, end=START + int(end * SECOND))
    engine.dispose()
    return strategy


@pytest.mark.parametrize("through_feed", [False, True])
def test_history_ends_where_live_begins(tmp_path: Path, *, through_feed: bool) -> None:
    """The record of the start's own instant is live, those before it are history, each once."""
    records = batch(np.arange(-150, 31))
    strategy = run(WarmsUp, write(tmp_path, records), through_feed=through_feed)
    assert [f.sequence for f in strategy.history] == list(range(51, 151))
    assert [f.sequence for f in strategy.live] == list(range(151, 182))
    assert strategy.live_at == [START + s * SECOND for s in range(31)]
    assert strategy.history == records[50:150].records()
    assert strategy.told[0] == ("schema", 2)
    assert strategy.factor_history_missing == 0


def test_records_without_a_stream_come_once_too(tmp_path: Path) -> None:
    """Imported series, whose sequences say nothing, are told apart by their time."""
    folder = write(tmp_path, batch(np.arange(-150, 31), 1, stream_id=0))
    strategy = run(WarmsUp, folder)
    assert [f.sequence for f in strategy.history] == list(range(51, 151))
    assert [f.sequence for f in strategy.live] == list(range(151, 182))


def test_a_start_between_two_microseconds_splits_exactly(tmp_path: Path) -> None:
    """Nautilus's requests know no nanoseconds; the history does."""
    at = np.arange(-5, 6) * 1e-9 + 123e-9
    strategy = run(WarmsUp, write(tmp_path, batch(at)), start=123e-9)
    assert [f.sequence for f in strategy.history] == [1, 2, 3, 4, 5]
    assert [f.sequence for f in strategy.live] == [6, 7, 8, 9, 10, 11]


def test_overlapping_recordings_give_each_record_once(tmp_path: Path) -> None:
    """Two recorders of one source wrote two copies, with arrival times of their own."""
    at = np.arange(-50, 0)
    write(tmp_path, batch(at), name="one")
    write(tmp_path, batch(at[10:] + 0.001, 11), name="two")
    strategy = run(WarmsUp, tmp_path, live=[batch([0, 1], 51)])
    assert [f.sequence for f in strategy.history] == list(range(1, 51))
    assert strategy.factor_history_missing == 0


def test_what_nobody_holds_is_counted(tmp_path: Path) -> None:
    """A hole in a stream, the start of the next stream, and none before the first record."""
    write(
        tmp_path,
        batch(np.arange(-90, -70), 1001),
        batch(np.arange(-60, -50), 1024),
        batch(np.arange(-40, -30), 5, stream_id=8),
    )
    strategy = run(WarmsUp, tmp_path, live=[batch([0, 1], 18, stream_id=8)])
    assert len(strategy.history) == 40
    assert strategy.factor_history_missing == 3 + 4


def test_each_schema_is_announced_and_chunks_have_one(tmp_path: Path) -> None:
    """Records that lack a required factor are left out; NaN and old records are not."""
    odd = batch([-40, -39], 1, stream_id=9)
    odd.values[:] = np.nan
    write(
        tmp_path,
        batch(np.arange(-90, -80)),
        batch(np.arange(-80, -70), 1, stream_id=8, schema=WIDER),
        batch(np.arange(-60, -50), 1, stream_id=4, schema=LACKING),
        odd,
    )
    strategy = run(WarmsUp, tmp_path, live=[batch([0, 1], 3, stream_id=9)])
    assert strategy.told == [
        ("schema", 2), ("history", 10), ("schema", 3), ("history", 10),
        ("schema", 2), ("history", 2), ("factors", 3), ("factors", 4),
    ]  # fmt: skip


def test_a_long_dense_history_comes_whole_and_in_order(tmp_path: Path) -> None:
    """Many windows, gaps and bursts: every record, once, in order, in chunks."""
    at = np.concatenate(
        [np.arange(-90_000, -80_000) / 1e3, np.arange(-79, -50), np.arange(-30_000, 0) / 3e3]
    )
    strategy = run(WarmsUp, write(tmp_path, batch(at)), live=[batch([0], len(at) + 1)])
    assert [f.sequence for f in strategy.history] == list(range(1, len(at) + 1))
    assert strategy.chunks > 3
    assert strategy.factor_history_missing == 0


@pytest.mark.parametrize("through_feed", [False, True])
def test_without_catalogs_live_goes_on_at_once(*, through_feed: bool) -> None:
    """Nobody answers the request; the first record and those after it arrive on time."""
    strategy = run(WarmsUp, None, live=[batch([0, 1, 2])], through_feed=through_feed)
    assert strategy.history == []
    assert [at - START for at in strategy.live_at] == [0, SECOND, 2 * SECOND]


def test_a_catalog_without_factors_in_the_span_gives_none(tmp_path: Path) -> None:
    """An empty history is complete at once."""
    write(tmp_path, batch(np.arange(-500, -400)))
    strategy = run(WarmsUp, tmp_path, live=[batch([0, 1, 2], 101)])
    assert strategy.history == []
    assert len(strategy.live) == 3
