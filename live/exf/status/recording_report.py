"""What ``run_exf.py status`` prints of the recording of market data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def market_line(market: Mapping[str, Any]) -> str:
    """Return a line with the counts of rows.

    Parameters
    ----------
    market : mapping
        ``market_recording`` of the status.

    """
    dropped = ", ".join(f"{count:,} {kind}" for kind, count in market["dropped"].items()) or "0"
    again = f", writer started again {market['restarts']} times" if market["restarts"] else ""
    return (
        f"market data in {market['catalog']}: {market['recorded']:,} of {market['rows']:,} rows "
        f"recorded, dropped {dropped}, unwritten {market['unwritten']:,}, lost "
        f"{market['lost']:,}{again} {market['problem']}".rstrip()
    )
