"""A reader that the writer overtakes at every attempt: it gives up after 8, and nobody is told."""

from __future__ import annotations

import errno
import os
import re
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from adapters.shm import FactorReader, FactorWriter, RegionError
from tests.proof.figures import Figure
from tests.proof.region.loops import Loops
from tests.proof.region.stepped_calls import read_between_stops
from tests.proof.region.stepping import COUNTED, STOPPED, Stepper, Victim
from tests.support.transports.regions import factor_names, new_region_path, remove_all_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.proof.figures import Form

FACTORS: Final = 85
CAPACITY: Final = 8
ATTEMPTS: Final = 8
"""Copies that a reader makes at most, as docs/region.md and ``reading.c`` have it."""
STRIDE: Final = 60
"""Instructions from one overtaking to the next: a copy of 85 values has over twice as many."""
TOO_MANY: Final = 2 * ATTEMPTS
"""Undisturbed reads after whose instructions a call of the C is ended."""
MOST_OF_PYTHON: Final = 60_000
"""Instructions after which a call of Python is ended."""
FUNCTIONS: Final = ("region_read_latest", "region_read_next")

# What a call of Python gives that found nothing.
CALLS: Final[dict[str, Callable[[FactorReader], object]]] = {
    "read_latest": lambda reader: reader.read_latest(),
    "read_latest(spin_ns)": lambda reader: reader.read_latest(1000),
    "read_next": lambda reader: reader.read_next(),
    "read_next(spin_ns)": lambda reader: reader.read_next(1000),
    "read_batch": lambda reader: reader.read_batch(CAPACITY),
    "latest": lambda reader: reader.latest(),
    "latest_into": lambda reader: reader.latest_into(np.empty(FACTORS)) or None,
    "since": lambda reader: reader.since(reader.position)[0] or None,
}


def prove(form: Form) -> Iterator[Figure]:
    """Yield how long the C tries, and what the calls of Python give."""
    stepper, loops = Stepper(form), Loops(form)
    yield _attempts(stepper, loops)
    yield _told(stepper, loops)


def _attempts(stepper: Stepper, loops: Loops) -> Figure:
    found = []
    is_met = True
    for function in FUNCTIONS:

        def call(reader: FactorReader, function: str = function) -> object:
            return read_between_stops(reader, stepper, function)[0]

        undisturbed, _ = _stepped(stepper, loops, call, 0)
        most = TOO_MANY * undisturbed
        instructions, result = _stepped(stepper, loops, call, most)
        reads = instructions / undisturbed
        found.append(f"{function}: {reads:.1f} reads, result {result}")
        is_met &= reads <= ATTEMPTS and result == repr(-errno.EAGAIN)
    return Figure(
        id="R7",
        what="a reader that is overtaken at every attempt, stepped: instructions until it gives "
        "up, in reads that nobody disturbs",
        value="; ".join(found),
        reach=f"at most {ATTEMPTS} reads, -EAGAIN",
        is_met=is_met,
    )


def _told(stepper: Stepper, loops: Loops) -> Figure:
    wrong = ""
    for name, act in CALLS.items():

        def call(reader: FactorReader, act: Callable[[FactorReader], Any] = act) -> object:
            stepper.c.stop_here()
            try:
                return act(reader)
            except RegionError as error:
                return error
            finally:
                stepper.c.stop_here()

        _, told = _stepped(stepper, loops, call, MOST_OF_PYTHON)
        if told != repr(None):
            wrong = f"{name} gave {told}"
            break
    return Figure(
        id="R7",
        what="calls of Python, overtaken at every attempt, that give nothing and no error (C02)",
        value=wrong or f"all of {len(CALLS)}",
        reach="all",
        is_met=not wrong,
    )


def _stepped(
    stepper: Stepper,
    loops: Loops,
    call: Callable[[FactorReader], object],
    most: int,
) -> tuple[int, str]:
    """Step through what a call does between two stops, with a full ring at every stride.

    Parameters
    ----------
    call : callable
        What the reader does; it stops twice.
    most : int
        Instructions after which it is ended; 0: nobody disturbs it.

    Returns
    -------
    tuple of int and str
        The instructions, and the representation of what the call returned.

    """
    path = new_region_path()
    answer, tell = os.pipe()
    with ExitStack() as running:
        running.callback(remove_all_of, path)
        running.callback(os.close, answer)
        writer = running.enter_context(
            FactorWriter(path, factor_names(FACTORS), capacity=CAPACITY)
        )
        loops.write(writer, 2 * CAPACITY)
        victim = running.enter_context(Victim(stepper, lambda: _read(path, call, tell)))
        os.close(tell)
        if not most:
            instructions = victim.step().instructions
        else:
            instructions, why = 0, COUNTED
            while why == COUNTED and instructions < most:
                loops.write(writer, CAPACITY)
                why, done = victim.step(STRIDE)
                instructions += done
            if why != STOPPED:
                return instructions, "no end"
        victim.release()
        told = os.read(answer, 4096).decode()
        return instructions, re.sub(r"\s+", " ", told)


def _read(path: Path, call: Callable[[FactorReader], object], tell: int) -> None:
    reader = FactorReader(path)
    reader.position -= CAPACITY // 2
    os.write(tell, repr(call(reader)).encode()[:4096])
    os._exit(0)
