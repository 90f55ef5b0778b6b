"""Timing: the CPU time of each of many calls of the region's C."""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import TYPE_CHECKING, Final

from adapters.shm import _region
from tests.proof.region.build import compile_library

if TYPE_CHECKING:
    from adapters.shm import FactorReader, FactorWriter
    from tests.proof.figures import Form

SOURCE: Final = Path(__file__).with_name("timing.c")
_BUCKETS: Final = 40
_RESULTS: Final = ("nothing", "record", "moved", "EAGAIN", "EILSEQ", "EIO", "other", "")


class Timing(ctypes.Structure):
    """``struct timing`` of timing.c; see there."""

    _fields_ = (
        ("calls", ctypes.c_uint64),
        ("results", ctypes.c_uint64 * 8),
        ("histogram", ctypes.c_uint64 * _BUCKETS),
        ("longest_ns", ctypes.c_int64),
        ("longest_faulted_ns", ctypes.c_int64),
        ("over_limit", ctypes.c_uint64),
        ("faulted", ctypes.c_uint64),
        ("switched", ctypes.c_uint64),
    )

    def add(self, other: Timing) -> None:
        """Add the calls of another."""
        for name in ("calls", "over_limit", "faulted", "switched"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for name in ("longest_ns", "longest_faulted_ns"):
            setattr(self, name, max(getattr(self, name), getattr(other, name)))
        for i, n in enumerate(other.histogram):
            self.histogram[i] += n

    def histogram_text(self) -> str:
        """Return the calls by CPU time, each bucket up to twice its number of nanoseconds."""
        found = [(2**i, n) for i, n in enumerate(self.histogram) if n]
        return ", ".join(f"{ns} ns: {n}" for ns, n in found)

    def results_text(self) -> str:
        """Return how often each result came."""
        found = zip(_RESULTS, self.results, strict=True)
        return ", ".join(f"{name} {n}" for name, n in found if n)


class TimingCode:
    """timing.c, with the functions of the extension under proof.

    Parameters
    ----------
    form : Form
        Into whose folder it is compiled.

    """

    def __init__(self, form: Form) -> None:
        library = form.folder / "timing.so"
        headers = form.native("region.h").parent
        compile_library([SOURCE], library, "-std=gnu11", "-O2", "-Wall", "-Wextra", f"-I{headers}")
        self._c: Final = ctypes.CDLL(str(library))
        self._region: Final = ctypes.CDLL(_region.__file__)
        pointer, i64 = ctypes.c_void_p, ctypes.c_int64
        self._c.time_calls.argtypes = [
            pointer,
            pointer,
            i64,
            ctypes.c_uint64,
            ctypes.c_int,
            pointer,
        ]
        self._c.time_calls.restype = None
        self._c.time_writes.argtypes = [pointer, pointer, i64]
        self._c.time_writes.restype = i64
        self._c.ping_pong.argtypes = [
            pointer, pointer, pointer, pointer, pointer, ctypes.c_uint32, ctypes.c_int, pointer,
            i64, ctypes.c_int, ctypes.c_int, pointer,
        ]  # fmt: skip
        self._c.ping_pong.restype = i64

    def function(self, name: str) -> ctypes.c_void_p:
        """Return the address of a function of the region's C."""
        return ctypes.cast(getattr(self._region, name), ctypes.c_void_p)

    def time_reads(
        self, reader: FactorReader, name: str, duration_ns: int, *, again: bool = False
    ) -> Timing:
        """Call a read function for some time; see ``time_calls`` in timing.c."""
        timing = Timing()
        self._c.time_calls(
            self.function(name), reader._address, duration_ns, 1 << 60, again, ctypes.byref(timing)
        )
        return timing

    def time_nothing(self, calls: int) -> Timing:
        """Time as many calls that do nothing: what the machine itself adds."""
        timing = Timing()
        self._c.time_calls(None, None, 1 << 60, calls, 0, ctypes.byref(timing))
        return timing

    def time_writes(self, writer: FactorWriter, count: int) -> float:
        """Return the CPU nanoseconds of a write, the mean of ``count``."""
        publish = self.function("region_publish")
        return int(self._c.time_writes(publish, writer._address, count)) / count

    def ping_pong(
        self, reader: FactorReader, writer: FactorWriter, rounds: int, *, serves: bool
    ) -> tuple[int, int]:
        """Answer each record with one, asleep in between; return the rounds and the lost wake-ups.

        See ``ping_pong`` in timing.c.
        """
        reader.fileno()
        waiter = reader._waiter
        assert waiter is not None
        lost = ctypes.c_int64()
        waiters = int(_region.ffi.cast("uintptr_t", waiter.waiters))
        done = self._c.ping_pong(
            self.function("region_sleep"), self.function("region_read_next"),
            self.function("region_publish"), reader._address, waiters, waiter.slot,
            waiter.fileno(), writer._address, rounds, serves, 30_000, ctypes.byref(lost),
        )  # fmt: skip
        return int(done), lost.value
