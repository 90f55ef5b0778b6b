"""Tables of text for a terminal: columns aligned, with spaces between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence


def text_table(
    rows: Sequence[Sequence[str]], *, right: Collection[int] = (), indent: str = "", gap: int = 2
) -> str:
    """Return rows as lines of aligned columns.

    Parameters
    ----------
    rows : sequence of sequences of str
        The cells, all rows of one length; a heading is a row like any other.
    right : collection of int
        The indexes, from 0, of the columns aligned to the right; the others are aligned to the
        left.
    indent : str
        The text before every line.
    gap : int
        Spaces between two columns.

    Returns
    -------
    str
        One line for each row, without spaces at its end; empty without rows.

    Raises
    ------
    ValueError
        If the rows differ in length.

    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        indent
        + (" " * gap)
        .join(
            cell.rjust(width) if i in right else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        .rstrip()
        for row in rows
    )
