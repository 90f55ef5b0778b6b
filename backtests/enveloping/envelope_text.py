"""An envelope as a person reads it on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from adapters.command.instants import iso_instant
from adapters.command.text_table import text_table

if TYPE_CHECKING:
    from dolphin_strategies.envelope.envelope import Envelope

SHOWN: Final = {
    "pnl": ("PnL", "{:,.2f}"),
    "drawdown": ("drawdown", "{:,.2f}"),
    "drawdown_length_s": ("longest drawdown, hours", "{:,.1f}"),
    "trades_per_day": ("trades a day", "{:,.1f}"),
    "slippage_fraction": ("slippage", "{:.4%}"),
    "hit_rate": ("hit rate", "{:.1%}"),
}
"""The measures, their titles and how a value is written."""


def rows_of(envelope: Envelope) -> list[list[str]]:
    """Return a title row and one for each horizon: 2.5 %, the median and 97.5 % of each."""
    rows = [["after", *(title for title, _ in SHOWN.values())]]
    for horizon, measures in envelope.document["horizons"].items():
        row = [horizon]
        for name, (_, form) in SHOWN.items():
            values = [measures[name][q] for q in ("0.025", "0.5", "0.975")]
            scale = 3600.0 if name.endswith("_s") else 1.0
            row.append(
                "-" if None in values else " .. ".join(form.format(v / scale) for v in values)
            )
        rows.append(row)
    return rows


def summary(envelope: Envelope) -> str:
    """Return the summary of an envelope."""
    document = envelope.document
    origin, watch = document["origin"], document["watch"]
    lines = [
        f"envelope of {origin['strategy']} in {origin['currency']}, "
        f"{iso_instant(origin['start_ns'])} to {iso_instant(origin['end_ns'])}",
        *(f"  {s['name']}: {s['trades']:,} trades, PnL {s['pnl']:+,.2f} in {s['days']:.1f} days"
          for s in document["scenarios"]),
        *(f"  left out: {sentence}" for sentence in origin["left_out"]),
        "",
        "2.5 % .. median .. 97.5 % of what may come:",
        text_table(rows_of(envelope)),
        "",
        f"a watch warns falsely with a probability of at most {envelope.budget:.1%} in all: "
        + ", ".join(f"{n} {s['budget']:.1%}" for n, s in watch["streams"].items())
        + f", drawdown {watch['drawdown_budget']:.1%}",
    ]  # fmt: skip
    return "\n".join(lines)
