"""Kills: the writer killed at every instruction of what it does, and at random moments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.proof.kills import mutants
from tests.proof.region.apart import run_apart

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.proof.figures import Figure, Form


def prove(form: Form) -> Iterator[Figure]:
    """Yield the figures of each campaign, and whether planted faults are found."""
    yield from run_apart(form, "tests.proof.kills.campaigns")
    if form.source is None:
        yield mutants.prove(form)
