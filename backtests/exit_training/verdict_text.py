"""The verdict of a training, as text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from adapters.command.text_table import text_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backtests.exit_training.judging.error_bars import Bar
    from backtests.exit_training.learning.training import BucketResult
    from dolphin_strategies.exits.model.exit_model import ExitRule

_BPS: Final = 1e4
_NONE: Final = 1e5


def verdict_text(
    results: Mapping[str, BucketResult], level: float, *, keeps_own_exits: bool = True
) -> str:
    """Return tables of every bucket's figures, and what follows from them.

    Parameters
    ----------
    results : mapping of str to BucketResult
        The results of the buckets.
    level : float
        The confidence level of the error bars.
    keeps_own_exits : bool
        Whether paths end with the positions' own exits, or with the horizon.

    """
    baseline = "the strategy's own exits" if keeps_own_exits else "holding over the horizon"
    # Buckets that are the same positions are one.
    names: dict[int, list[str]] = {}
    for name, result in results.items():
        names.setdefault(id(result), []).append(name)
    return "\n\n".join(
        _bucket_text(" and ".join(of), results[of[0]], level, baseline) for of in names.values()
    )


def _bucket_text(name: str, result: BucketResult, level: float, baseline: str) -> str:
    lines = [f"bucket {name}: {result.positions} positions, {result.gain.count} out of sample"]
    if result.gain.count:
        rows = [("exit", "mean bp", f"{level:.0%} from", "to", "adaptive beyond it", "from", "to")]
        for exit_name, bar in result.means.items():
            beyond = result.against.get(exit_name)
            rows.append((exit_name, *_cells(bar), *(("", "", "") if beyond is None else
                         _cells(beyond))))  # fmt: skip
        lines.append(text_table(rows, right=range(1, 7), indent="  "))
    gain = result.gain
    if result.verdict == "gain":
        assert result.rule is not None  # noqa: S101 - a gain has a rule
        lines.append(
            f"  gain over {baseline}: {_bp(gain.mean)} bp a position, at least "
            f"{_bp(gain.lower)}; rule: {rule_text(result.rule)}"
        )
        lines += _beside_peers(result)
    elif result.verdict == "no gain":
        lines.append(
            f"  no gain shown over {baseline} ({_bp(gain.mean)} bp a position, from "
            f"{_bp(gain.lower)} to {_bp(gain.upper)}): no rule, positions are held as before"
        )
    else:
        lines.append("  too few positions to tell: no rule, positions are held as before")
    return "\n".join(lines)


def _beside_peers(result: BucketResult) -> list[str]:
    """Say honestly whether simpler exits do as well."""
    equal = [n for n, bar in result.against.items() if n != "own" and not bar.lower > 0]
    if not equal:
        return ["  and over each of the simpler exits"]
    return [f"  no gain shown over the simpler: {', '.join(equal)}"]


def rule_text(rule: ExitRule) -> str:
    """Return a rule in words."""
    parts = []
    if rule.take < _NONE:
        falling = f", falling by {rule.decay:.0%} over the horizon" if rule.decay else ""
        parts.append(f"take {rule.take:g} sd{falling}")
    if rule.stop < _NONE:
        parts.append(f"stop {rule.stop:g} sd")
    if rule.trail < _NONE:
        parts.append(f"trail {rule.trail:g} sd")
    if rule.time < 1:
        parts.append(f"at {rule.time:.0%} of the horizon")
    if any(rule.weights):
        parts.append("moved by factors")
    return "; ".join(parts) or "hold"


def _cells(bar: Bar) -> tuple[str, str, str]:
    return _bp(bar.mean), _bp(bar.lower), _bp(bar.upper)


def _bp(value: float) -> str:
    return f"{value * _BPS:+.2f}" if np.isfinite(value) else "-"
