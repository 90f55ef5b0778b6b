"""Torn reads: records that check themselves, read while they are written as fast as it goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.proof.region.apart import run_apart
from tests.proof.torn_reads import planted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.proof.figures import Figure, Form


def prove(form: Form) -> Iterator[Figure]:
    """Yield the figures of each part, and whether planted faults are found."""
    yield from run_apart(form, "tests.proof.torn_reads.interleavings")
    yield from run_apart(form, "tests.proof.torn_reads.stress")
    yield from run_apart(form, "tests.proof.torn_reads.changing_names")
    if form.source is None:
        yield planted.prove(form)
