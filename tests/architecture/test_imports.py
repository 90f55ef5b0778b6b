"""The shape of the project: who may import whom, and what may lie where."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.architecture.modules import ROOT, imports_of, python_files

MAY_IMPORT: Final = {
    "dolphin_strategies": {"dolphin_strategies"},
    "adapters": {"dolphin_strategies", "adapters"},
    "live": {"dolphin_strategies", "adapters", "live"},
    "backtests": {"dolphin_strategies", "adapters", "backtests"},
}
OURS: Final = {*MAY_IMPORT, "tests"}
FOLDERS: Final = {*OURS, "docs", "findings"}
NO_IO: Final = {
    "asyncio", "concurrent", "hazelcast", "http", "mmap", "multiprocessing", "select",
    "selectors", "signal", "socket", "subprocess", "threading", "urllib",
}  # fmt: skip
TEXT: Final = {".py", ".c", ".h", ".md", ".toml", ".sh", ".bash", ".yml", ".yaml", ".json", ""}
MACHINE_PATH: Final = re.compile(r"(?<![\w.$}])/(?:work|root|home|tmp)/\w|\.\./shared")


def top(module: str) -> str:
    """Return the first part of a dotted name."""
    return module.partition(".")[0]


@pytest.mark.parametrize("folder", sorted(MAY_IMPORT))
def test_imports_go_one_way(folder: str) -> None:
    """live, backtests -> adapters -> dolphin_strategies, types included; tests by tests only."""
    files = python_files(folder)
    assert files
    wrong = [
        f"{file} imports {module}"
        for file in files
        for module, _ in imports_of(file)
        if top(module) in OURS - MAY_IMPORT[folder]
    ]
    assert not wrong


def test_strategies_touch_no_outside_world() -> None:
    """What an author imports opens no socket, starts no thread and maps no memory."""
    wrong = [
        f"{file} imports {module}"
        for file in python_files("dolphin_strategies")
        for module, only_types in imports_of(file)
        if top(module) in NO_IO and not only_types
    ]
    assert not wrong


def test_strategies_import_pyarrow_in_one_place() -> None:
    """A strategy that reads no catalog does not pay for it."""
    importers = {
        file
        for file in python_files("dolphin_strategies")
        for module, only_types in imports_of(file)
        if top(module) == "pyarrow" and not only_types
    }
    assert importers == {Path("dolphin_strategies/factors/arrow.py")}


@pytest.mark.parametrize("folder", sorted(MAY_IMPORT))
def test_no_folder_hides_a_dependency(folder: str) -> None:
    """A package of ours is never named like a module that it, or somebody, imports."""
    known = sys.stdlib_module_names | {"hazelcast", "nautilus_trader", "numpy", "pyarrow"}
    folders = {p.parent.name for p in python_files(folder)}
    assert not folders & known


def test_the_top_level_holds_the_agreed_folders_only() -> None:
    """Whoever adds one talks about it first."""
    found = {
        p.name
        for p in ROOT.iterdir()
        if p.is_dir() and not p.name.startswith((".", "__")) and p.suffix != ".egg-info"
    }
    assert found - {"build", "recordings"} <= FOLDERS
    assert found >= OURS


def test_no_file_mentions_a_path_of_some_machine() -> None:
    """What is committed works anywhere."""
    candidates = [p for folder in FOLDERS for p in (ROOT / folder).rglob("*")]
    candidates += [p for p in ROOT.iterdir() if p.suffix in {".md", ".toml"}]
    wrong = []
    for path in candidates:
        generated = path.name == "_region.c" or "__pycache__" in path.parts
        if not path.is_file() or generated or path.suffix not in TEXT:
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if MACHINE_PATH.search(line):
                wrong.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()}")
    assert not wrong
