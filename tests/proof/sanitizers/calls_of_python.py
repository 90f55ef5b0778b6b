"""Every call of the region's extension module, with good and bad arguments, as often as asked.

``python -m tests.proof.sanitizers.calls_of_python CALLS SEED FOLDER`` prints ``call NAME COUNT``
lines as the drivers in C do. It runs with the module that ``modules.use_built_modules`` finds.
"""

from __future__ import annotations

import gc
import math
import random
import sys
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from tests.proof.sanitizers import modules

if __name__ == "__main__":
    FOLDER: Final = modules.use_built_modules()

import numpy as np

from adapters.shm import FactorReader, FactorWriter, RegionError
from adapters.shm.region import hot_calls

VALUES: Final[tuple[Any, ...]] = (
    1.0, -0.0, math.inf, math.nan, 1, True, 2**53 + 1, 10**400, -(10**400), None, "text", b"bytes",
    [], 1j, np.float64(2.5), np.int32(3), np.float32(1e30), object(), {}, 5e-324,
)  # fmt: skip
ODD_NAMES: Final[tuple[Any, ...]] = (
    "", "_private", "*", "ä", "x" * 63, "x" * 64, "名前", 5, None, b"a", ("t",), "new\n",
)  # fmt: skip


class _Text(str):
    """A text that is not exactly a str."""

    __slots__ = ()


def _write(writer: FactorWriter, draw: random.Random, called: Counter[str]) -> None:
    names: list[Any] = list(writer.schema)
    draw.shuffle(names)
    factors: dict[Any, Any] = {name: draw.choice(VALUES[:6]) for name in names}
    for _ in range(draw.randrange(3)):
        factors[draw.choice(names)] = draw.choice(VALUES)
    if draw.random() < 0.2:
        factors[draw.choice(ODD_NAMES)] = draw.choice(VALUES)
    if draw.random() < 0.05:
        factors = {_Text(name): value for name, value in factors.items() if isinstance(name, str)}
    called["factor_dict_gather"] += 1
    with suppress(TypeError, ValueError):
        writer.write(factors, draw.choice((0, 0, 1, 10**18, -1, 2**70, "no")))  # type: ignore[arg-type]


def _read(reader: FactorReader, draw: random.Random) -> None:
    count = len(reader.schema)
    match draw.randrange(8):
        case 0:
            reader.read_latest(draw.choice((0, 1000)))
        case 1:
            reader.read_next(draw.choice((0, 1000)))
        case 2:
            reader.read_batch(draw.choice((1, 2, 100)))
        case 3:
            with suppress(TypeError, ValueError):
                arrays: tuple[Any, ...] = (
                    np.empty(count), np.empty(count + 1), np.empty(count, np.float32),
                    np.empty(2 * count)[::2], None,
                )  # fmt: skip
                reader.latest_into(draw.choice(arrays))
        case 4:
            reader.wait(0)
        case 5:
            reader.status()
        case 6:
            reader.spin(draw.choice((0, 1000, -1)))
        case 7:
            record = reader.read_latest()
            if record is not None:
                list(record.values())


def _refused(draw: random.Random) -> None:
    """Call the builtins with what they must refuse before they touch a pointer."""
    for call, right in (
        (hot_calls.publish, 3), (hot_calls.publish_dict, 4), (hot_calls.read_latest, 3),
        (hot_calls.read_next, 3), (hot_calls.read_latest_into, 2),
    ):  # fmt: skip
        count = draw.choice([n for n in range(6) if n != right])
        try:
            call(*range(1, count + 1))
        except TypeError:
            continue
        msg = f"{call} took {count} arguments"
        raise AssertionError(msg)
    for bad in (None, "text", (1, 2), [1, 2, 3, 4], (1, 2, 3, 4, 5)):
        with suppress(TypeError):
            hot_calls.read_next(0, 0, bad)  # type: ignore[arg-type]
            msg = f"read_next took {bad!r}"
            raise AssertionError(msg)
    for bad_instant in (-1, "text", None, 2**63):
        with suppress(TypeError, ValueError, OverflowError):
            hot_calls.publish(0, 0, bad_instant)  # type: ignore[arg-type]
            msg = f"publish took {bad_instant!r}"
            raise AssertionError(msg)


def drive(calls: int, seed: int, folder: Path) -> Counter[str]:
    """Make regions of many shapes and call everything on them; return the counted calls."""
    draw = random.Random(seed)  # noqa: S311 - what is drawn has to be drawn again
    called: Counter[str] = Counter({"python_calls_into": 1})
    done = 0
    while done < calls:
        path = folder / "region"
        names = [f"f{i}" for i in range(draw.choice((1, 2, 3, 8, 9, 85, 512)))]
        capacity = draw.choice((2, 4, 64))
        with FactorWriter(path, names, capacity=capacity) as writer:
            readers = [FactorReader(path) for _ in range(2)]
            for _ in range(min(2_000, calls - done)):
                done += 1
                if draw.random() < 0.4:
                    _write(writer, draw, called)
                    continue
                at = draw.randrange(2)
                try:
                    _read(readers[at], draw)
                except RegionError:
                    # The names changed, or it lags behind: the next reader goes on.
                    readers[at].close()
                    readers[at] = FactorReader(path)
                if draw.random() < 0.01:
                    _refused(draw)
            for reader in readers:
                reader.close()
                with suppress(RegionError):
                    reader.read_next()
        with suppress(RegionError):
            writer.write({"f0": 1.0})
        path.unlink()
        gc.collect()
    called["calls of Python"] = done
    return called


if __name__ == "__main__":
    for what, number in drive(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])).items():
        kind = "" if what == "calls of Python" else "call "
        print(f"{kind}{what.replace(' ', '_')} {number}")
    if not modules.are_used(FOLDER):
        sys.exit("the sanitized modules are not those that are loaded")
