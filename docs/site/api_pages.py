"""Pages of the public API, made of docstrings: one for each package that lists its names."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Final

from docs.site.assembly import ROOT

FOLDER: Final = Path("docs/api")
"""Where the pages are in the site; they are in no repository, because only the site shows them."""
_BELOW: Final = ("dolphin_strategies/testing", "adapters/*")


def public_names() -> dict[str, tuple[str, list[str]]]:
    """Return the sentence and the ``__all__`` of each public package, by its dotted name."""
    folders = [ROOT / "dolphin_strategies", *(f for p in _BELOW for f in sorted(ROOT.glob(p)))]
    found: dict[str, tuple[str, list[str]]] = {}
    for folder in folders:
        init = folder / "__init__.py"
        if not init.is_file():
            continue
        tree = ast.parse(init.read_text(encoding="utf-8"))
        for node in tree.body:
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
                sentence = (ast.get_docstring(tree) or "").partition("\n\n")[0]
                name = ".".join(folder.relative_to(ROOT).parts)
                found[name] = (sentence.replace("\n", " "), ast.literal_eval(node.value))
    return found


def api_pages() -> dict[Path, str]:
    """Return each page by its path in the site; mkdocstrings fills them with the docstrings."""
    pages: dict[Path, str] = {}
    rows = ["# Public API\n", "| import from | what is there |", "|---|---|"]
    for package, (sentence, names) in public_names().items():
        rows.append(f"| [`{package}`]({package}.md) | {sentence} |")
        parts = [f"# {package}\n", f"{sentence}\n"]
        parts += [f"::: {package}.{name}\n" for name in names]
        pages[FOLDER / f"{package}.md"] = "\n".join(parts)
    rows.append("\nWhat may change, and how that is announced: [versions](../versions.md).\n")
    return {FOLDER / "index.md": "\n".join(rows), **pages}
