"""A fit of regimes as a person reads it on a terminal."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from adapters.command.durations import show_duration
from adapters.command.instants import iso_instant
from adapters.command.text_table import text_table

if TYPE_CHECKING:
    from pathlib import Path

    from backtests.regimes.regime_fit import RegimeFit


def fit_text(found: RegimeFit) -> str:
    """Return the states, the likelihoods and the verdict."""
    model, trained = found.model, found.model.trained
    states = model.states
    rows = [["state", "share of time", "mean", "deviation", "lasts"]]
    for i, share in enumerate(states.stationary):
        lasts_ns = round(model.step_ns / max(1 - states.transition[i][i], 1e-12))
        rows.append([
            str(i), f"{share:.1%}", f"{states.mean_bps[i]:+.3f} bp",
            f"{states.deviation_bps[i]:.3f} bp",
            show_duration(round(lasts_ns, -int(math.log10(lasts_ns)) + 2)),
        ])  # fmt: skip
    out = trained["out_of_sample"]
    lines = [
        f"{trained['of']}, a return each {show_duration(model.step_ns)}",
        f"fitted to {trained['returns']:,} returns, {iso_instant(trained['start_ns'])} to "
        f"{iso_instant(trained['end_ns'])}; judged on {out['returns']:,} until "
        f"{iso_instant(trained['judged_until_ns'])}",
        text_table(rows),
        f"log-likelihood of a return {trained['log_likelihood']:+.4f}"
        + ("" if found.fit.has_converged else ", which still rose when the search was ended"),
    ]
    if not math.isnan(found.error):
        lines.append(
            f"out of sample {out['log_likelihood']:+.4f}: {found.gain:+.4f} ± {found.error:.4f} "
            f"over the same states without memory, {found.over_normal:+.4f} over one normal law"
        )
    return "\n".join([*lines, f"verdict: {found.verdict}"])


def table_text(path: Path, instrument: str) -> str:
    """Return the table of a file of computed factors that uses a model."""
    return "\n".join([
        "[[computed]]",
        'class = "RegimeProbability"',
        f'instrument = "{instrument or "INSTRUMENT"}"',
        'name = "p_regime"',
        f'model = "{path}"',
        "state = 1",
        "range = [0, 1]",
        "time_to_live_s = 10.0",
        'unit = "0 to 1"',
        'about = "The market is in state 1, the wilder one"',
    ])  # fmt: skip
