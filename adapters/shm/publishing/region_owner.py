"""RegionOwner: makes a region's files, continues them, and restores them."""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING, Any, Final

from adapters.process.close_after_fork import close_in_forked_child
from adapters.shm._region import ffi, lib
from adapters.shm.publishing.region_folder import RegionFolder
from adapters.shm.publishing.written_file import Stream, WrittenFile, new_struct
from adapters.shm.region import region_files, region_layout
from adapters.shm.region.hot_calls import address_of
from adapters.shm.region.mapping import Mapping
from adapters.shm.region.region_errors import RegionError, RegionNotReadyError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from adapters.shm.region.region_layout import RegionLayout


class RegionOwner:
    """Own the region at a path: its folder with the writer's lock, and its newest file.

    Parameters
    ----------
    path : Path
        Where the region lies; absolute.
    region_layout : RegionLayout
        The names and the capacity.
    mode : int
        ``0o600`` or ``0o640``.

    Raises
    ------
    WriterLockedError
        If another process writes this region, with its pid.
    RegionError
        If the path holds something else, or there is no space for the file.

    Notes
    -----
    For one thread. The struct ``w`` is at the same address for the owner's life: a new file only
    changes what is in it. After ``abandon``, and in a forked child, every C call with it returns
    -EBADF.

    """

    def __init__(self, path: Path, region_layout: RegionLayout, mode: int) -> None:
        self.path: Final = path
        self.layout = region_layout
        self.files_made = 0
        self.w: Final[Any] = new_struct()
        self.address: Final = address_of(self.w)
        self._mode: Final = mode
        self._counted = dict.fromkeys(("infinite_values", "clamped_events", "sent_wakeups"), 0)
        self._superseded_fd = -1
        self._nobody: Final = ffi.new("struct region_waiters *")
        self._file: WrittenFile | None = None
        self._stream = Stream(secrets.randbits(64), 1, 0, 0)
        region_files.refuse_foreign_file(path)
        self._folder = RegionFolder(path)
        close_in_forked_child(self)
        try:
            if not self._continue():
                self.make_file()
        except BaseException:
            self._folder.give_up()
            self.abandon()
            raise

    @property
    def is_open(self) -> bool:
        """Whether records can be published."""
        return self._file is not None

    @property
    def published(self) -> int:
        """The sequence of the newest record; 0 before the first."""
        return int(self.w.published)

    @property
    def counters(self) -> dict[str, int]:
        """The counters of the C code, over every file since this owner was made."""
        return {name: n + getattr(self.w, name) for name, n in self._counted.items()}

    def require_open(self) -> WrittenFile:
        """Return the file that is written.

        Raises
        ------
        RegionError
            If the owner is closed.

        """
        if self._file is None:
            msg = f"the writer of {self.path} is closed (or was, by a fork): open a new one"
            raise RegionError(msg)
        return self._file

    def _continue(self) -> bool:
        """Continue the file at the path if it is whole and has these names and capacity.

        For any other region, remember its stream, so that the sequence continues.
        """
        try:
            fd = region_files.open_region(self.path, os.O_RDWR)
        except RegionNotReadyError:
            return False
        try:
            found = region_layout.check(fd, self.path)
        except RegionError:
            os.close(fd)
            if self._folder.was_there or self.path.stat().st_size == 0:
                return False
            raise
        times = region_layout.newest_times(fd, found)
        self._stream = Stream(found.stream_id, found.published + 1, *times)
        wanted = self.layout.schema, self.layout.capacity
        # Without the folder there was no lock to see: another writer may be at work in this file.
        if (found.layout.schema, found.layout.capacity) == wanted and self._folder.was_there:
            os.fchmod(fd, self._mode)
            return self._switch_to(fd)
        self._superseded_fd = fd
        return False

    def make_file(self, first: Callable[[int], int] | None = None) -> None:
        """Put a new file at the path, then mark the old one as moved; a folder that is gone too.

        Parameters
        ----------
        first : callable, optional
            Publishes the file's first record with the struct at an address, and returns what the C
            code returned; the record and the file appear at once.

        Raises
        ------
        RegionError
            If there is no space, or another process writes the region or changes the file
            meanwhile; the old file stays in use.

        """
        before = self._folder
        if self.is_open:
            self._stream = self._stream._replace(
                first_sequence=self.w.published + 1,
                last_event=self.w.last_event,
                last_wall_ns=self.w.last_wall_ns,
            )
            if not before.is_lock_in_place():
                self._folder = RegionFolder(self.path)
        try:
            self._make_file_in_folder(first)
        except BaseException:
            if self._folder is not before:
                self._folder.close()
                self._folder = before
            raise
        if self._folder is not before:
            before.close()

    def _make_file_in_folder(self, first: Callable[[int], int] | None) -> None:
        lay, stream = self.layout, self._stream
        content = {
            0: lay.snapshot_image()
            + lay.control_block(stream_id=stream.stream_id, first_sequence=stream.first_sequence),
            lay.slot_offset(stream.first_sequence - 1): region_layout.slot_before_first(
                stream.last_event, stream.last_wall_ns
            ),
        }
        at = self._folder.fd
        fd = region_files.create_file(at, self.path, content, lay.file_size, self._mode)
        try:
            is_whole = self._switch_to(fd, first, is_new=True)
        finally:
            region_files.discard_file(at)
        if not is_whole:
            msg = f"{self.path} was changed by another process while it was made; try again"
            raise RegionError(msg)
        if self._superseded_fd >= 0:
            self._supersede_found_file()
        self.files_made += 1

    def move_to(self, region_layout: RegionLayout, first: Callable[[int], int]) -> None:
        """Continue in a new file with another layout, and with its first record.

        Parameters
        ----------
        region_layout : RegionLayout
            The layout.
        first : callable
            As in ``make_file``.

        Raises
        ------
        RegionError
            As ``make_file``; the old layout stays in use.

        """
        old, self.layout = self.layout, region_layout
        try:
            self.make_file(first)
        except BaseException:
            self.layout = old
            raise

    def _switch_to(
        self, fd: int, first: Callable[[int], int] | None = None, *, is_new: bool = False
    ) -> bool:
        """Switch to an open, checked file and supersede the previous one; close one not whole."""
        new_file = WrittenFile(fd, self.layout)
        new_w = new_file.struct(self._folder, self._stream)
        try:
            is_whole = lib.region_writer_start(new_w) == 0
            if is_whole and first is not None:
                # Nobody is woken for a record that nobody can find yet.
                waiters, new_w.waiters = new_w.waiters, self._nobody
                is_whole = first(address_of(new_w)) == 0
                new_w.waiters = waiters
            if is_whole and is_new:
                region_files.place_file(self._folder.fd, self.path)
        except BaseException:
            new_file.close()
            raise
        if not is_whole:
            new_file.close()
            return False
        old_file, old_w = self._file, ffi.new("struct region_writer *", self.w[0])
        ffi.memmove(self.w, new_w, ffi.sizeof("struct region_writer"))
        self._file = new_file
        if old_file is not None:
            lib.region_set_state(old_w.control, lib.REGION_SUPERSEDED)
            for name in self._counted:
                self._counted[name] += getattr(old_w, name)
            lib.region_writer_forget(old_w)
            old_file.close()
        if first is not None:
            lib.region_wake(self.w)
        return True

    def _supersede_found_file(self) -> None:
        """Mark the file previously at the path as superseded, so that its readers follow."""
        found = region_layout.check(self._superseded_fd, self.path)
        mapping = Mapping(self._superseded_fd, found.layout.file_size, writable=True)
        control = mapping.pointer("struct region_control *", found.layout.snapshot_size)
        lib.region_set_state(control, lib.REGION_SUPERSEDED)
        mapping.close()
        os.close(self._superseded_fd)
        self._superseded_fd = -1

    def heartbeat(self) -> None:
        """Show readers that this process is alive, and restore missing parts of the region.

        Raises
        ------
        WriterLockedError
            If the folder was removed and another process writes the region now.
        RegionError
            If the region is closed, or the file is gone and cannot be made again.

        """
        self.require_open()
        lib.region_beat(self.w)
        if not self._folder.is_lock_in_place() or self._folder.restore_waiters():
            self.make_file()
        try:
            at_path = self.path.lstat()
        except FileNotFoundError:
            at_path = None
        ours = os.fstat(self.require_open().fd)
        is_ours = at_path is not None and os.path.samestat(at_path, ours)
        if not is_ours:
            region_files.refuse_foreign_file(self.path)
        if not is_ours or ours.st_size != self.layout.file_size:
            self.make_file()

    def close(self, *, unlink: bool) -> None:
        """Mark the region as closed and release it; ``unlink`` also removes its files."""
        if not self.is_open:
            return
        lib.region_set_state(self.w.control, lib.REGION_CLOSED)
        try:
            if unlink:
                region_files.remove(self.path)
        finally:
            self.abandon()

    def abandon(self) -> None:
        """Release everything without marking the region as closed, as a killed process would."""
        lib.region_writer_forget(self.w)
        if self._file is not None:
            self._file.close()
            self._file = None
        if self._superseded_fd >= 0:
            os.close(self._superseded_fd)
            self._superseded_fd = -1
        self._folder.close()
