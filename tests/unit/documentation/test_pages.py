"""The pages: each is in the site's order, each link leads somewhere, each message names one."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any, Final

import pytest

from docs.site.api_pages import api_pages
from docs.site.assembly import LANGUAGES, ROOT, assemble, links_of, page_files

PAGES: Final = page_files()
MOST_README_LINES: Final = 150
_HEADING: Final = re.compile(r"^#+ (.+)$", re.MULTILINE)
_NAMED: Final = re.compile(r"docs/[\w/]+\.(?:md|toml|py|c|service|json|yml)(?:#[\w-]+)?")


def anchors_of(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as a git host and the site make them."""
    text = re.sub(r"```.*?```", "", (ROOT / page).read_text(encoding="utf-8"), flags=re.DOTALL)
    found = set(re.findall(r'<a id="([\w-]+)">', text))
    for heading in _HEADING.findall(text):
        plain = re.sub(r"\[(.+?)\]\(.+?\)", r"\1", heading).lower()
        found.add(re.sub(r"[^\w\- ]", "", plain).replace(" ", "-"))
    return found


def in_order(nav: list[Any]) -> list[str]:
    """Return the pages of the site's navigation, in its order."""
    found: list[str] = []
    for entry in nav:
        for what in entry.values() if isinstance(entry, dict) else [entry]:
            found += [what] if isinstance(what, str) else in_order(what)
    return found


def test_every_page_is_in_the_order_once() -> None:
    """A page that the navigation lacks would be found by nobody."""
    nav = tomllib.loads((ROOT / "zensical.toml").read_text(encoding="utf-8"))["project"]["nav"]
    listed = in_order(nav)
    assert [next(iter(part)) for part in nav] == [
        "Start", "Tutorial", "How-to", "Concepts", "Reference"
    ]  # fmt: skip
    assert len(listed) == len(set(listed))
    assert set(listed) == {page.as_posix() for page in [*PAGES, *api_pages()]}


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    """As the page is read in the repository; the site's own are checked when it is built."""
    for written, target, anchor in links_of(page):
        assert (ROOT / target).exists(), f"{page}: {written}"
        if target.suffix == ".md" and target.parts[:2] != ("docs", "api"):
            assert target in PAGES, f"{target} is not in docs.site.assembly.WHOLE"
        if anchor and target.suffix == ".md":
            assert anchor[1:] in anchors_of(target), f"{page}: {written}"
    own = re.findall(r"\]\(#([^)]+)\)", (ROOT / page).read_text(encoding="utf-8"))
    assert set(own) <= anchors_of(page)


@pytest.mark.parametrize("page", [p for p in PAGES if p.parts[0] == "docs"], ids=str)
def test_every_page_says_where_to_go_next(page: Path) -> None:
    """A part of its own with links; the factors, which a program prints, are a mere list."""
    text = (ROOT / page).read_text(encoding="utf-8")
    if page.name == "factors.md" or page.stem == "index":
        return
    after = text.partition("\n## Read on\n")[2]
    assert re.search(r"\]\([\w./#-]+\)", after), page


@pytest.mark.parametrize("top", ["adapters", "backtests", "dolphin_strategies", "live", "docs"])
def test_every_page_that_a_message_or_comment_names_exists(top: str) -> None:
    """An error must not send its reader to a page that is not there."""
    for path in sorted((ROOT / top).rglob("*")):
        if path.suffix not in {".py", ".c", ".h", ".toml", ".yaml", ".yml"}:
            continue
        for named in _NAMED.findall(path.read_text(encoding="utf-8")):
            name, _, anchor = named.partition("#")
            assert (ROOT / name).exists(), f"{path}: {named}"
            assert not anchor or anchor in anchors_of(Path(name)), f"{path}: {named}"


def test_the_readme_is_short_and_begins_with_a_sentence_a_picture_and_two_commands() -> None:
    """What a visitor sees first, before any explanation."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) < MOST_README_LINES
    first = text.index("```bash")
    assert text.index("![") < first
    assert text[first:].splitlines()[1:3] == ["uv run live/run_node.py", "uv run pytest"]


def test_the_site_shows_each_file_of_code_that_a_page_links_to(tmp_path: Path) -> None:
    """A reader of the site needs no repository: code has a page, which its links lead to."""
    assemble(tmp_path / "pages")
    for page in PAGES:
        text = (tmp_path / "pages" / page).read_text(encoding="utf-8")
        for written, target, _ in links_of(page):
            if target.suffix in LANGUAGES:
                assert written not in text, f"{page}: {written}"
                shown = tmp_path / "pages" / f"{target}.md"
                assert (ROOT / target).read_text(encoding="utf-8") in shown.read_text("utf-8")


def test_the_public_api_has_a_page_for_each_package_and_each_name() -> None:
    """What the pages name can be imported under that name."""
    pages = {path.stem: text for path, text in api_pages().items()}
    assert {"dolphin_strategies", "adapters.shm", "adapters.catalog"} <= set(pages)
    for package in sorted(set(pages) - {"index"}):
        module = __import__(package, fromlist=["__all__"])
        named = re.findall(r"^::: (\S+)$", pages[package], re.MULTILINE)
        assert named == [f"{package}.{name}" for name in module.__all__]
        assert all(hasattr(module, name) for name in module.__all__)
        assert f"({package}.md)" in pages["index"]
