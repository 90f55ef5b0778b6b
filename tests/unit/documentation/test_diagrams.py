"""The diagrams are those of their text, small, and of nothing that must be fetched."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import pytest

from docs.site.diagrams import FOLDER, undrawn

if TYPE_CHECKING:
    from pathlib import Path

MOST_BYTES: Final = 150_000
SOURCES: Final = sorted(FOLDER.glob("*.d2"))


def test_every_diagram_is_drawn_from_its_text() -> None:
    """A changed text without its picture is refused: python -m docs.site.generated."""
    assert SOURCES
    assert undrawn() == []
    assert {p.stem for p in FOLDER.glob("*.svg")} == {p.stem for p in SOURCES}


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_a_picture_is_small_and_whole(source: Path) -> None:
    """A page loads it at once, and asks no other machine for a part of it."""
    text = source.with_suffix(".svg").read_text(encoding="utf-8")
    assert len(text.encode()) < MOST_BYTES
    assert "<script" not in text
    assert not re.search(r"(?:href|src)=\"https?:|url\(\"?https?:|@import", text)
