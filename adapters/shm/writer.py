"""FactorWriter: the one writer of a region."""

from __future__ import annotations

import errno
import math
import os
import secrets
from contextlib import suppress
from decimal import Decimal
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np

from adapters.shm._region import ffi, lib
from adapters.shm.region import files, layout
from adapters.shm.region.hot_calls import address_of, publish, publish_dict
from dolphin_strategies.errors import RegionError, RegionNotReadyError
from dolphin_strategies.factors.schema import MAX_FACTORS, FactorSchema, is_factor_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from types import TracebackType

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
        path: str | os.PathLike[str] = layout.DEFAULT_PATH,
        names: Iterable[str] = (),
        *,
        capacity: int = layout.DEFAULT_CAPACITY,
        mode: int = 0o600,
    ) -> None:
        if mode not in _ALLOWED_MODES:
            msg = f"mode: expected 0o600 or 0o640, found {mode:#o}"
            raise ValueError(msg)
        self.path: Final = Path(path).absolute()
        self._mode = mode
        self._layout = layout.RegionLayout.of(FactorSchema(names), capacity)
        self._set_struct(_closed_writer())
        self._dict = ffi.new("struct factor_dict *")
        self._dict_address = address_of(self._dict)
        self._mapping: files.Mapping | None = None
        self._waiters: files.Mapping | None = None
        self._fd = self._lock_fd = -1
        self._counted = dict.fromkeys(("infinite_values", "clamped_events", "sent_wakeups"), 0)
        self._careful_missing = self._careful_skipped = 0
        self._files_made = 0
        self._superseded_fd = -1
        self._last_times = (0, 0)
        self._refuse_foreign_file()
        known = files.folder_of(self.path).is_dir()
        self._folder_fd = files.open_folder(self.path, create=True)
        files.close_in_forked_child(self)
        try:
            self._lock_fd = files.lock_writer(self._folder_fd, self.path)
            self._waiters = self._open_waiters()
            if not self._reuse(may_replace=known):
                self._make_file()
        except BaseException:
            if self._lock_fd >= 0 and not known:
                remove_folder(self.path)
            self.abandon()
            raise

    @property
    def schema(self) -> FactorSchema:
        """The names of the records that are written now."""
        return self._layout.schema

    @property
    def published(self) -> int:
        """The sequence of the newest record; 0 before the first."""
        return int(self._require_open().published)

    @property
    def counters(self) -> dict[str, int]:
        """What was written otherwise than given, and how often, since this writer opened.

        ``missing_values`` schema names absent, None or not a number, written as NaN;
        ``infinite_values`` infinities, written as NaN; ``skipped_names`` invalid names;
        ``clamped_events`` event times that went backwards; ``sent_wakeups``; ``files_made``.
        """
        d, w = self._dict, self._require_open()
        counted = {name: n + getattr(w, name) for name, n in self._counted.items()}
        return {
            "missing_values": self._careful_missing + d.missing_values,
            "skipped_names": self._careful_skipped + d.skipped_names,
            **counted,
            "files_made": self._files_made,
        }

    def write(self, factors: Mapping[str, Any], ts_event: int = 0) -> None:
        """Publish the producer's whole state.

        Names that begin with ``_`` are skipped. A schema name that is absent, None or not a
        number is written as NaN and counted, an infinity too. A valid new name is added to the
        schema, which makes a new file; an invalid one is skipped and counted.

        Parameters
        ----------
        factors : mapping of str to number
            The values. A plain dict of floats and ints takes the fast way.
        ts_event : int
            UNIX nanoseconds of the instant that the values describe; 0 means now.

        Raises
        ------
        TypeError
            If ``factors`` is not a mapping.
        ValueError
            If ``ts_event`` is negative.
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
            If its shape is wrong or it is not contiguous, or ``ts_event`` is negative.
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
        """Show readers that this process lives, without a record.

        Call it every 100 ms or so, also while records are written: it puts the region back if
        something removed or replaced its file or its folder.

        Raises
        ------
        WriterLockedError
            If the folder was removed and another process writes there now.
        RegionError
            If the writer is closed, or the file is gone and cannot be made again.

        """
        lib.region_beat(self._require_open())
        if os.fstat(self._lock_fd).st_nlink == 0 or not self._has_waiters():
            self._put_folder_back()
        try:
            at_path = self.path.lstat()
        except FileNotFoundError:
            at_path = None
        ours = os.fstat(self._fd)
        if at_path is None or not os.path.samestat(at_path, ours):
            self._refuse_foreign_file()
            self._make_file()
        elif ours.st_size != self._layout.file_size:
            self._make_file()

    def close(self, *, unlink: bool = False) -> None:
        """Say that the region is closed and let go of it; ``unlink`` removes its files too."""
        if not self._is_open:
            return
        lib.region_set_state(self._w.control, lib.REGION_CLOSED)
        try:
            if unlink:
                remove(self.path)
        finally:
            self.abandon()

    def __del__(self) -> None:
        with suppress(AttributeError):
            self.abandon()

    def abandon(self) -> None:
        """Let go of everything without a word to readers, as a killed process would."""
        lib.region_writer_forget(self._w)
        for mapping in (self._mapping, self._waiters):
            if mapping is not None:
                mapping.close()
        _close_all(self._fd, self._superseded_fd, self._lock_fd, self._folder_fd)
        self._fd = self._superseded_fd = self._lock_fd = self._folder_fd = -1
        self._mapping = self._waiters = None
        self._set_struct(_closed_writer())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    # ---- files -------------------------------------------------------------------------------

    def _refuse_foreign_file(self) -> None:
        try:
            found = self.path.lstat()
        except FileNotFoundError:
            return
        files.check_file(found, self.path)

    def _open_waiters(self) -> files.Mapping:
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        fd = -1
        try:
            fd = os.open("waiters", flags, 0o600, dir_fd=self._folder_fd)
            os.posix_fallocate(fd, 0, lib.REGION_PAGE)
            return files.Mapping(fd, lib.REGION_PAGE, writable=True)
        except OSError as error:
            msg = (
                f"{files.folder_of(self.path)} needs {lib.REGION_PAGE} bytes: {error.strerror}; "
                "free some space there"
            )
            raise RegionError(msg) from None
        finally:
            _close_all(fd)

    def _has_waiters(self) -> bool:
        """Return whether the waiters page is there; a truncated one is made whole again."""
        try:
            found = os.stat("waiters", dir_fd=self._folder_fd, follow_symlinks=False)
        except FileNotFoundError:
            return False
        if found.st_size < lib.REGION_PAGE:
            # The same file, so that every mapping of it is whole again too.
            self._open_waiters().close()
        return True

    def _put_folder_back(self) -> None:
        """Make folder, lock and waiters page again, and a new file that goes with them."""
        before = self._folder_fd, self._lock_fd, self._waiters
        self._folder_fd, self._lock_fd = files.open_folder(self.path, create=True), -1
        try:
            self._lock_fd = files.lock_writer(self._folder_fd, self.path)
            self._waiters = self._open_waiters()
            self._make_file()
        except BaseException:
            _close_all(self._folder_fd, self._lock_fd)
            self._folder_fd, self._lock_fd, self._waiters = before
            raise
        folder_fd, lock_fd, waiters = before
        if waiters is not None:
            waiters.close()
        _close_all(folder_fd, lock_fd)

    def _reuse(self, *, may_replace: bool) -> bool:
        """Go on in the file at the path if it is whole and has these names and capacity.

        If it is another region, remember its stream, so that the sequence goes on.
        """
        self._stream_id, self._first_sequence = secrets.randbits(64), 1
        try:
            fd = files.open_region(self.path, os.O_RDWR)
        except RegionNotReadyError:
            return False
        try:
            found = layout.check(fd, self.path)
        except RegionError:
            os.close(fd)
            if may_replace or self.path.stat().st_size == 0:
                return False
            raise
        self._stream_id, self._first_sequence = found.stream_id, found.published + 1
        self._last_times = layout.newest_times(fd, found)
        if (found.layout.schema, found.layout.capacity) == (self.schema, self._layout.capacity):
            os.fchmod(fd, self._mode)
            return self._attach(fd)
        self._superseded_fd = fd
        return False

    def _make_file(self) -> None:
        """Put a new file at the path, then tell the readers of the old one that it has moved."""
        if self._is_open:
            self._first_sequence = self._w.published + 1
            self._last_times = (self._w.last_event, self._w.last_wall_ns)
        content = self._layout.snapshot_image() + self._layout.control_block(
            stream_id=self._stream_id, first_sequence=self._first_sequence
        )
        fd = files.create_file(
            self._folder_fd, self.path, content, self._layout.file_size, self._mode
        )
        old_mapping, old_fd, old_w = self._mapping, self._fd, self._w
        if not self._attach(fd):
            msg = f"{self.path} was changed by another process while it was made; try again"
            raise RegionError(msg)
        if old_mapping is not None:
            lib.region_set_state(old_w.control, lib.REGION_SUPERSEDED)
            for name in self._counted:
                self._counted[name] += getattr(old_w, name)
            lib.region_writer_forget(old_w)
            old_mapping.close()
            os.close(old_fd)
        if self._superseded_fd >= 0:
            self._supersede(self._superseded_fd)
            self._superseded_fd = -1
        self._files_made += 1

    def _supersede(self, fd: int) -> None:
        found = layout.check(fd, self.path)
        mapping = files.Mapping(fd, found.layout.file_size, writable=True)
        control = mapping.pointer("struct region_control *", found.layout.snapshot_size)
        lib.region_set_state(control, lib.REGION_SUPERSEDED)
        mapping.close()
        os.close(fd)

    def _attach(self, fd: int) -> bool:
        """Map an open file that was checked and become its writer; close it if it is not whole."""
        lay = self._layout
        try:
            mapping = files.Mapping(fd, lay.file_size, writable=True)
        except RegionError:
            os.close(fd)
            raise
        w = ffi.new("struct region_writer *")
        offsets = ffi.new("uint32_t[]", lay.value_offsets)
        w.snapshot = mapping.pointer("uint8_t *")
        w.control = mapping.pointer("struct region_control *", lay.snapshot_size)
        w.ring = mapping.pointer("uint8_t *", lay.ring_offset)
        w.waiters = self._waiters.pointer("struct region_waiters *") if self._waiters else ffi.NULL
        w.value_offsets = offsets
        w.factor_count = len(lay.schema)
        w.record_size = lay.record_size
        w.capacity = lay.capacity
        w.writer_id = secrets.randbits(64)
        w.writer_pid = os.getpid()
        w.folder_fd = self._folder_fd
        w.last_event, w.last_wall_ns = self._last_times
        if lib.region_writer_start(w):
            mapping.close()
            os.close(fd)
            return False
        self._set_struct(w)
        self._mapping, self._fd, self._offsets = mapping, fd, offsets
        self._map_names()
        return True

    def _set_struct(self, w: Any) -> None:
        self._w, self._address = w, address_of(w)

    def _map_names(self) -> None:
        """Prepare the walk over a dict, and forget the buffers of an older schema."""
        self._prepared: Any = object()  # which no caller can pass
        self._prepared_address = 0
        self._scratch = np.full(len(self.schema), math.nan)
        self._index_by_name = {name: i for i, name in enumerate(self.schema)}
        self._keys = ffi.new("uint64_t[]", [id(name) for name in self.schema.names])
        d = self._dict
        d.keys = self._keys
        d.index_by_name = id(self._index_by_name)
        d.values = ffi.cast("double *", ffi.from_buffer(self._scratch))
        d.factor_count = len(self.schema)

    # ---- calls that are not fast -------------------------------------------------------------

    @property
    def _is_open(self) -> bool:
        return bool(self._w.control != ffi.NULL)

    def _require_open(self) -> Any:
        if not self._is_open:
            msg = f"the writer of {self.path} is closed (or was, by a fork): open a new one"
            raise RegionError(msg)
        return self._w

    def _recover(self, result: int) -> None:
        """Put the region back after the file shrank under it; anything else is an error."""
        self._require_open()
        if result != -errno.EIO:
            msg = f"{self.path}: {os.strerror(-result)}"
            raise RegionError(msg)
        self._make_file()

    def _prepare(self, values: object) -> None:
        self._require_open()
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
        """Write a mapping of which C could not take every key and value as it is."""
        self._require_open()
        values = np.full(len(self.schema), math.nan)
        added: dict[str, float] = {}
        numbers = skipped = 0
        try:
            items = list(factors.items())
        except AttributeError:
            msg = f"factors: expected a mapping, found {type(factors).__name__}"
            raise TypeError(msg) from None
        for name, raw in items:
            if isinstance(name, str) and name.startswith("_"):
                continue
            index = self._index_by_name.get(name, -1) if isinstance(name, str) else -1
            number = _as_float(raw)
            if index >= 0:
                if number is not None:
                    values[index] = number
                    numbers += 1
            elif is_factor_name(name) and len(self.schema) + len(added) < MAX_FACTORS:
                added[name] = math.nan if number is None else number
            else:
                skipped += 1
                if type(name) is str and len(self._index_by_name) < 2 * MAX_FACTORS:
                    self._index_by_name[name] = -1
        missing = len(self.schema) - numbers
        if added:
            self._extend(tuple(added))
            values = np.concatenate([values, np.fromiter(added.values(), float)])
        self.write_values(values, ts_event)
        self._careful_missing += missing
        self._careful_skipped += skipped

    def _extend(self, added: tuple[str, ...]) -> None:
        """Move to a new file with more names; on failure the old file and schema stay."""
        old = self._layout
        self._layout = layout.RegionLayout.of(
            FactorSchema((*old.schema.names, *added)), old.capacity
        )
        try:
            self._make_file()
        except BaseException:
            self._layout = old
            raise


def _close_all(*fds: int) -> None:
    for fd in fds:
        if fd >= 0:
            os.close(fd)


def _as_float(value: object) -> float | None:
    """Return a number as a float, and None for whatever is not a real number."""
    if isinstance(value, (Real, Decimal, np.bool_)):
        try:
            return float(value)
        except (TypeError, ValueError, OverflowError, ArithmeticError):
            return None
    return None


def _closed_writer() -> Any:
    """Return a struct on which every C call answers that the writer is closed."""
    w = ffi.new("struct region_writer *")
    w.fifo_fd = [-1] * lib.REGION_MAX_WAITERS
    return w


def remove(path: Path) -> None:
    """Remove a region's file and the folder beside it; what is not there is no error."""
    with suppress(FileNotFoundError):
        path.unlink()
    remove_folder(path)


def remove_folder(path: Path) -> None:
    """Remove the folder beside a region; what is not there is no error."""
    folder = files.folder_of(path)
    with suppress(FileNotFoundError, NotADirectoryError):
        for entry in list(folder.iterdir()):
            with suppress(FileNotFoundError):
                entry.unlink()
        folder.rmdir()
