"""The coverage page: a row for each factor and table, a coloured cell for each day."""

from __future__ import annotations

import html
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Final

import numpy as np

from adapters.process.whole_files import write_private
from backtests.importing.backfilling.coverage.day_shares import of_factor, of_market

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from backtests.importing.backfilling.coverage.day_shares import DayShares
    from backtests.importing.content.publication import Publication

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_COLOURS: Final = (
    (0.999, "#1a7f37", "whole days"),
    (0.9, "#7bc47f", "90 % and more"),
    (0.5, "#f2c14e", "half and more"),
    (1e-9, "#e07b39", "less"),
    (-1.0, "#b3261e", "nothing"),
)
"""From which share on a day has which colour."""
_CELL_PX: Final = (2, 16)
_ROW_PX: Final = 18
_LEAST_PX: Final = 900
_STYLE: Final = """\
body { margin: 16px 40px; font-family: sans-serif; font-size: 14px; }
h1 { font-size: 22px; font-weight: 600; margin-bottom: 4px; }
h2 { font-size: 17px; font-weight: 600; margin: 28px 0 6px; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; }
td, th { padding: 1px 12px 1px 0; white-space: nowrap; text-align: left; font-weight: normal; }
td:nth-child(2) { text-align: right; }
td:first-child { position: sticky; left: 0; background: #fff; }
.key { display: inline-block; width: 12px; height: 12px; margin: 0 4px 0 14px; }
svg { display: block; }
"""


def write_page(
    path: Path,
    catalog: Path,
    recordings: tuple[str, str],
    publications: Sequence[Publication],
    lines: Iterable[str],
) -> None:
    """Write one self-contained HTML file, which needs no network.

    Parameters
    ----------
    path : Path
        The file; replaced if it is there.
    catalog : Path
        The catalog's folder.
    recordings : tuple of str
        The recordings of factors and of market data.
    publications : sequence of Publication
        All factors of the catalog's recording.
    lines : iterable of str
        Remarks.

    Raises
    ------
    ConfigError
        If a file of the catalog cannot be read.
    OSError
        If the page cannot be written.

    """
    factors = list(filter(None, map(of_factor, publications)))
    market = of_market(catalog, recordings[1])
    every = [*factors, *market]
    title = html.escape(f"Backfill of {catalog}")
    page = [f"<!doctype html><meta charset='utf-8'><title>{title}</title>"]
    page.append(f"<style>\n{_STYLE}</style><h1>{title}</h1>{_key()}")
    if every:
        first = min(row.first_day for row in every)
        last = max(row.first_day + len(row.shares) for row in every)
        page += _table(f"Factors: recording {recordings[0]}", factors, first, last)
        page += _table(f"Market data: recording {recordings[1]}", market, first, last)
    else:
        page.append("<p>The catalog has nothing of a backfill.</p>")
    page.append("<h2>Remarks of this run</h2><ul>")
    page += [f"<li>{html.escape(line)}</li>" for line in lines]
    page.append("</ul>")
    write_private(path, "\n".join(page))


def _key() -> str:
    keys = (
        f"<span class='key' style='background:{colour}'></span>{meaning}"
        for _, colour, meaning in _COLOURS
    )
    return f"<p>Of a day (UTC) there is a value, or data, for {''.join(keys)}</p>"


def _table(title: str, rows: Sequence[DayShares], first: int, last: int) -> Iterator[str]:
    if not rows:
        return
    width = max(_CELL_PX[0], min(_CELL_PX[1], _LEAST_PX // (last - first)))
    yield f"<h2>{html.escape(title)}</h2><div class='wide'><table>"
    yield f"<tr><th></th><th>values</th><th>{_axis(first, last, width)}</th></tr>"
    for row in rows:
        shares = np.full(last - first, -1.0)
        at = row.first_day - first
        shares[at : at + len(row.shares)] = np.maximum(row.shares, 0.0)
        name = html.escape(row.name)
        drawn = _drawn(shares, first, width)
        yield f"<tr><td>{name}</td><td>{row.rows:,}</td><td>{drawn}</td></tr>"
    yield "</table></div>"


def _axis(first: int, last: int, width: int) -> str:
    """Return the first days of months, or of years if there are many."""
    days = range(first, last)
    is_long = len(days) * width > 0 and len(days) > 3 * 365
    labels, free_from = [], 0
    for number, day in enumerate(days):
        at = _date(day)
        is_label = at.day == 1 and (at.month == 1 or not is_long)
        if (is_label or not number) and number * width >= free_from:
            free_from = number * width + 70
            text = f"{at:%Y-%m-%d}" if not number else f"{at:%Y-%m}"
            labels.append(f"<text x='{number * width}' y='12' font-size='11'>{text}</text>")
    return f"<svg width='{len(days) * width + 70}' height='{_ROW_PX}'>{''.join(labels)}</svg>"


def _drawn(shares: np.ndarray, first: int, width: int) -> str:
    """Return days of one colour that follow each other as one rectangle, with its dates."""
    rectangles, at = [], 0
    for colour, days in groupby(shares.tolist(), _colour):
        found = list(days)
        if colour:
            text = _date(first + at).isoformat()[:10]
            if len(found) > 1:
                text += f" to {_date(first + at + len(found) - 1).isoformat()[:10]}"
            lowest, highest = min(found), max(found)
            share = (
                f"{lowest:.1%}" if highest - lowest < 0.001 else f"{lowest:.1%} to {highest:.1%}"
            )
            rectangles.append(
                f"<rect x='{at * width}' y='2' width='{len(found) * width}' "
                f"height='{_ROW_PX - 4}' fill='{colour}'><title>{text}: {share}</title></rect>"
            )
        at += len(found)
    return f"<svg width='{len(shares) * width}' height='{_ROW_PX}'>{''.join(rectangles)}</svg>"


def _colour(share: float) -> str:
    """Return the colour of a day; none outside the days between the first and the last."""
    if share < 0:
        return ""
    return next(colour for least, colour, _ in _COLOURS if share >= least)


def _date(day: int) -> datetime:
    return _EPOCH + timedelta(days=day)
