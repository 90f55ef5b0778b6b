"""Loops: a process that writes or reads a region as fast as its C goes."""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from adapters.shm import _region
from tests.proof.region.build import compile_library

if TYPE_CHECKING:
    from adapters.shm import FactorReader, FactorWriter
    from tests.proof.figures import Form

SOURCE: Final = Path(__file__).with_name("loops.c")


class Counts(NamedTuple):
    """What a reading loop found."""

    records: int
    wrong: int
    """Records that are not what was written."""
    calls: int
    contradictions: int
    """Calls that found the region inconsistent."""
    first_wrong: int
    """The sequence of the first wrong record."""


class Loops:
    """loops.c, with the functions of the extension under proof.

    Parameters
    ----------
    form : Form
        Into whose folder it is compiled.

    """

    def __init__(self, form: Form) -> None:
        headers = form.native("region.h").parent
        library = form.folder / "loops.so"
        compile_library([SOURCE], library, "-std=gnu11", "-O2", "-Wall", "-Wextra", f"-I{headers}")
        self._c: Final = ctypes.CDLL(str(library))
        self._region: Final = ctypes.CDLL(_region.__file__)
        pointer = ctypes.c_void_p
        self._c.write_records.argtypes = [pointer, pointer, ctypes.c_int64, ctypes.c_int64]
        self._c.read_records.argtypes = [
            pointer, pointer, ctypes.c_int64, ctypes.c_int, pointer,
        ]  # fmt: skip

    def _function(self, name: str) -> ctypes.c_void_p:
        return ctypes.cast(getattr(self._region, name), ctypes.c_void_p)

    def write(self, writer: FactorWriter, count: int, interval_ns: int = 0) -> int:
        """Publish records; return 0 or what ``region_publish`` returned.

        Parameters
        ----------
        writer : FactorWriter
            The writer.
        count : int
            How many.
        interval_ns : int
            Nanoseconds from one to the next; 0: as fast as it goes.

        """
        publish = self._function("region_publish")
        return int(self._c.write_records(publish, writer._address, count, interval_ns))

    def read(
        self, reader: FactorReader, function: str, duration_ns: int, *, again: bool = False
    ) -> Counts:
        """Read and check records for some time.

        Parameters
        ----------
        reader : FactorReader
            The reader.
        function : str
            ``region_read_latest`` or ``region_read_next``.
        duration_ns : int
            For how long, nanoseconds.
        again : bool
            Whether to read the newest record again and again.

        Raises
        ------
        OSError
            If the region cannot be read any more.

        """
        counts = (ctypes.c_uint64 * 5)()
        result = self._c.read_records(
            self._function(function), reader._address, duration_ns, again, counts
        )
        if result:
            msg = f"{function} returned {result}"
            raise OSError(msg)
        return Counts(*counts)
