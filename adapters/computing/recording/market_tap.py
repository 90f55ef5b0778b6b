"""MarketTap: keeps what computed factors receive until it is handed over, in order."""

from __future__ import annotations

import time
from array import array
from collections import Counter, deque
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from adapters.computing.recording.market_frames import INSTRUMENT, Frame, pack_json
from adapters.computing.recording.market_kinds import KINDS
from dolphin_strategies.computed.inputs import key_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from adapters.computing.evaluation import Evaluation
    from adapters.computing.recording.market_kinds import MarketKind
    from dolphin_strategies.computed.factor_set import ComputedFactors

MOST_WAITING: Final = 100_000
"""Data that may wait to be handed over; further ones are dropped and counted."""


class MarketTap:
    """Keeps data as they are delivered, and makes frames of them later.

    Keeping a datum is three appends, some 0.2 µs; its numbers are read when its frame is made, by
    Nautilus, for many rows of a table at once.

    Parameters
    ----------
    most_waiting : int
        How many data may wait.

    Attributes
    ----------
    rows : int
        Rows of tables that frames were made of, or that were dropped. A change of a book has as
        many as it has deltas, any other datum one.
    dropped : Counter
        Rows dropped, by kind.

    Notes
    -----
    Owned by the node's thread. Delivery numbers begin at the time of the start, UNIX nanoseconds,
    so that those of a later run are higher.

    """

    __slots__ = (
        "_begins",
        "_burst",
        "_data",
        "_factors",
        "_instants",
        "_instruments",
        "_most_waiting",
        "_new_instruments",
        "_number",
        "dropped",
        "rows",
    )

    def __init__(self, most_waiting: int = MOST_WAITING) -> None:
        self.rows = 0
        self.dropped: Final[Counter[str]] = Counter()
        self._data: Final[deque[Any]] = deque()
        self._instants: Final[deque[int]] = deque()
        self._begins: Final[deque[bool]] = deque()
        self._new_instruments: Final[deque[Any]] = deque()
        self._instruments: Final[dict[str, Any]] = {}
        self._most_waiting = most_waiting
        self._number = self._burst = time.time_ns()

    @property
    def waiting(self) -> int:
        """Data that wait to be handed over."""
        return len(self._data)

    def keeping(self, evaluation: Evaluation, factors: ComputedFactors) -> Callable[[Any], None]:
        """Return a callable that gives a datum to an evaluation and then keeps it.

        Parameters
        ----------
        evaluation : Evaluation
            Takes it, and knows whether it is the first of a burst.
        factors : ComputedFactors
            Their ``now_ns`` is the instant of the datum once it was taken.

        """
        data, add, add_instant = self._data, self._data.append, self._instants.append
        take, add_begin = evaluation.take, self._begins.append

        def keep(datum: Any) -> None:
            begins = not evaluation.is_waiting
            take(datum)
            if len(data) < self._most_waiting:
                add(datum)
                add_instant(factors.now_ns)
                add_begin(begins)
            else:
                self._drop(datum)

        return keep

    def define(self, instrument: Any) -> None:
        """Keep the definition of an instrument."""
        self._instruments[str(instrument.id)] = instrument
        self._new_instruments.append(instrument)

    def define_again(self) -> None:
        """Give all definitions once more: who had them may not have written them."""
        self._new_instruments.clear()
        self._new_instruments.extend(self._instruments.values())

    def give_up(self) -> None:
        """Drop what waits, and everything that comes."""
        self._most_waiting = 0
        self._instants.clear()
        self._begins.clear()
        self._new_instruments.clear()
        while self._data:
            self._drop(self._data.popleft())

    def frames(self, most: int) -> Iterator[bytes]:
        """Yield frames of up to ``most`` data that wait, one or more for each table."""
        while self._new_instruments:
            yield pack_json(INSTRUMENT, self._new_instruments.popleft().to_dict())
        tables: dict[tuple[type, Any], _Rows] = {}
        take, take_instant = self._data.popleft, self._instants.popleft
        take_begin = self._begins.popleft
        number = self._number
        for _ in range(min(most, len(self._data))):
            datum = take()
            number += 1
            if take_begin():
                self._burst = number
            key = type(datum), key_of(datum)
            rows = tables.get(key)
            if rows is None:
                rows = tables[key] = _Rows([], array("Q"), array("q"), array("Q"))
            rows.add(datum, number, take_instant(), self._burst)
        self._number = number
        for (data_type, name), rows in tables.items():
            kind = KINDS.get(data_type)
            self.rows += len(rows.data)
            if kind is None:
                self.dropped[data_type.__name__] += len(rows.data)
            else:
                yield from self._encoded(kind, str(name), rows)

    def _encoded(self, kind: MarketKind, name: str, rows: _Rows) -> Iterator[bytes]:
        """Yield the frames of a table; Nautilus makes none of rows whose precisions differ."""
        try:
            content = kind.encode(rows.data)
        except (ValueError, TypeError, OverflowError):
            if len(rows.data) == 1:
                self.dropped[kind.folder] += 1
                return
            half = len(rows.data) // 2
            yield from self._encoded(kind, name, rows.part(slice(half)))
            yield from self._encoded(kind, name, rows.part(slice(half, None)))
        else:
            yield Frame(kind.frame, f"{kind.folder}/{name}", *rows[1:], content).pack()

    def _drop(self, datum: Any) -> None:
        kind = KINDS.get(type(datum))
        count = len(datum.deltas) if kind is not None and kind.is_book else 1
        self.rows += count
        self.dropped[type(datum).__name__ if kind is None else kind.folder] += count


class _Rows(NamedTuple):
    """Rows of one table; of each the delivery number, the instant and its burst's number."""

    data: list[Any]
    numbers: array[int]
    instants_ns: array[int]
    bursts: array[int]

    def add(self, datum: Any, number: int, instant_ns: int, burst: int) -> None:
        """Add a datum; one of a book has several rows."""
        if hasattr(datum, "deltas"):
            deltas = datum.deltas
            count = len(deltas)
            self.data.extend(deltas)
            self.numbers.extend([number] * count)
            self.instants_ns.extend([instant_ns] * count)
            self.bursts.extend([burst] * count)
        else:
            self.data.append(datum)
            self.numbers.append(number)
            self.instants_ns.append(instant_ns)
            self.bursts.append(burst)

    def part(self, which: slice) -> _Rows:
        """Return some of the rows."""
        return _Rows(
            self.data[which], self.numbers[which], self.instants_ns[which], self.bursts[which]
        )
