"""Attach readers and writers to mutated files: the checks in Python, guided by what they reach.

``python -m tests.proof.hostile_files.attach FILES SEED FOLDER`` prints counts, one a line. A
mutant that reaches a branch which none reached before is mutated further. Each file is judged by
``judged.is_region`` too: what is attached must be a region, and what is a region must be attached.
"""

from __future__ import annotations

import os
import random
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.proof.sanitizers import modules

if __name__ == "__main__":
    modules.use_built_modules()

import numpy as np

from adapters.process import safe_files
from adapters.shm import FactorReader, FactorWriter, RegionError
from adapters.shm.reading import attached_file, attachment, reader
from adapters.shm.region import mapping, region_files, region_layout
from dolphin_strategies.factors import schema
from tests.proof.hostile_files.judged import is_region, this_boot, this_time_namespace
from tests.proof.hostile_files.mutations import mutated

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType

WATCHED: Final = {
    str(module.__file__)
    for module in (
        attached_file, attachment, mapping, reader, region_files, region_layout, safe_files,
        schema,
    )
}  # fmt: skip
SHAPES: Final = ((1, 2), (3, 8), (85, 4), (300, 2), (9, 64))
_TOOL: Final = 4


class Reached:
    """The branches of the checks that were taken; ``is_new`` tells of the last file."""

    def __init__(self) -> None:
        self.branches: set[tuple[CodeType, int, int]] = set()
        self._before = 0
        monitoring = sys.monitoring
        monitoring.use_tool_id(_TOOL, "hostile files")
        monitoring.register_callback(_TOOL, monitoring.events.BRANCH, self._take)
        monitoring.set_events(_TOOL, monitoring.events.BRANCH)

    def _take(self, code: CodeType, offset: int, target: int) -> object:
        if code.co_filename not in WATCHED:
            return sys.monitoring.DISABLE
        self.branches.add((code, offset, target))
        return None

    def is_new(self) -> bool:
        """Return whether a branch was taken since the last call that none had taken before."""
        before, self._before = self._before, len(self.branches)
        return self._before > before


def _read_everything(region: FactorReader) -> None:
    """Call every read function; an error of the region ends it."""
    records = [region.read_latest(), region.read_next(1000)]
    values = np.empty(len(region.schema))
    region.latest_into(values)
    region.position = max(region.first_sequence - 1, 0)
    batch = region.read_batch(3)
    if batch is not None:
        len([*batch.sequence, *batch.ts_event])
    while (record := region.read_next()) is not None:
        records.append(record)
    for record in records:
        if record is not None:
            len([*record.items()])
    region.status()
    region.is_current()
    region.sleep()
    region.wait(0)


def attach(path: Path, content: bytes, here: tuple[bytes, int], counted: Counter[str]) -> None:
    """Attach a reader, then a writer.

    Raises
    ------
    AssertionError
        If a file was taken for what it is not.

    """
    path.write_bytes(content)
    path.chmod(0o600)
    expected = is_region(content, *here)
    try:
        with FactorReader(path) as region:
            counted["attached"] += 1
            if not expected:
                msg = "a reader attached to what is no region"
                raise AssertionError(msg)
            expected = False
            _read_everything(region)
    except RegionError as error:
        counted["refused"] += 1
        if expected:
            msg = f"a reader refused a region: {error}"
            raise AssertionError(msg) from error


def take_over(path: Path, counted: Counter[str]) -> None:
    """Start a writer on the file; if it takes it, its record is there for a reader.

    Raises
    ------
    AssertionError
        If the record is not there.

    """
    try:
        with FactorWriter(path, ["f0", "f1", "f2"], capacity=8) as writer:
            writer.write({"f0": 1.5, "f1": 2.5, "f2": 3.5})
            with FactorReader(path) as region:
                record = region.read_latest()
            counted["taken over"] += 1
            if record is None or list(record.values()) != [1.5, 2.5, 3.5]:
                msg = f"a writer took the file over and its record is {record}"
                raise AssertionError(msg)
    except RegionError:
        counted["not taken over"] += 1


def whole_files(folder: Path) -> list[bytes]:
    """Return regions of several shapes: empty, part full, gone round."""
    files = []
    for count, capacity in SHAPES:
        path = folder / f"whole_{count}"
        with FactorWriter(path, [f"f{i}" for i in range(count)], capacity=capacity) as writer:
            files.append(path.read_bytes())
            for n in range(capacity + 2):
                writer.write_values(np.full(count, float(n)))
            files.append(path.read_bytes())
        files.append(path.read_bytes())
    return files


def drive(number: int, seed: int, folder: Path, note: Callable[[bytes], None]) -> Counter[str]:
    """Attach to so many mutants; ``note`` is given each before, in case nothing comes after."""
    draw = random.Random(seed)  # noqa: S311 - what is drawn has to be drawn again
    path, here = folder / "region", (this_boot(), this_time_namespace())
    counted: Counter[str] = Counter()
    pool = whole_files(folder)
    # The folder with lock and waiters page stays: what is hostile is the file.
    FactorWriter(path, ["f0"], capacity=2).close()
    reached = Reached()
    for content in list(pool):
        attach(path, content, here, counted)
    reached.is_new()
    for n in range(number):
        content = mutated(draw.choice(pool), draw)
        note(content)
        attach(path, content, here, counted)
        if n % 10 == 0:
            path.unlink()
            path.write_bytes(content)
            path.chmod(0o600)
            take_over(path, counted)
        if reached.is_new() and len(content) < 2**18 and len(pool) < 500:
            pool.append(content)
            counted["kept"] += 1
        counted["files"] += 1
    counted["branches"] = len(reached.branches)
    return counted


def main() -> int:
    """Run it as a command."""
    number, seed, folder = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    last = os.open(folder / "last", os.O_RDWR | os.O_CREAT, 0o600)

    def note(content: bytes) -> None:
        os.pwrite(last, content, 0)
        os.ftruncate(last, len(content))

    for what, count in drive(number, seed, folder, note).items():
        print(what.replace(" ", "_"), count)
    return 0


if __name__ == "__main__":
    sys.exit(main())
