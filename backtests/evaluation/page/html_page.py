"""The page of an evaluation, one file that needs no network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from backtests.evaluation.scoring.figures import Evaluation


def html_page(data: dict[str, Any], evaluation: Evaluation) -> str:
    """Return the page."""
    return "<!DOCTYPE html>"
