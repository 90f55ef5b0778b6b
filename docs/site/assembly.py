"""The pages of the site: the repository's own, and one for each file that they link to."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).parents[2]
WHOLE: Final = (
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "adapters/java/README.md",
    "findings/README.md",
    "adapters/shm/vectors/README.md",
    "tests/proof/README.md",
)
"""Pages outside of ``docs`` that belong to the site."""
UNSEARCHED: Final = ("CHANGELOG.md",)
"""Pages that name everything, and would come first in every search."""
LANGUAGES: Final = {
    ".c": "c",
    ".cff": "yaml",
    ".d2": "text",
    ".h": "c",
    ".java": "java",
    ".json": "json",
    ".pc": "text",
    ".py": "python",
    ".rs": "rust",
    ".service": "ini",
    ".sh": "bash",
    ".toml": "toml",
    ".yaml": "yaml",
    ".yml": "yaml",
}
"""What a linked file with this suffix is shown as; any other is copied as it is."""
_LINK: Final = re.compile(r"\]\((?P<path>[^)#:\s]+)(?P<anchor>#[^)\s]*)?\)")
_NOT_SEARCHED: Final = "---\nsearch:\n  exclude: true\n---\n"
_FENCE: Final = "````````"


def page_files() -> list[Path]:
    """Return every page of the site, relative to the root."""
    own = [Path(name) for name in WHOLE if (ROOT / name).exists()]
    docs = sorted(path.relative_to(ROOT) for path in (ROOT / "docs").rglob("*.md"))
    return [*own, *docs]


def links_of(page: Path) -> Iterator[tuple[str, Path, str]]:
    """Yield each relative link of a page.

    Yields
    ------
    tuple of str, Path, str
        As it is written, the path that it leads to, relative to the root, and its ``#anchor``.

    """
    for match in _LINK.finditer((ROOT / page).read_text(encoding="utf-8")):
        target = Path(os.path.normpath(page.parent / match["path"]))
        yield match[0], target, match["anchor"] or ""


def assemble(folder: Path) -> int:
    """Write the pages into a folder, laid out as the repository is.

    Parameters
    ----------
    folder : Path
        Made anew; what was in it is removed.

    Returns
    -------
    int
        How many pages there are.

    Notes
    -----
    A link to a file of code or settings becomes a link to a page that shows it, so that a reader
    of the site needs no repository. Other files, such as pictures, are copied.

    """
    shutil.rmtree(folder, ignore_errors=True)
    pages = page_files()
    shown: set[Path] = set()
    for page in pages:
        text = (ROOT / page).read_text(encoding="utf-8")
        for written, target, anchor in links_of(page):
            if not (ROOT / target).is_file() or target in pages:
                continue
            if target.suffix in LANGUAGES:
                to = os.path.relpath(_page_of(target), page.parent)
                text = text.replace(written, f"]({to}{anchor})")
            shown.add(target)
        _write(folder / page, _NOT_SEARCHED + text if page.as_posix() in UNSEARCHED else text)
    for target in sorted(shown):
        if target.suffix in LANGUAGES:
            _write(folder / _page_of(target), _source_page(target))
        else:
            (folder / target).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / target, folder / target)
    return len(pages) + len(shown)


def _page_of(source: Path) -> Path:
    return source.with_name(f"{source.name}.md")


def _source_page(source: Path) -> str:
    code = (ROOT / source).read_text(encoding="utf-8")
    fence = f"{_FENCE}{LANGUAGES[source.suffix]}"
    return f"{_NOT_SEARCHED}# {source.name}\n\n`{source}`\n\n{fence}\n{code}{_FENCE}\n"


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
