"""What a user should know of a catalog's recording of market data, as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapters.catalog.files import catalog_layout
from adapters.catalog.files.delivered_tables import RECORDING
from adapters.catalog.files.journal import read_journal
from adapters.catalog.files.recording_lock import is_written
from adapters.command.instants import iso_instant

if TYPE_CHECKING:
    from pathlib import Path


def market_remarks(catalog: Path) -> list[str]:
    """Return a sentence for each reason why factors may differ from a producer's; or none.

    Parameters
    ----------
    catalog : Path
        The catalog's folder.

    """
    home = catalog / catalog_layout.RECORDINGS / RECORDING
    if not home.is_dir():
        return []
    events = read_journal(home / catalog_layout.JOURNAL)
    remarks = []
    if dropped := sum(e["count"] for e in events if e["event"] == "dropped"):
        why = next(e["why"] for e in reversed(events) if e["event"] == "dropped")
        remarks.append(f"incomplete: {dropped:,} rows of market data were not recorded: {why}")
    is_open = is_written(home)
    if is_open:
        remarks.append("incomplete: market data is being recorded; files hold a part of it")
    starts = [e["started_ns"] for e in events if e["event"] == "start"]
    killed = len(starts) - sum(e["event"] == "end" for e in events) - is_open
    if killed > 0:
        remarks.append(f"incomplete: the writer of market data was killed, {killed} times")
    if len(starts) > 1:
        remarks.append(
            f"market data of {len(starts)} runs: a later one had the values that --start with its "
            f"beginning gives, the last one's being {iso_instant(starts[-1])}"
        )
    return remarks
