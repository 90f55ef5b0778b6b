"""The default window of a backtest: where the required factors and the market overlap."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from adapters.command.instants import iso_instant
from dolphin_strategies.errors import ConfigError

_UNNAMED_NS: Final = 1_000_000_000
"""What is left out of a default window is named if it is longer than this."""


@dataclass(frozen=True, kw_only=True)
class Reach:
    """From when to when a catalog has something.

    Attributes
    ----------
    what : str
        What it is, for messages.
    first_ns, last_ns : int
        ``ts_init`` of the first and the last record of it, UNIX nanoseconds.
    end_ns : int or None
        Until when it is worth something, exclusive, UNIX nanoseconds; None: without end.

    """

    what: str
    first_ns: int
    last_ns: int
    end_ns: int | None


def default_window(
    reaches: list[Reach], start_ns: int | None, end_ns: int | None
) -> tuple[int, int, tuple[str, ...]]:
    """Return a window in which everything overlaps, and what lies outside.

    Parameters
    ----------
    reaches : list of Reach
        The factors that are required, and the market; at least one.
    start_ns, end_ns : int, optional
        The ends that the user chose, UNIX nanoseconds.

    Returns
    -------
    tuple of int, int and tuple of str
        The start and the exclusive end, UNIX nanoseconds, and a line for each part of the
        catalog that is outside an end which the user did not choose.

    Raises
    ------
    ConfigError
        If nothing overlaps.

    """
    last_to_begin = max(reaches, key=lambda r: r.first_ns)
    ending = [r for r in reaches if r.end_ns is not None]
    first_to_end = min(ending or reaches, key=lambda r: r.end_ns or r.last_ns)
    start = last_to_begin.first_ns if start_ns is None else start_ns
    end = (first_to_end.end_ns or first_to_end.last_ns + 1) if end_ns is None else end_ns
    if start >= end:
        spans = "; ".join(
            f"{r.what} from {iso_instant(r.first_ns)} to {iso_instant(r.last_ns)}" for r in reaches
        )
        msg = f"required factors and market do not overlap in the catalog: {spans}"
        if start_ns is not None or end_ns is not None:
            chosen = "".join(
                f" {word} {iso_instant(ns)}"
                for word, ns in (("from", start_ns), ("to", end_ns))
                if ns is not None
            )
            msg = f"expected a window in which there is market data, found one{chosen}: {spans}"
        raise ConfigError(msg)
    left_out: list[str] = []
    for reach in reaches:
        if start_ns is None and reach.first_ns < start - _UNNAMED_NS:
            left_out.append(
                f"{reach.what} from {iso_instant(reach.first_ns)} to {iso_instant(start)}: "
                f"{last_to_begin.what} begins later"
            )
        if end_ns is None and reach.last_ns > end + _UNNAMED_NS:
            left_out.append(
                f"{reach.what} from {iso_instant(end)} to {iso_instant(reach.last_ns)}: "
                f"{first_to_end.what} ends earlier"
            )
    return start, end, tuple(left_out)
