"""The calls of ``calls_of_python`` with the module that counts accesses outside the lock.

``python -m tests.proof.sanitizers.watched_calls CALLS SEED FOLDER`` prints the counts.
"""

from __future__ import annotations

import ctypes
import sys
from pathlib import Path
from typing import Final

from tests.proof.sanitizers import modules

if __name__ == "__main__":
    FOLDER: Final = modules.use_built_modules()

from adapters.shm import _region
from tests.proof.sanitizers.calls_of_python import drive

if __name__ == "__main__":
    drive(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
    if not modules.are_used(FOLDER):
        sys.exit("the watched module is not the one that is loaded")
    check = ctypes.CDLL(_region.__file__)
    for counted in ("with_lock", "without_lock"):
        count = getattr(check, f"accesses_{counted}")
        count.restype = ctypes.c_ulong
        print(counted, count())
