"""RecordedSource: recorded factors as a FactorSource, handed out as time passes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Self

from dolphin_strategies.errors import ConfigError
from dolphin_strategies.factors.batch import FactorBatch
from dolphin_strategies.factors.source import SourceState, SourceStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    import numpy as np
    from numpy.typing import NDArray

    from adapters.catalog.reading.factor_catalog import FactorCatalog
    from dolphin_strategies.factors.external_factors import ExternalFactors
    from dolphin_strategies.factors.schema import FactorSchema


class RecordedSource:
    """Hand out records, unchanged, at the instants at which they were received.

    Each keeps its ``ts_event``, ``ts_init``, ``sequence`` and ``stream_id``. Batches are taken
    one at a time, so that a long recording needs little memory.

    Parameters
    ----------
    batches : iterable of FactorBatch
        In the order of delivery.
    delivered_ns : iterable of int64 arrays, optional
        For each batch the instants at which its records are due, UNIX nanoseconds; ``ts_init``
        by default.
    is_after_market : bool
        Whether a feed in a backtest delivers records after the engine's data of their instant.

    Notes
    -----
    To be opened once: a recording is played once. Records due before the opening are skipped,
    as BacktestEngine skips data before its start.

    """

    def __init__(
        self,
        batches: Iterable[FactorBatch],
        delivered_ns: Iterable[NDArray[np.int64]] | None = None,
        *,
        is_after_market: bool = False,
    ) -> None:
        self.is_after_market: Final = is_after_market
        self._batches = iter(batches)
        self._delivered_ns = None if delivered_ns is None else iter(delivered_ns)
        self._records: list[ExternalFactors] = []
        self._due_ns: list[int] = []
        self._at = 0
        self._last_due_ns = 0
        self._schema: FactorSchema | None = None
        self._clock_ns: Callable[[], int] = lambda: 0
        self._delivered = self._conflated = 0

    @classmethod
    def of_catalog(
        cls,
        catalog: FactorCatalog,
        start_ns: int | None = None,
        end_ns: int | None = None,
        *,
        recordings: Collection[str] | None = None,
    ) -> Self:
        """Make a source of a window of a catalog.

        Parameters
        ----------
        catalog : FactorCatalog
            The catalog.
        start_ns, end_ns : int, optional
            The window by ``ts_init``, UNIX nanoseconds, half-open.
        recordings : collection of str, optional
            Their names; all by default.

        Raises
        ------
        ConfigError
            If some of the recordings come after market data of their instant and others before.

        """
        chosen = [r for r in catalog.recordings() if recordings is None or r.name in recordings]
        places = {r.is_after_market for r in chosen if r.records}
        if len(places) > 1:
            computed = ", ".join(r.name for r in chosen if r.is_after_market)
            msg = (
                f"{catalog.path}: recordings made from market data ({computed}) come after it, "
                "others before; name those of one kind in `recordings`"
            )
            raise ConfigError(msg)
        batches = catalog.batches(start_ns, end_ns, recordings=recordings)
        return cls(batches, is_after_market=True in places)

    @property
    def schema(self) -> FactorSchema | None:
        """The names of the newest record handed out, or of the first one."""
        return self._schema

    @property
    def capacity(self) -> int:
        """Return 0: nothing is ever overwritten."""
        return 0

    @property
    def next_due_ns(self) -> int | None:
        """When the next record may be handed out, UNIX nanoseconds; None: there is none."""
        return self._due_ns[self._at] if self._at < len(self._due_ns) else None

    def open(self, wake: Callable[[], None], clock_ns: Callable[[], int]) -> None:
        """Move to the first record that is due now or later; ``wake`` is never called."""
        self._clock_ns = clock_ns
        now_ns = clock_ns()
        self._load()
        while (due_ns := self.next_due_ns) is not None and due_ns < now_ns:
            self._advance()

    def read_latest(self, spin_ns: int = 0) -> ExternalFactors | None:
        """Return the newest record that is due, skipping (conflating) those before it."""
        newest = self.read_next()
        while (f := self.read_next()) is not None:
            newest = f
            self._delivered -= 1
            self._conflated += 1
        return newest

    def read_next(self, spin_ns: int = 0) -> ExternalFactors | None:
        """Return the oldest record that is due and was not handed out yet."""
        due_ns = self.next_due_ns
        if due_ns is None or due_ns > self._clock_ns():
            return None
        f = self._records[self._at]
        self._schema = f.schema
        self._delivered += 1
        self._advance()
        return f

    def read_batch(self, limit: int) -> FactorBatch | None:
        """Return the oldest records that are due, of one schema and stream."""
        records: list[ExternalFactors] = []
        while len(records) < limit and (due_ns := self.next_due_ns) is not None:
            f = self._records[self._at]
            is_other = bool(records) and (
                f.schema != records[0].schema or f.stream_id != records[0].stream_id
            )
            if is_other or due_ns > self._clock_ns():
                break
            self.read_next()
            records.append(f)
        return FactorBatch.of(records) if records else None

    def held_after(self, stream_id: int, sequence: int, limit: int) -> FactorBatch | None:
        """Return None: earlier records are in the catalog."""
        return None

    def sleep(self) -> bool:
        """Return whether nothing is due now."""
        due_ns = self.next_due_ns
        return due_ns is None or due_ns > self._clock_ns()

    def status(self) -> SourceStatus:
        """Return the state and the counters."""
        is_over = self.next_due_ns is None
        return SourceStatus(
            SourceState.STALE if is_over else SourceState.LIVE,
            "the recording is over" if is_over else "",
            self._delivered + self._conflated,
            self._delivered,
            self._conflated,
            0,
        )

    def close(self) -> None:
        """Release the recording."""
        self._batches = iter(())
        self._records, self._due_ns, self._at = [], [], 0

    def _advance(self) -> None:
        self._at += 1
        if self._at == len(self._due_ns):
            self._load()

    def _load(self) -> None:
        """Take the next batch that has records.

        Raises
        ------
        ValueError
            If a record is due before the one in front of it.

        """
        self._records, self._due_ns, self._at = [], [], 0
        for batch in self._batches:
            stamps = batch.ts_init if self._delivered_ns is None else next(self._delivered_ns)
            if len(batch):
                self._due_ns = stamps.tolist()
                self._records = batch.records()
                break
        if not self._due_ns:
            return
        if len(self._due_ns) != len(self._records):
            msg = f"delivered_ns: expected {len(self._records)} stamps, found {len(self._due_ns)}"
            raise ValueError(msg)
        previous_ns = self._last_due_ns
        for due_ns in self._due_ns:
            if due_ns < previous_ns:
                msg = f"a record is due at {due_ns}, before the one in front of it ({previous_ns})"
                raise ValueError(msg)
            previous_ns = due_ns
        self._last_due_ns = previous_ns
        if self._schema is None:
            self._schema = self._records[0].schema
