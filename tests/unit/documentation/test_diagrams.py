"""Diagrams are those of their text; all pictures are small, shown, and whole by themselves."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import pytest

from docs.site.assembly import ROOT, page_files
from docs.site.diagrams import FOLDER, undrawn

if TYPE_CHECKING:
    from pathlib import Path

MOST_BYTES: Final = 150_000
MOST_BYTES_IN_ALL: Final = 1_000_000
SOURCES: Final = sorted(FOLDER.glob("*.d2"))
PICTURES: Final = sorted(
    path for path in (ROOT / "docs").rglob("*") if path.suffix in {".svg", ".png"}
)


def test_every_diagram_is_drawn_from_its_text() -> None:
    """A changed text without its picture is refused: python -m docs.site.generated."""
    assert SOURCES
    assert undrawn() == []
    assert {p.stem for p in FOLDER.glob("*.svg")} == {p.stem for p in SOURCES}


@pytest.mark.parametrize("picture", PICTURES, ids=lambda path: path.name)
def test_a_picture_is_small_and_whole(picture: Path) -> None:
    """A page loads it at once, and asks no other machine for a part of it."""
    content = picture.read_bytes()
    assert 0 < len(content) < MOST_BYTES
    if picture.suffix == ".svg":
        text = content.decode()
        assert "<script" not in text
        assert not re.search(r"(?:href|src)=\"https?:|url\(\"?https?:|@import", text)
    else:
        assert content.startswith(b"\x89PNG")


def test_all_pictures_are_shown_and_small_together() -> None:
    """What no page shows is not kept."""
    assert sum(picture.stat().st_size for picture in PICTURES) < MOST_BYTES_IN_ALL
    text = "".join((ROOT / page).read_text(encoding="utf-8") for page in page_files())
    assert [p.name for p in PICTURES if f"{p.parent.name}/{p.name})" not in text] == []
