"""The faults of a region under which a reader's calls are timed."""

from __future__ import annotations

import os
import struct
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, NamedTuple

from adapters.shm import FactorReader, FactorWriter
from tests.proof.region.stepped_calls import write_between_stops
from tests.proof.region.stepping import Stepper, Victim, Watch
from tests.proof.region.victims import forked
from tests.support.transports.regions import control_offset, factor_names, poke

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from tests.proof.region.loops import Loops

FACTORS: Final = 85
CAPACITY: Final = 8
WRITTEN: Final = 20
_PUBLISHED: Final = 192
_HALF_A_WRITE: Final = 40
"""Changes of the region."""


class Scene(NamedTuple):
    """A region with ``WRITTEN`` records and no writer, and what works on it."""

    path: Path
    stepper: Stepper
    loops: Loops


type Fault = Callable[[Scene], AbstractContextManager[None]]


@contextmanager
def _flat_out(scene: Scene) -> Iterator[None]:
    def write() -> None:
        writer = FactorWriter(scene.path, factor_names(FACTORS), capacity=CAPACITY)
        scene.loops.write(writer, 1 << 60)

    with forked(write), FactorReader(scene.path) as reader:
        while reader.status().published == WRITTEN:
            time.sleep(0.001)
        yield


@contextmanager
def _within_a_write(scene: Scene) -> Iterator[Victim]:
    def write() -> None:
        write_between_stops(scene.path, scene.stepper, FACTORS, CAPACITY)

    with Victim(scene.stepper, write) as victim:
        watch = Watch(scene.path)
        for _ in range(_HALF_A_WRITE):
            victim.step(watched=watch)
        yield victim


@contextmanager
def _stopped(scene: Scene) -> Iterator[None]:
    with _within_a_write(scene):
        yield


@contextmanager
def _killed(scene: Scene) -> Iterator[None]:
    with _within_a_write(scene) as victim:
        victim.kill()
        yield


@contextmanager
def _superseded(scene: Scene) -> Iterator[None]:
    FactorWriter(scene.path, factor_names(FACTORS + 1), capacity=CAPACITY).close()
    yield


def _cut(size: Callable[[int], int]) -> Fault:
    @contextmanager
    def cut(scene: Scene) -> Iterator[None]:
        os.truncate(scene.path, size(scene.path.stat().st_size))
        yield

    return cut


def _poked(offset: int, value: int) -> Fault:
    @contextmanager
    def poked(scene: Scene) -> Iterator[None]:
        at = control_offset(factor_names(FACTORS)) + offset
        poke(scene.path, at, struct.pack("<Q", value))
        yield

    return poked


FAULTS: Final[dict[str, Fault]] = {
    "a writer flat out in a ring of 8 (C01)": _flat_out,
    "a writer killed in a write (A01)": _killed,
    "a writer stopped in a write (A20)": _stopped,
    "new names (A03)": _superseded,
    "the file cut to nothing (A09)": _cut(lambda size: 0),
    "the file cut in its ring (A09)": _cut(lambda size: size - 4096),
    "a count of 2^64 - 1 (A11)": _poked(_PUBLISHED, 2**64 - 1),
    "a count of 0 (A11)": _poked(_PUBLISHED, 0),
    "a count one too high (A11)": _poked(_PUBLISHED, WRITTEN + 1),
    "a state of another (A11)": _poked(128, 2**63),
}
