"""The results of a sweep on the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from adapters.command.text_table import text_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backtests.sweeping.results.sweep_result import SweepResult

HEAD: Final = ("fold", "trials", "chosen", "train Sharpe", "noise's best", "deflated", "PBO",
        "test Sharpe", "test return")  # fmt: skip


def values_text(values: Mapping[str, Any]) -> str:
    """Return a trial's values in one line."""
    return ", ".join(
        f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}"
        for name, value in values.items()
    )


def fold_rows(result: SweepResult) -> list[tuple[str, ...]]:
    """Return a row for each fold."""
    return [
        (
            str(f.number), f"{f.trials}" + (f" ({f.failed} failed)" if f.failed else ""),
            values_text(f.values), f"{f.train_sharpe:.2f}", f"{f.noise_sharpe:.2f}",
            _probability(f.deflated), _probability(f.pbo),
            f.test_problem or f"{f.test_sharpe:.2f}", f"{f.test_return:+.2%}",
        )
        for f in result.folds
    ]  # fmt: skip


def summary(result: SweepResult) -> str:
    """Return the verdict, what it is made of, and a table of the folds."""
    lines = [f"verdict: {result.verdict}"]
    lines += [f"  {'yes' if c.holds else 'no ':3} {c}" for c in result.checks]
    if not result.is_whole:
        lines.append("  not all trials are done: the figures are of those that are")
    return "\n".join([*lines, "", text_table([HEAD, *fold_rows(result)], right=(0, 3, 4, 5, 6))])


def _probability(value: float | None) -> str:
    return "none" if value is None else f"{value:.2f}"
