"""FactorDelay: factors as a strategy would have seen them, had each arrived later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from adapters.command.durations import Duration, show_duration
from adapters.command.settings_file import read_tables
from dolphin_strategies.errors import ConfigError, did_you_mean
from dolphin_strategies.factors.batch import FactorBatch

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from dolphin_strategies.factors.schema import FactorSchema


@dataclass(frozen=True, kw_only=True)
class FactorDelay:
    """The delays of factors.

    Attributes
    ----------
    all_ns : int
        The delay of every factor that is not named, nanoseconds.
    by_name : mapping of str to int
        The delays of named factors, nanoseconds.

    """

    all_ns: int = 0
    by_name: Mapping[str, int] = field(default_factory=dict)

    def __str__(self) -> str:
        if not self.by_name:
            return show_duration(self.all_ns)
        named = ",".join(f"{n}={show_duration(d)}" for n, d in self.by_name.items())
        return f"{named},others={show_duration(self.all_ns)}" if self.all_ns else named

    @property
    def longest_ns(self) -> int:
        """The longest delay of all factors, nanoseconds."""
        return max(self.all_ns, *self.by_name.values(), 0)

    @property
    def is_same_for_all(self) -> bool:
        """Whether every factor has the same delay."""
        return not any(d != self.all_ns for d in self.by_name.values())

    def of(self, schema: FactorSchema) -> NDArray[np.int64]:
        """Return the delay of each factor.

        Returns
        -------
        int64 array of shape (factors,)
            Nanoseconds, in the order of the schema.

        """
        return np.array([self.by_name.get(n, self.all_ns) for n in schema], np.int64)

    def check(self, schema: FactorSchema) -> None:
        """Refuse a name that is not in the schema.

        Raises
        ------
        ConfigError
            With the nearest name.

        """
        for name in self.by_name:
            if name not in schema:
                msg = f"--factor-delay: no factor {name!r}{did_you_mean(name, schema)}"
                raise ConfigError(msg)


NO_DELAY: Final = FactorDelay()


def read_delays(text: str) -> list[FactorDelay]:
    """Read the command line's delays: one or several for all, some by name, or a TOML file.

    ``50ms`` · ``0,50ms,5s`` (one run each) · ``basis=1s,imbal_btc=50ms`` · ``FILE.toml`` with
    one line ``name = "50ms"`` a factor.

    Raises
    ------
    ConfigError
        If the text is none of these.

    """
    if text.endswith(".toml"):
        path = Path(text).expanduser()
        table = read_tables(path)
        where = f"{path}: "
        return [FactorDelay(by_name={n: _delay_ns(v, where + n) for n, v in table.items()})]
    parts = [part.strip() for part in text.split(",")]
    if not any("=" in part for part in parts):
        return [FactorDelay(all_ns=_delay_ns(part, "--factor-delay")) for part in parts]
    by_name = {}
    for part in parts:
        name, equals, duration = part.partition("=")
        if not equals:
            msg = f"--factor-delay: expected NAME=DELAY in every part, found {part!r}"
            raise ConfigError(msg)
        by_name[name] = _delay_ns(duration, f"--factor-delay {name}")
    return [FactorDelay(by_name=by_name)]


def delayed(
    batches: Iterable[FactorBatch], delay: FactorDelay, start_ns: int, end_ns: int
) -> Iterator[FactorBatch]:
    """Yield the delayed records from ``start_ns`` to before ``end_ns``.

    With one delay for all factors, records come later and are otherwise unchanged. With several
    delays, there is a record at each instant at which some factor arrives: each value is that of
    the newest record old enough for this factor, and ``ts_event`` is that of the newest of these
    records. Such records have sequences of their own.

    Parameters
    ----------
    batches : iterable of FactorBatch
        In the order of ``ts_init``, from ``start_ns`` less the longest delay on; of one schema
        if the delays differ.
    delay : FactorDelay
        The delays of the factors.
    start_ns, end_ns : int
        The window by the delayed ``ts_init``, UNIX nanoseconds.

    """
    source = _shifted(batches, delay.all_ns) if delay.is_same_for_all else _mixed(batches, delay)
    for batch in source:
        first, last = np.searchsorted(batch.ts_init, [start_ns, end_ns])
        if first < last:
            yield batch[int(first) : int(last)]


def _shifted(batches: Iterable[FactorBatch], delay_ns: int) -> Iterator[FactorBatch]:
    for batch in batches:
        yield FactorBatch(
            schema=batch.schema,
            sequence=batch.sequence,
            ts_event=batch.ts_event,
            ts_init=batch.ts_init + delay_ns,
            values=batch.values,
            stream_id=batch.stream_id,
        )


def _mixed(batches: Iterable[FactorBatch], delay: FactorDelay) -> Iterator[FactorBatch]:
    """Yield a record at each instant at which some factor arrives."""
    held: FactorBatch | None = None
    delays = np.empty(0, np.int64)
    done_ns = np.iinfo(np.int64).min
    sequence = 0
    for batch in batches:
        if held is None:
            delays = delay.of(batch.schema)
        held = batch if held is None else _joined(held, batch)
        # Records of the same instant may still come, so that it is not yielded yet.
        until_ns = int(held.ts_init[-1] + delays.min())
        made = _as_of(held, delays, done_ns, until_ns, sequence)
        if len(made):
            yield made
        sequence += len(made)
        done_ns = max(done_ns, until_ns)
        keep = np.searchsorted(held.ts_init + delays.max(), until_ns, side="right") - 1
        held = held[max(int(keep), 0) :]
    if held is not None:
        until_ns = int(held.ts_init[-1] + delays.max()) + 1
        made = _as_of(held, delays, done_ns, until_ns, sequence)
        if len(made):
            yield made


def _as_of(
    source: FactorBatch,
    delays: NDArray[np.int64],
    from_ns: int,
    until_ns: int,
    sequence: int,
) -> FactorBatch:
    """Return the records from an instant to before another.

    ``delays`` is an int64 array of shape (factors,), nanoseconds; the values of the result are
    of shape (instants, factors).
    """
    different = np.unique(delays)
    instants = np.unique(np.concatenate([source.ts_init + d for d in different]))
    first, last = np.searchsorted(instants, [from_ns, until_ns])
    instants = instants[first:last]
    values = np.full((len(instants), len(source.schema)), np.nan)
    ts_event = np.zeros(len(instants), np.int64)
    for d in different:
        newest = np.searchsorted(source.ts_init + d, instants, side="right") - 1
        rows, columns = np.flatnonzero(newest >= 0), np.flatnonzero(delays == d)
        values[np.ix_(rows, columns)] = source.values[np.ix_(newest[rows], columns)]
        np.maximum.at(ts_event, rows, source.ts_event[newest[rows]])
    return FactorBatch(
        schema=source.schema,
        sequence=np.arange(sequence + 1, sequence + 1 + len(instants), dtype=np.uint64),
        ts_event=ts_event,
        ts_init=instants,
        values=values,
    )


def _joined(first: FactorBatch, second: FactorBatch) -> FactorBatch:
    return FactorBatch(
        schema=first.schema,
        sequence=np.concatenate([first.sequence, second.sequence]),
        ts_event=np.concatenate([first.ts_event, second.ts_event]),
        ts_init=np.concatenate([first.ts_init, second.ts_init]),
        values=np.concatenate([first.values, second.values]),
    )


def _delay_ns(text: object, where: str) -> int:
    if not isinstance(text, str):
        msg = f"{where}: expected a delay such as 50ms, 1.5s or 0, found {text!r}"
        raise ConfigError(msg)
    try:
        return Duration.from_str(text).ns
    except ValueError as error:
        msg = f"{where}: {error}"
        raise ConfigError(msg) from None
