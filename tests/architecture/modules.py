"""The project's packages and modules, who imports whom, and the table that says who may."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).resolve().parents[2]
TOPS: Final = ("dolphin_strategies", "adapters", "backtests", "live")
ARCHITECTURE: Final = ROOT / "docs" / "architecture.md"
_ROW: Final = re.compile(r"^\| `(?P<folder>[\w./]+)` \| (?P<text>.+?) \| (?P<rest>.*?) ?\|$")


@dataclass(frozen=True)
class Row:
    """A row of the table of folders: what the folder holds, and which packages it may import."""

    sentence: str
    may_import: tuple[str, ...]


@cache
def python_files(top: str) -> tuple[Path, ...]:
    """Return the Python files below a top-level folder, relative to the root."""
    return tuple(sorted(p.relative_to(ROOT) for p in (ROOT / top).rglob("*.py")))


@cache
def packages() -> tuple[str, ...]:
    """Return every package of the four top-level folders, dotted."""
    return tuple(
        ".".join(file.parent.parts)
        for top in TOPS
        for file in python_files(top)
        if file.name == "__init__.py"
    )


@cache
def tree_of(file: Path) -> ast.Module:
    """Return the syntax tree of a file below the root."""
    return ast.parse((ROOT / file).read_text(encoding="utf-8"))


def module_of(file: Path) -> str:
    """Return the dotted name of a file's module."""
    parts = file.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def imports_of(file: Path) -> tuple[tuple[str, bool], ...]:
    """Return each module that a file imports, and whether only type checkers import it."""
    found: list[tuple[str, bool]] = []
    for node, for_types in _statements(tree_of(file), for_types=False):
        if isinstance(node, ast.Import):
            found += [(alias.name, for_types) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}:{node.lineno}: imports are absolute here"
            assert node.module is not None
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                found.append((full if is_module(full) else node.module, for_types))
    return tuple(found)


def _statements(parent: ast.AST, *, for_types: bool) -> Iterator[tuple[ast.AST, bool]]:
    """Yield what is in a statement but its expressions, which hold no imports."""
    if isinstance(parent, ast.If) and _is_type_checking(parent.test):
        for_types = True
    for child in ast.iter_child_nodes(parent):
        if not isinstance(child, ast.expr):
            yield child, for_types
            yield from _statements(child, for_types=for_types)


def _is_type_checking(test: ast.expr) -> bool:
    return any(isinstance(n, ast.Name) and n.id == "TYPE_CHECKING" for n in ast.walk(test))


@cache
def is_module(name: str) -> bool:
    """Return whether a dotted name is a module or a package of ours."""
    path = ROOT.joinpath(*name.split("."))
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()


@cache
def arrows() -> frozenset[tuple[str, str]]:
    """Return who imports whom among our modules, imports for type checkers included."""
    return frozenset(
        (module_of(file), imported)
        for top in TOPS
        for file in python_files(top)
        for imported, _ in imports_of(file)
        if imported.partition(".")[0] in TOPS
    )


def rooms_of(package: str) -> set[tuple[str, str]]:
    """Return the arrows between the direct children of a package."""
    inside = f"{package}."
    pairs = {
        (a.removeprefix(inside).partition(".")[0], b.removeprefix(inside).partition(".")[0])
        for a, b in arrows()
        if a.startswith(inside) and b.startswith(inside)
    }
    return {(a, b) for a, b in pairs if a != b}


def table(heading: str) -> dict[str, tuple[str, str]]:
    """Return the rows of a table of the architecture page: first cell, second and third."""
    text = ARCHITECTURE.read_text(encoding="utf-8")
    section = text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    found = (_ROW.match(line) for line in section.splitlines())
    return {m["folder"]: (m["text"], m["rest"]) for m in found if m}


@cache
def folders() -> dict[str, Row]:
    """Return the table of folders."""
    return {
        folder: Row(sentence, tuple(re.findall(r"`([\w.]+)`", may_import)))
        for folder, (sentence, may_import) in table("Folders").items()
    }
