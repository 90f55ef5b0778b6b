"""Change bytes of a live region and of its waiters page, from a process of its own.

``python tests/proof/hostile_files/mutator.py PATH MUTATIONS SEED`` prints how many it made. It
imports nothing of the product.
"""

from __future__ import annotations

import mmap
import os
import random
import struct
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

# Each file is mutated so often before it is looked at the path again, which may hold a new one.
IN_A_ROW: Final = 50
_NUMBERS: Final = (0, 1, 2, 3, 2**31, 2**32 - 1, 2**32, 2**63 - 1, 2**63, 2**64 - 2, 2**64 - 1)
_CONTROL_WORDS: Final = (0, 8, 16, 24, 32, 36, 40, 56, 128, 136, 144, 152, 192, 192, 192)


def _mutate(page: mmap.mmap, draw: random.Random) -> None:
    size = len(page)
    where = draw.random()
    if where < 0.4:
        at = 4096 + draw.choice(_CONTROL_WORDS)
    elif where < 0.7:
        # The first words of a record, wherever records lie.
        at = 8192 + draw.randrange(max(1, (size - 8192) // 64)) * 64 + draw.choice((0, 0, 8, 24))
    else:
        at = draw.randrange(size)
    at = min(at, size - 8)
    (old,) = struct.unpack_from("<Q", page, at)
    new = draw.choice(
        (draw.choice(_NUMBERS), old + draw.choice((-2, -1, 1, 2)), old ^ 1 << draw.randrange(64),
         draw.getrandbits(64))
    )  # fmt: skip
    if draw.random() < 0.5:
        struct.pack_into("<Q", page, at, new % 2**64)
    else:
        page[at] = new & 255
    if draw.random() < 0.3 and size > 4096:
        # Put it back: the rest of the file is as it was, so that reading goes on.
        struct.pack_into("<Q", page, at, old)


def mutate(path: str, mutations: int, draw: random.Random) -> int:
    """Mutate the files of a region; return how often."""
    done = 0
    while done < mutations:
        target = path if draw.random() < 0.9 else f"{path}.d/waiters"
        try:
            with Path(target).open("r+b") as file, mmap.mmap(file.fileno(), 0) as page:
                for _ in range(IN_A_ROW):
                    _mutate(page, draw)
                    done += 1
                    if draw.random() < 0.5:
                        # So that reads come between.
                        time.sleep(0.0002)
                if draw.random() < 0.05:
                    os.truncate(file.fileno(), draw.randrange(len(page)))
                    done += 1
        except (OSError, ValueError):
            # Gone, empty, or made anew at this moment.
            with suppress(OSError):
                time.sleep(0.001)
    return done


if __name__ == "__main__":
    print(mutate(sys.argv[1], int(sys.argv[2]), random.Random(int(sys.argv[3]))))  # noqa: S311
