"""ValueSequence: converts an entry's values into records whose order never goes back."""

from __future__ import annotations

import hashlib
import secrets
import struct
from collections import Counter
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from adapters.hazelcast_map.entry.json_codec import UnusableError
from dolphin_strategies.factors.record_queue import SourceRecord
from dolphin_strategies.factors.schema import MAX_FACTORS, FactorSchema, is_factor_name

if TYPE_CHECKING:
    from adapters.hazelcast_map.entry.json_codec import Update

PUBLISHER_TIMEOUT_NS: Final = 2_000_000_000
"""After this time without a value of its publisher, another publisher is accepted."""
_NAN: Final = float("nan")
_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")


def machine_id() -> str:
    """Return the boot id, unique to this boot of this machine; empty if unknown."""
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return ""


def may_be_value(found: object) -> bool:
    """Return whether a new name may be a factor: its value is a number, or null for NaN."""
    return found is None or isinstance(found, int | float)


class ValueSequence:
    """Assign order, names and time stamps to the values of one entry.

    An update with a ``_sequence`` is taken if it is after the last one of its publisher; one
    without is always taken. The first publisher is kept: another one is refused
    until the first has been silent for two seconds.

    Attributes
    ----------
    schema : FactorSchema or None
        All names seen so far, in order; a name stays when an update lacks it.
    counters : Counter
        ``missing_values`` (not a number, written as NaN), ``skipped_names`` (no factor's name, or
        a new name without a number), ``clamped_events``,
        ``repeated`` (the last update again), ``refused_old`` and ``refused_publisher``.
    conflict : str
        What is refused at present and why, as text for the user; empty if nothing is.

    Notes
    -----
    For one thread at a time. A failed call changes nothing.

    """

    def __init__(self) -> None:
        self.counters: Final[Counter[str]] = Counter()
        self.conflict = ""
        self._machine: Final = machine_id()
        self._layout: _Layout | None = None
        self._publisher: str | None = None
        self._is_numbered = False
        self._stream_id = 0
        self._sequence = 0
        self._ts_event = 0
        self._heard_mono_ns = 0

    @property
    def schema(self) -> FactorSchema | None:
        """The names of the newest update and those before it, or None before the first."""
        return None if self._layout is None else self._layout.schema

    def take(
        self, update: Update, now_ns: int, now_mono_ns: int, since_ns: int = 0
    ) -> SourceRecord | None:
        """Return the record of an update, or None if it may not follow the last one.

        Parameters
        ----------
        update : Update
            The content of the entry.
        now_ns : int
            UNIX nanoseconds; no instant is later.
        now_mono_ns : int
            Nanoseconds of ``CLOCK_MONOTONIC``, for the silence of a publisher.
        since_ns : int
            UNIX nanoseconds; the instant of an update that states none; 0: now.

        Raises
        ------
        UnusableError
            If the update names no factor, and none is known.

        """
        is_numbered = update.sequence > 0
        is_same = update.publisher == self._publisher and is_numbered == self._is_numbered
        follows = is_same and (not is_numbered or update.sequence > self._sequence)
        if not follows and not self._may_begin(update, now_mono_ns, is_same=is_same):
            return None
        layout = self._layout_of(update.factors)
        payload = self._pack(layout, update.factors)
        missed = 0
        if not follows:
            self._begin(update, is_known=is_same)
        elif is_numbered:
            missed = update.sequence - self._sequence - 1
        self._sequence = update.sequence or self._sequence + 1
        self._heard_mono_ns = now_mono_ns
        self.conflict = ""
        return SourceRecord(
            layout.schema,
            payload,
            self._instant(update.ts_event_ns, since_ns or now_ns, now_ns),
            self._sequence,
            update.mono_ns if update.machine and update.machine == self._machine else 0,
            self._stream_id,
            missed,
        )

    def _may_begin(self, update: Update, now_mono_ns: int, *, is_same: bool) -> bool:
        """Return whether an update that does not continue the sequence may begin another one."""
        if self._publisher is None:
            return True
        if is_same and update.sequence == self._sequence:
            self.counters["repeated"] += 1
            return False
        is_silent = now_mono_ns - self._heard_mono_ns > PUBLISHER_TIMEOUT_NS
        is_newer = update.ts_event_ns > self._ts_event
        if is_same:
            # A publisher that restarted under its old name is recognised by its event time.
            if is_silent and is_newer:
                return True
            self.counters["refused_old"] += 1
            if is_silent:
                self.conflict = (
                    f"sequence went back from {self._sequence} to {update.sequence}; a publisher "
                    "that starts again needs another _publisher, or a later _ts_event_ns"
                )
            return False
        if not is_silent:
            self.counters["refused_publisher"] += 1
            self.conflict = (
                f"publisher {update.publisher!r:.80} is refused while {self._publisher!r:.80} "
                "writes the same entry; stop one of them"
            )
            return False
        if update.ts_event_ns and not is_newer:
            self.counters["refused_old"] += 1
            return False
        return True

    def _begin(self, update: Update, *, is_known: bool) -> None:
        self._publisher, self._is_numbered = update.publisher, update.sequence > 0
        self._sequence = 0
        if update.publisher and self._is_numbered and not is_known:
            # The same for every reader of this publisher.
            digest = hashlib.sha256(update.publisher.encode()).digest()
            self._stream_id = int.from_bytes(digest[:8], "little") or 1
        else:
            self._stream_id = secrets.randbits(64) or 1

    def _instant(self, ts_event_ns: int, since_ns: int, now_ns: int) -> int:
        """Return the update's instant: at most its receipt, at least the previous instant."""
        instant = max(min(ts_event_ns or since_ns, now_ns), self._ts_event)
        if ts_event_ns and instant != ts_event_ns:
            self.counters["clamped_events"] += 1
        self._ts_event = instant
        return instant

    def _pack(self, layout: _Layout, factors: dict[str, Any]) -> bytes:
        self.counters["skipped_names"] += layout.skipped
        values = layout.values(factors)
        try:
            return layout.pack(*values)
        except (struct.error, TypeError, OverflowError):
            numbers = [v if isinstance(v, int | float) else _NAN for v in values]
        self.counters["missing_values"] += sum(not isinstance(v, int | float) for v in values)
        return layout.pack(*numbers)

    def _layout_of(self, factors: dict[str, Any]) -> _Layout:
        """Return the places of the values, after adding new names to the schema."""
        known = self._layout
        if known is not None and tuple(factors) == known.keys and known.fits(factors):
            return known
        schema = self.schema
        names = () if schema is None else schema.names
        new = [k for k in factors if not k.startswith("_") and k not in (schema or ())]
        no_numbers = tuple(k for k in new if not may_be_value(factors[k]))
        added = [k for k in new if may_be_value(factors[k]) and is_factor_name(k)]
        del added[MAX_FACTORS - len(names) :]
        if added:
            schema = FactorSchema((*names, *added))
        if schema is None:
            msg = f"expected an object of factors, found none in {len(factors)} names"
            raise UnusableError(msg)
        self._layout = _Layout(schema, tuple(factors), len(new) - len(added), no_numbers)
        return self._layout


class _Layout:
    """The places of a schema's values in objects that have the same keys in the same order."""

    def __init__(
        self,
        schema: FactorSchema,
        keys: tuple[str, ...],
        skipped: int,
        no_numbers: tuple[str, ...],
    ) -> None:
        names = schema.names
        self.schema: Final = schema
        self.keys: Final = keys
        self.skipped: Final = skipped
        self.pack: Final = struct.Struct(f"<{len(names)}d").pack
        self._pick: Final = itemgetter(*names) if len(names) > 1 else None
        self._has_all: Final = set(names) <= set(keys)
        self._no_numbers: Final = no_numbers

    def fits(self, factors: dict[str, Any]) -> bool:
        """Return whether the names skipped for lack of a number still have none."""
        return not any(may_be_value(factors[name]) for name in self._no_numbers)

    def values(self, factors: dict[str, Any]) -> tuple[Any, ...]:
        """Return the values in the schema's order, None where there is none."""
        if self._has_all and self._pick is not None:
            picked: tuple[Any, ...] = self._pick(factors)
            return picked
        return tuple(map(factors.get, self.schema.names))
