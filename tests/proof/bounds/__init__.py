"""Bounds: a reader's longest call, wake-ups that are never lost, what readers cost a writer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.proof.bounds import planted
from tests.proof.region.apart import run_apart

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.proof.figures import Figure, Form


def prove(form: Form) -> Iterator[Figure]:
    """Yield the figures of calls, of overtaken ones, of wake-ups and of the writer's cost."""
    yield from run_apart(form, "tests.proof.bounds.calls")
    yield from run_apart(form, "tests.proof.bounds.overtaken")
    yield from run_apart(form, "tests.proof.bounds.wake_ups")
    yield from run_apart(form, "tests.proof.bounds.writer_cost")
    if form.source is None:
        yield planted.prove(form)
