"""A reader stopped at every instruction of a read while the writer writes over its record."""

from __future__ import annotations

import os
from contextlib import ExitStack
from itertools import product
from typing import TYPE_CHECKING, Final, NamedTuple

from adapters.shm._region import lib

from adapters.shm import FactorReader, FactorWriter
from tests.proof.figures import Figure
from tests.proof.region.records import FIRST_EVENT, write_one
from tests.proof.region.stepped_calls import read_between_stops, write_between_stops
from tests.proof.region.stepping import COUNTED, Stepper, Victim, Watch
from tests.support.transports.regions import (
    factor_names,
    new_region_path,
    remove_all_of,
    values_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.proof.figures import Form

FACTORS: Final = 3
CAPACITY: Final = 4
WRITTEN: Final = 9
FUNCTIONS: Final = ("region_read_latest", "region_read_next")
WHOLE, NOTHING, TORN = b"W", b"N", b"T"
CHANGES_OF_A_WRITE: Final = 9
"""Of the region by a write of three factors, up to the announcement: mark, 4 words, 3 values,
commit; the times are never the same.
"""


class _Overwriting(NamedTuple):
    """What the writer does while the reader stands."""

    records: int
    """Whole records."""
    changes: int
    """And as many stores of the next one."""


def prove(form: Form) -> Iterator[Figure]:
    """Yield how many interleavings there were, and how many gave a torn record."""
    stepper = Stepper(form)
    overwritings = [_Overwriting(1, 5), _Overwriting(CAPACITY - 1, 5), _Overwriting(CAPACITY, 0)]
    if form.is_long:
        ways = product(range(CAPACITY + 2), range(CHANGES_OF_A_WRITE))
        overwritings = [_Overwriting(*way) for way in ways]
    for function in FUNCTIONS:
        yield _interleave(form, stepper, function, overwritings)


def _interleave(
    form: Form, stepper: Stepper, function: str, overwritings: list[_Overwriting]
) -> Figure:
    done = whole = 0
    stride = form.count(6, 1)
    torn = ""
    instructions = 0
    for overwriting in overwritings:
        # A region of its own each time: the reader's record must lie where it is written over.
        for instruction in range(form.seed % stride, 1 << 30, stride):
            said, is_last = _one(stepper, function, overwriting, instruction)
            done += 1
            whole += said == WHOLE
            if said not in {WHOLE, NOTHING}:
                torn = torn or f"after {instruction} instructions and {overwriting}"
            if is_last:
                instructions = max(instructions, instruction)
                break
        if torn:
            break
    return Figure(
        id="R2",
        what=f"interleavings of {function} (stopped all along its {instructions} instructions) "
        f"with a writer that comes meanwhile ({len(overwritings)} ways)",
        value=torn or f"0 torn in {done}; {whole} whole records, others none",
        reach="0",
        is_met=not torn and whole > 0,
    )


def _one(
    stepper: Stepper, function: str, overwriting: _Overwriting, instruction: int
) -> tuple[bytes, bool]:
    """Stop the reader, let the writer write, let the reader go on; return what it got."""
    path = new_region_path()
    answer, tell = os.pipe()
    with ExitStack() as running:
        running.callback(remove_all_of, path)
        running.callback(os.close, answer)
        names = factor_names(FACTORS)
        with FactorWriter(path, names, capacity=CAPACITY) as writer:
            for _ in range(WRITTEN):
                write_one(writer)
        reader = running.enter_context(
            Victim(stepper, lambda: _read(path, stepper, function, tell))
        )
        os.close(tell)
        step = reader.step(instruction)
        if overwriting != (0, 0):
            writer_victim = running.enter_context(
                Victim(
                    stepper,
                    lambda: write_between_stops(
                        path, stepper, FACTORS, CAPACITY, overwriting.records
                    ),
                )
            )
            watch = Watch(path)
            for _ in range(overwriting.changes):
                writer_victim.step(watched=watch)
        if step.why == COUNTED:
            reader.go_on()
        reader.release()
        return os.read(answer, 1), step.why != COUNTED


def _read(path: Path, stepper: Stepper, function: str, tell: int) -> None:
    """Read one record between two stops; tell whether it is whole."""
    reader = FactorReader(path)
    # The oldest that can be read: the next but one to be written over.
    reader.position = WRITTEN - CAPACITY + 1 if function == "region_read_next" else WRITTEN - 1
    result, n, ts_event, values = read_between_stops(reader, stepper, function)
    said = NOTHING
    if result == lib.REGION_RECORD:
        is_whole = values == values_of(n, FACTORS).tobytes()
        said = WHOLE if is_whole and ts_event == FIRST_EVENT + n else TORN
    os.write(tell, said)
    os._exit(0)
