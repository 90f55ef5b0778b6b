"""The faults that are planted, from ``faults.toml``."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Final, NamedTuple


class Fault(NamedTuple):
    """A mutant of the region's C, and the driver that has to find it."""

    name: str
    file: str
    old: str
    """A text that is once in the file."""
    new: str
    driver: str


def _all() -> tuple[Fault, ...]:
    text = Path(__file__).with_name("faults.toml").read_text(encoding="utf-8")
    return tuple(Fault(**row) for row in tomllib.loads(text)["fault"])


FAULTS: Final = _all()
