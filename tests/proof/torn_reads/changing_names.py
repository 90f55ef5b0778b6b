"""Readers of a region whose names are added, dropped, renamed and reordered all the time."""

from __future__ import annotations

import json
import os
import random
import time
from functools import partial
from typing import TYPE_CHECKING, Final

from adapters.shm import FactorReader, FactorWriter, RegionError
from tests.proof.figures import Figure
from tests.proof.region.victims import forked
from tests.support.transports.regions import new_region_path, remove_all_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.proof.figures import Form

KNOWN: Final = 12
READERS: Final = 3
RECORDS_A_FILE: Final = 50


def _value(name: str, sequence: int) -> float:
    return float(sequence * 64 + int(name[1:]))


def prove(form: Form) -> Iterator[Figure]:
    """Yield how many values came under a wrong name."""
    path, end = new_region_path(), form.folder / "end"
    chance = random.Random(form.seed)  # noqa: S311 - names, not secrets
    changes = form.count(150, 20_000)
    known = [f"f{i}" for i in range(KNOWN)]
    answers = []
    try:
        with FactorWriter(path, known[:3]) as writer:
            _write(writer)
        for _ in range(READERS):
            answer, tell = os.pipe()
            process = forked(partial(_follow, path, tell, end))
            os.close(tell)
            answers.append((process, answer))
        for done in range(changes):
            names = chance.sample(known, chance.randrange(1, KNOWN + 1))
            writer = FactorWriter(path, names)
            for _ in range(RECORDS_A_FILE):
                _write(writer)
            writer.abandon()
            if done % 1000 == 999:
                form.progress(f"{done + 1} changes of names")
        found = []
        end.touch()
        for process, answer in answers:
            with os.fdopen(answer) as said:
                found.append(json.loads(said.read() or "[0, 1, 0]"))
            process.wait()
    finally:
        for process, _ in answers:
            process.kill()
        remove_all_of(path)
    values, wrong, files = (sum(counts) for counts in zip(*found, strict=True))
    yield Figure(
        id="R2",
        what=f"values under a wrong name, seen by {READERS} readers over {changes} changes of "
        "names (added, dropped, reordered)",
        value=f"{wrong} in {values:,} values of {files:,} files attached",
        reach="0",
        is_met=not wrong and files > READERS,
    )


def _write(writer: FactorWriter) -> None:
    n = writer.published + 1
    writer.write({name: _value(name, n) for name in writer.schema.names})


def _follow(path: Path, tell: int, end: Path) -> None:
    """Read until the file ``end`` is there; tell what was found."""
    values = wrong = files = 0
    limit = time.monotonic() + 3600
    while time.monotonic() < limit and not end.exists():
        try:
            with FactorReader(path) as reader:
                files += 1
                while True:
                    f = reader.read_next()
                    if f is None:
                        if not reader.is_current() or end.exists():
                            break
                        continue
                    for name, value in zip(f.schema.names, f.array.tolist(), strict=True):
                        values += 1
                        wrong += value != _value(name, f.sequence)
        except RegionError:
            continue
    os.write(tell, json.dumps([values, wrong, files]).encode())
