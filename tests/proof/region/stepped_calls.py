"""Calls of the region's C in a victim, with a stop before and after."""

from __future__ import annotations

import ctypes
import os
from typing import TYPE_CHECKING

from adapters.shm._region import ffi

from adapters.shm import FactorReader, FactorWriter, _region
from adapters.shm.region.hot_calls import address_of
from tests.proof.region.records import FIRST_EVENT, write_one
from tests.support.transports.regions import factor_names, values_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.proof.region.stepping import Stepper


def write_between_stops(
    path: Path, stepper: Stepper, factors: int, capacity: int, records: int = 0
) -> None:
    """Write some records, then the next one between two stops; does not return."""
    writer = FactorWriter(path, factor_names(factors), capacity=capacity)
    for _ in range(records):
        write_one(writer)
    n = writer.published + 1
    writer._prepare(values_of(n, factors))
    publish = ctypes.cast(ctypes.CDLL(_region.__file__).region_publish, ctypes.c_void_p)
    stepper.c.call_between_stops(
        publish, writer._address, writer._prepared_address, FIRST_EVENT + n
    )
    os._exit(0)


def read_between_stops(
    reader: FactorReader, stepper: Stepper, function: str
) -> tuple[int, int, int, bytes]:
    """Read between two stops; return the result, the record's sequence, event and values."""
    header = ffi.new("struct region_record *")
    values = ffi.new("double[]", len(reader.schema))
    call = ctypes.cast(getattr(ctypes.CDLL(_region.__file__), function), ctypes.c_void_p)
    result = stepper.c.call_between_stops(
        call, reader._address, address_of(header), address_of(values)
    )
    return result, header.sequence, header.ts_event, bytes(ffi.buffer(values))
