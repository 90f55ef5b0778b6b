"""Text of Tardis through Nautilus's own loaders, block by block."""

from __future__ import annotations

import os
from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
from nautilus_trader.model import InstrumentId

from backtests.importing.backfilling.archives.csv_blocks import parse
from backtests.importing.backfilling.archives.real_file import ArchiveError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backtests.importing.backfilling.archives.archive_file import Archive
    from backtests.importing.backfilling.formats.archive_format import Column, Origin

type Loader = Callable[..., list[Any]]
"""One of Nautilus's loaders: the path of a file, the precisions, the instrument."""

_MOST_DECIMALS: Final = 16


class TickKind(NamedTuple):
    """How a kind of file is loaded.

    Attributes
    ----------
    shape : tuple of Column
        Its columns.
    loader : callable
        Nautilus's loader.
    prices, sizes : tuple of str
        Which columns are prices, and which are sizes.

    """

    shape: tuple[Column, ...]
    loader: Loader
    prices: tuple[str, ...]
    sizes: tuple[str, ...]


def loaded(
    archive: Archive, origin: Origin, kind: TickKind, most: int
) -> Iterator[tuple[list[Any], int]]:
    """Yield what a loader makes of each block of text, and how many rows the block has.

    Parameters
    ----------
    archive : Archive
        The archive.
    origin : Origin
        Whose data it holds.
    kind : TickKind
        How it is loaded.
    most : int
        The text ends after about this many bytes.

    Raises
    ------
    ArchiveError
        If the text cannot be read, or has rows of several instruments.

    Notes
    -----
    The loaders take a path: each block is given to them as a file in memory. They guess the
    precision of prices from the bids alone, and round the asks to it (2.0.0rc7), so that both
    precisions are counted here. They are given the instrument's id, and do not look at the rows'
    own, which is checked here.

    """
    header = (",".join(column.name for column in kind.shape) + "\n").encode()
    columns = [column.name for column in kind.shape]
    names = ["symbol", *kind.prices, *kind.sizes]
    types = dict.fromkeys(names, pa.string())
    instrument_id = InstrumentId.from_str(origin.instrument_id)
    is_first = True
    for block in archive.blocks(most=most):
        text = block
        if is_first:
            is_first = False
            text = text[text.find(b"\n") + 1 :]
        if not text.strip():
            continue
        table = parse(text, columns, types)
        found = pc.unique(table["symbol"]).to_pylist()
        if found != [origin.symbol]:
            msg = f"holds {', '.join(map(str, found[:4]))}: expected rows of {origin.symbol} alone"
            raise ArchiveError(msg)
        price, size = (
            max(decimals(table[name]) for name in group) for group in (kind.prices, kind.sizes)
        )
        ticks = _load(kind.loader, header + text, (price, size), instrument_id)
        yield ticks, table.num_rows


def decimals(column: pa.ChunkedArray) -> int:
    """Return the most decimals of numbers as text, also of those with an exponent."""
    cells = column.drop_null()
    if not len(cells):
        return 0
    found = 0
    is_scientific = pc.match_substring_regex(cells, "[eE]")
    for cell in pc.unique(cells.filter(is_scientific)).to_pylist():
        found = max(found, -int(Decimal(cell).normalize().as_tuple().exponent))
    plain = cells.filter(pc.invert(is_scientific))
    fractions = pc.utf8_rtrim(pc.replace_substring_regex(plain, r"^[^.]*\.?", ""), characters="0")
    longest = pc.max(pc.utf8_length(fractions)).as_py() or 0
    return min(max(found, longest), _MOST_DECIMALS)


def _load(
    loader: Loader, text: bytes, precisions: tuple[int, int], instrument_id: InstrumentId
) -> list[Any]:
    fd = os.memfd_create("tardis", os.MFD_CLOEXEC)
    try:
        with os.fdopen(fd, "wb", closefd=False) as file:
            file.write(text)
        found: list[Any] = loader(
            f"/proc/self/fd/{fd}",
            price_precision=precisions[0],
            size_precision=precisions[1],
            instrument_id=instrument_id,
        )
    except (ValueError, RuntimeError) as error:
        msg = f"cannot be read by Nautilus's loader: {str(error)[:200]}"
        raise ArchiveError(msg) from None
    finally:
        os.close(fd)
    return found
