"""Text tables on a terminal."""

from __future__ import annotations

import pytest

from adapters.command.text_table import text_table

ROWS = [("name", "n", "note"), ("a", "1,000", ""), ("longer", "7", "x")]


def test_columns_are_aligned_and_lines_end_without_spaces() -> None:
    """Text on the left, figures on the right where asked for."""
    assert text_table(ROWS, right={1}).splitlines() == [
        "name        n  note",
        "a       1,000",
        "longer      7  x",
    ]


def test_every_line_is_indented() -> None:
    """As a part of a larger text."""
    assert text_table([("a", "b")], indent="  ") == "  a  b"


def test_a_table_without_rows_is_empty() -> None:
    """No line at all."""
    assert not text_table([])


def test_rows_of_different_length_are_refused() -> None:
    """A cell that is missing would move the others."""
    with pytest.raises(ValueError, match="shorter"):
        text_table([("a", "b"), ("c",)])
