"""The planted faults of the proofs, against the region's C as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.proof.bounds import planted as bounds
from tests.proof.figures import ROOT
from tests.proof.kills import mutants as kills
from tests.proof.torn_reads import planted as torn_reads

if TYPE_CHECKING:
    from tests.proof.region.mutants import Mutant


@pytest.mark.parametrize(
    "mutant", [*kills.LONG, *torn_reads.LONG, *bounds.LONG], ids=lambda mutant: mutant.name
)
def test_a_planted_fault_has_its_place_in_the_c(mutant: Mutant) -> None:
    """Its text is there once: who changes the C writes the fault anew."""
    text = (ROOT / "adapters/shm/native" / mutant.file).read_text(encoding="utf-8")
    assert text.count(mutant.shipped) == 1
