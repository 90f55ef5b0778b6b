"""The tables that an import prints: a line for each factor, and for each market file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from adapters.command.instants import show_instant
from adapters.command.text_table import text_table
from backtests.importing.content.states import states_in_blocks

if TYPE_CHECKING:
    from backtests.importing.content.factor_columns import ImportedFactor
    from backtests.importing.content.import_content import ImportContent


def factor_table(content: ImportContent) -> str:
    """Return the table of factors: when each is known, and how often it has no value."""
    instants, publications = content.instants, content.publications
    no_value = np.zeros(len(publications))
    for _, states in states_in_blocks(publications, instants):
        no_value += np.isnan(states).sum(axis=0)
    head = (
        "factor",
        "rows",
        "missing",
        "first known",
        "last known",
        "NaN",
        "known at",
        "stands for",
    )
    # Only series whose rows state when they were published have revisions.
    is_revised = any(p.revisions is not None for p in publications)
    cells = [(*head[:3], "revised", "late", *head[3:]) if is_revised else head]
    for factor, count in zip(content.factors, no_value, strict=True):
        known, revisions = factor.publication.known, factor.publication.revisions
        counts = () if revisions is None else (f"{revisions.count:,}", f"{revisions.late:,}")
        cells.append(
            (
                factor.publication.factor,
                f"{factor.rows:,}",
                f"{factor.publication.missing:,}",
                *(counts or ("-", "-") if is_revised else ()),
                show_instant(known[0]) if len(known) else "-",
                show_instant(known[-1]) if len(known) else "-",
                f"{count / max(1, len(instants)):.1%}",
                ", then ".join(dict.fromkeys(factor.rules)),
                _stands_for(factor),
            )
        )
    return text_table(cells, right={1, 2, 3, 4, 7} if is_revised else {1, 2, 5})


def market_table(content: ImportContent) -> str:
    """Return the table of market data: the numbers of rows, and of those left out."""
    cells = [("market data", "rows", "missing", "first", "last", "left out")]
    for table in content.market:
        left_out = [f"{count:,} {why}" for why, count in table.dropped.items()]
        if table.rounded_sizes:
            left_out.append(f"{table.rounded_sizes:,} sizes rounded")
        cells.append(
            (
                table.folder,
                f"{len(table.stamps):,}",
                f"{table.missing:,}",
                show_instant(table.stamps[0]),
                show_instant(table.stamps[-1]),
                ", ".join(left_out) or "-",
            )
        )
    return text_table(cells, right={1, 2})


def _stands_for(factor: ImportedFactor) -> str:
    if (valid_for := factor.specs[-1].valid_for) is not None:
        return str(valid_for)
    every = factor.publication.every
    if every is None:
        return "until the next"
    return f"{every} (seen)" if factor.publication.every_was_found else str(every)
