"""The tests of the project by name, and the faults that each of them says it shows.

``python -m tests.architecture.faults`` prints them: a line a fault, with its tests.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from tests.architecture.modules import ROOT

COUNTS: Final = {"A": 20, "B": 10, "C": 10, "D": 13, "E": 9, "F": 12, "G": 9, "H": 10}
IDS: Final = [f"{part}{n:02}" for part, count in COUNTS.items() for n in range(1, count + 1)]
"""Every fault of docs/reliability.md: A region, B values, C readers, D node, E recorder,
F Hazelcast, G producers, H Aeron.
"""
_SHOWN: Final = re.compile(r"Faults? ([A-H]\d\d(?:(?:, | and |, and )[A-H]\d\d)*): ")
_LINK: Final = re.compile(r"\[`(?P<name>test_\w+)`\]\(\.\./(?P<file>tests/[\w/]+\.py)\)")


@dataclass(frozen=True)
class Test:
    """A test function: where it is, and the faults that its docstring begins with."""

    name: str
    file: Path
    """Relative to the root."""
    faults: tuple[str, ...]
    sentence: str


@cache
def all_tests() -> dict[str, list[Test]]:
    """Return the tests by name; several may have one name."""
    found: dict[str, list[Test]] = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                sentence = " ".join((ast.get_docstring(node) or "").split())
                shown = _SHOWN.match(sentence)
                faults = tuple(re.findall(r"[A-H]\d\d", shown[1])) if shown else ()
                test = Test(node.name, path.relative_to(ROOT), faults, sentence)
                found.setdefault(node.name, []).append(test)
    return found


def links_of(text: str) -> list[tuple[str, str]]:
    """Return the tests that a line of a page links to: name and file."""
    return [(m["name"], m["file"]) for m in _LINK.finditer(text)]


def find(name: str, file: str) -> Test | None:
    """Return the test of that name in that file, or None."""
    return next((t for t in all_tests().get(name, ()) if t.file.as_posix() == file), None)


def main() -> None:
    """Print each fault with the tests whose docstring has it."""
    tests = [test for named in all_tests().values() for test in named]
    for fault in IDS:
        print(fault, *(f"\n    {t.file}::{t.name}" for t in tests if fault in t.faults))


if __name__ == "__main__":
    main()
