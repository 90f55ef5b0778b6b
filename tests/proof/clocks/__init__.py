"""Clocks: set, of other namespaces, of other boots, and sequences where numbers wrap."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.proof.clocks import namespaces, sequences, set_clocks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.proof.figures import Figure, Form


def prove(form: Form) -> Iterator[Figure]:
    """Yield what each does to a region's records and to what is said about their age."""
    yield from sequences.prove(form)
    yield from set_clocks.prove(form)
    yield from namespaces.prove(form)
