"""The table of folders in the architecture page, and the size of everything in them."""

from __future__ import annotations

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Final

import pytest

from tests.architecture import modules

MOST_FILES: Final = 15
MOST_ARROWS: Final = 12
MOST_LINES: Final = 300
MOST_FIELDS: Final = 15
COMMANDS: Final = {"backtests", "live"}
SOURCES: Final = {".py", ".c", ".h"}
EXTRA_FILES: Final = {"__init__.py", "__main__.py", "_region.c", "py.typed"}


def sources(*tops: str) -> list[Path]:
    """Return the source files below some top-level folders, relative to the root."""
    return sorted(
        path.relative_to(modules.ROOT)
        for top in tops
        for path in (modules.ROOT / top).rglob("*")
        if path.suffix in SOURCES and path.name != "_region.c"
    )


def fields_of(node: ast.ClassDef) -> set[str]:
    """Return the attributes that instances of a class have of their own."""
    found = {
        item.target.id
        for item in node.body
        if isinstance(item, ast.AnnAssign)
        and isinstance(item.target, ast.Name)
        and "ClassVar" not in ast.unparse(item.annotation)
    }
    for method in node.body:
        if isinstance(method, ast.FunctionDef) and method.name == "__init__":
            found |= {
                inner.attr
                for inner in ast.walk(method)
                if isinstance(inner, ast.Attribute)
                and isinstance(inner.ctx, ast.Store)
                and ast.unparse(inner.value) == "self"
            }
    return found


def test_the_table_has_every_folder_with_the_sentence_of_its_package() -> None:
    """One row a package, in the words of its docstring, and none for what is not there."""
    expected = {}
    for package in modules.packages():
        text = ast.get_docstring(modules.tree_of(Path(*package.split("."), "__init__.py"))) or ""
        expected[package.replace(".", "/")] = text.partition("\n\n")[0].replace("\n", " ")
    found = {folder: row.sentence for folder, row in modules.folders().items()}
    assert found == expected


@pytest.mark.parametrize("package", modules.packages())
def test_a_folder_imports_what_the_table_allows(package: str) -> None:
    """Its own files, not those of folders in it; type checkers' imports count."""
    allowed = modules.folders()[package.replace(".", "/")].may_import
    children = {p for p in modules.packages() if p.startswith(f"{package}.")}
    used = set()
    wrong = []
    for a, b in modules.arrows():
        is_inside = a == package or a.startswith(f"{package}.")
        is_own = is_inside and not any(a == c or a.startswith(f"{c}.") for c in children)
        if not is_own or b == package or b.startswith(f"{package}."):
            continue
        named = next((n for n in allowed if b == n or b.startswith(f"{n}.")), None)
        if named is None:
            wrong.append(f"{a} imports {b}")
        else:
            used.add(named)
    assert not wrong
    assert used == set(allowed), "the table allows what is not imported"


@pytest.mark.parametrize("package", modules.packages())
def test_few_arrows_and_no_circle_between_the_rooms_of_a_folder(package: str) -> None:
    """Rooms are the files and folders in it; an arrow is an import from one to another.

    Of a folder of commands, the commands themselves are no rooms: nothing imports them.
    """
    rooms = modules.rooms_of(package)
    if package in COMMANDS:
        folders = {p.removeprefix(f"{package}.") for p in modules.packages()}
        rooms = {(a, b) for a, b in rooms if a in folders}
    assert len(rooms) <= MOST_ARROWS
    graph: dict[str, set[str]] = {}
    for a, b in rooms:
        graph.setdefault(a, set()).add(b)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"a circle: {' -> '.join(error.args[1])}")


def test_no_folder_holds_many_files() -> None:
    """A newcomer finds a file by looking."""
    count: dict[Path, int] = {}
    for file in sources(*modules.TOPS, "tests"):
        if file.name not in EXTRA_FILES:
            count[file.parent] = count.get(file.parent, 0) + 1
    assert {folder: n for folder, n in count.items() if n > MOST_FILES} == {}


def test_a_long_file_is_named_with_its_reason() -> None:
    """Over 300 lines only with a row in the table of long files, and no row for nothing."""
    long = {
        file.as_posix()
        for file in sources(*modules.TOPS, "tests")
        if len((modules.ROOT / file).read_text(encoding="utf-8").splitlines()) > MOST_LINES
    }
    assert long == {name for name in modules.table("Sizes") if "/" in name}


def test_a_wide_class_is_named_with_its_reason() -> None:
    """Over 15 fields only with a row in the table of wide classes, and no row for nothing."""
    wide = {
        f"{modules.module_of(file)}.{node.name}"
        for top in modules.TOPS
        for file in modules.python_files(top)
        for node in ast.walk(modules.tree_of(file))
        if isinstance(node, ast.ClassDef) and len(fields_of(node)) > MOST_FIELDS
    }
    assert wide == {name for name in modules.table("Sizes") if "/" not in name}
