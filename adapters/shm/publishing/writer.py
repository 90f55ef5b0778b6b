"""FactorWriter: the one writer of a region."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np

from adapters.shm._region import ffi
from adapters.shm.publishing.factor_dict import FactorDict
from adapters.shm.publishing.region_owner import RegionOwner
from adapters.shm.region import region_layout
from adapters.shm.region.hot_calls import address_of, publish, publish_dict
from adapters.shm.region.region_errors import RegionError
from dolphin_strategies.factors.schema import FactorSchema

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

_ALLOWED_MODES: Final = (0o600, 0o640)


class FactorWriter:
    """Publish factors into a shared memory region.

    Parameters
    ----------
    path : path-like
        Where the region lies, ``/dev/shm/dolphin_exf`` by default.
    names : iterable of str
        The factor names; see :class:`~dolphin_strategies.FactorSchema` for the rules.
    capacity : int
        Records in the ring, a power of two. A reader that falls further behind loses records.
    mode : int
        ``0o600``, or ``0o640`` to let the group read.

    Raises
    ------
    TypeError
        If ``names`` is one text.
    ValueError
        If a name, the capacity or the mode is not allowed.
    WriterLockedError
        If another process writes this region, with its pid.
    RegionError
        If the path holds something else, or there is no space for the file.

    Notes
    -----
    For one thread. A call never blocks: it takes about a microsecond, and makes a system call
    only when a reader sleeps. A failed call publishes nothing. Records are numbered from 1,
    and the numbers go on when a writer returns to the same region or changes its names.

    """

    def __init__(
        self,
        path: str | os.PathLike[str] = region_layout.DEFAULT_PATH,
        names: Iterable[str] = (),
        *,
        capacity: int = region_layout.DEFAULT_CAPACITY,
        mode: int = 0o600,
    ) -> None:
        if mode not in _ALLOWED_MODES:
            msg = f"mode: expected 0o600 or 0o640, found {mode:#o}"
            raise ValueError(msg)
        self.path: Final = Path(path).absolute()
        schema = FactorSchema(names)
        self._owner = RegionOwner(self.path, region_layout.RegionLayout.of(schema, capacity), mode)
        self._address: Final = self._owner.address
        self._dict = FactorDict(schema)
        self._dict_address: Final = self._dict.address
        self._prepared: Any = object()  # which no caller can pass
        self._prepared_address = 0

    @property
    def schema(self) -> FactorSchema:
        """The names of the records that are written now."""
        return self._owner.layout.schema

    @property
    def published(self) -> int:
        """The sequence of the newest record; 0 before the first."""
        self._owner.require_open()
        return self._owner.published

    @property
    def counters(self) -> dict[str, int]:
        """Counts of values written differently from those given, since this writer opened.

        ``missing_values`` schema names absent, None or not a number, written as NaN;
        ``infinite_values`` infinities, written as NaN; ``skipped_names`` invalid names;
        ``skipped_values`` values of new names that are None or not a number, skipped with their
        names; ``clamped_events`` event times that went backwards; ``sent_wakeups``;
        ``files_made``.
        """
        self._owner.require_open()
        return {
            **self._dict.counters,
            **self._owner.counters,
            "files_made": self._owner.files_made,
        }

    def write(self, factors: Mapping[str, Any], ts_event: int = 0) -> None:
        """Publish the producer's whole state.

        Names that begin with ``_`` are skipped. A schema name that is absent, None or not a
        number is written as NaN and counted, an infinity too. A valid new name with a number,
        which NaN is too, is added to the schema, and a new file is made. A new name without a
        number is skipped and counted, and so is an invalid one.

        Parameters
        ----------
        factors : mapping of str to number
            The values. A plain dict of floats and ints takes the fast path.
        ts_event : int
            UNIX nanoseconds of the instant that the values describe; 0 means now.

        Raises
        ------
        TypeError
            If ``factors`` is not a mapping.
        ValueError
            If ``ts_event`` is negative or beyond 2**63 - 1.
        RegionError
            If the writer is closed, or a new file is needed and cannot be made.

        """
        if type(factors) is dict:
            result = publish_dict(self._address, self._dict_address, factors, ts_event)
            if result == 0:
                return
            if result != -errno.EAGAIN:
                self._recover(result)
        self._write_carefully(factors, ts_event)

    def write_values(self, values: NDArray[np.float64], ts_event: int = 0) -> None:
        """Publish a vector of values: the fast path.

        Parameters
        ----------
        values : numpy.ndarray
            C-contiguous float64 of shape ``(len(schema),)``. Passing the same array again, with
            new contents, is fastest. Infinities are written as NaN and counted.
        ts_event : int
            UNIX nanoseconds of the instant that the values describe; 0 means now.

        Raises
        ------
        TypeError
            If ``values`` is not a float64 array.
        ValueError
            If its shape is wrong or it is not contiguous, or ``ts_event`` is negative or beyond
            2**63 - 1.
        RegionError
            If the writer is closed.

        """
        if values is not self._prepared:
            self._prepare(values)
        result = publish(self._address, self._prepared_address, ts_event)
        if result:
            self._recover(result)
            self._prepare(values)
            if publish(self._address, self._prepared_address, ts_event):
                msg = f"{self.path} shrinks as fast as it is made: find who truncates it"
                raise RegionError(msg)

    def heartbeat(self) -> None:
        """Show readers that this process is alive, without a record.

        Call it about every 100 ms, also while records are written: it restores the region if its
        file or folder was removed or replaced.

        Raises
        ------
        WriterLockedError
            If the folder was removed and another process writes the region now.
        RegionError
            If the writer is closed, or the file is gone and cannot be made again.

        """
        self._owner.heartbeat()

    def close(self, *, unlink: bool = False) -> None:
        """Mark the region as closed and release it; ``unlink`` also removes its files."""
        self._owner.close(unlink=unlink)

    def __del__(self) -> None:
        with suppress(AttributeError):
            self.abandon()

    def abandon(self) -> None:
        """Release everything without marking the region as closed, as a killed process would."""
        self._owner.abandon()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _recover(self, result: int) -> None:
        """Restore the region after its file was truncated; any other failure is raised."""
        self._owner.require_open()
        if result != -errno.EIO:
            msg = f"{self.path}: {os.strerror(-result)}"
            raise RegionError(msg)
        self._owner.make_file()

    def _prepare(self, values: object) -> None:
        self._owner.require_open()
        if not isinstance(values, np.ndarray) or values.dtype != np.float64:
            kind = getattr(values, "dtype", type(values).__name__)
            msg = f"values: expected a numpy float64 array, found {kind}"
            raise TypeError(msg)
        if values.shape != (len(self.schema),) or not values.flags.c_contiguous:
            msg = f"values: expected contiguous shape ({len(self.schema)},), found {values.shape}"
            raise ValueError(msg)
        self._prepared_address = address_of(ffi.from_buffer(values))
        self._prepared = values

    def _write_carefully(self, factors: Mapping[str, Any], ts_event: int) -> None:
        """Write a mapping that the C code could not read, because of a key or a value."""
        self._owner.require_open()
        taken = self._dict.take(factors)
        if taken.added:
            values = np.concatenate([taken.values, np.fromiter(taken.added.values(), float)])
            self._extend(tuple(taken.added), values, ts_event)
        else:
            self.write_values(taken.values, ts_event)
        self._dict.count(taken)

    def _extend(self, added: tuple[str, ...], values: NDArray[np.float64], ts_event: int) -> None:
        """Move to a new file with more names and this record; on failure all stays as it was."""
        old = self._owner.layout
        schema = FactorSchema((*old.schema.names, *added))
        borrowed = ffi.from_buffer(values)
        self._owner.move_to(
            region_layout.RegionLayout.of(schema, old.capacity),
            lambda w: publish(w, address_of(borrowed), ts_event),
        )
        # An array of the old names no longer fits.
        self._prepared = object()
        self._dict.prepare(schema)
