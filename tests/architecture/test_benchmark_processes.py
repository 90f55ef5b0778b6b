"""The processes that benchmarks start by name are there."""

from __future__ import annotations

import re
from typing import Final

from tests.benchmarks.processes import ROOT

BENCHMARKS: Final = ROOT / "tests" / "benchmarks"
STARTED: Final = re.compile(r'\bmodule(?:_over)?\((?:\w+, )?"([\w.]+)"')


def test_each_process_that_a_benchmark_starts_is_a_module() -> None:
    """A module that moves is not noticed by an import: its name is a word of a command."""
    names = {
        name
        for file in (BENCHMARKS / "groups").rglob("*.py")
        for name in STARTED.findall(file.read_text())
    }
    assert len(names) > 10
    folder = BENCHMARKS / "children"
    assert {n for n in names if not (folder / f"{n.replace('.', '/')}.py").is_file()} == set()
