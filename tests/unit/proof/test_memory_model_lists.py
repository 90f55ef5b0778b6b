"""The memory model's lists follow the C: mutants, orderings, scenarios, forbidden outcomes."""

from __future__ import annotations

import re
from typing import Final

import pytest

from tests.proof.figures import ROOT
from tests.proof.memory_model import building, exploring, mutation
from tests.proof.memory_model.mutants import MUTANTS
from tests.proof.memory_model.scenarios import FORBIDDEN, SCENARIOS

NATIVE: Final = ROOT / "adapters/shm/native"


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_changes_the_shipped_c(mutant: mutation.Mutant) -> None:
    """Its texts are in its function exactly once."""
    text = (NATIVE / mutant.file).read_text(encoding="utf-8")
    assert mutant.apply(text) != text


def test_a_mutant_that_no_longer_fits_is_an_error() -> None:
    """A changed line or a renamed function cannot leave a mutant out."""
    text = (NATIVE / "reading.c").read_text(encoding="utf-8")
    gone = mutation.Mutant("gone", "reading.c", "read_next", [("no such text", "")])
    with pytest.raises(mutation.PatternError, match="0 times"):
        gone.apply(text)
    renamed = mutation.Mutant("renamed", "reading.c", "read_nothing", [("a", "b")])
    with pytest.raises(mutation.PatternError, match="defined 0 times"):
        renamed.apply(text)


def test_every_ordering_is_weakened() -> None:
    """Each function of orderings.h has a mutant, and each order that has a weaker one."""
    text = (NATIVE / "orderings.h").read_text(encoding="utf-8")
    weakened = list(mutation.weaker_orderings(NATIVE))
    functions = mutation.functions_of(text)
    assert {m.function for m in [*weakened, *MUTANTS] if m.file == "orderings.h"} == set(functions)
    strong = re.findall(r"__ATOMIC_(?!RELAXED)\w+", text)
    relaxed = [m for m in weakened if m.what.endswith("-> relaxed")]
    assert len(relaxed) == len(strong) > 10
    assert len({m.name for m in [*weakened, *MUTANTS]}) == len(weakened) + len(MUTANTS)


def test_the_lists_of_scenarios_and_outcomes_are_those_of_the_c() -> None:
    """No scenario is left out, and each forbidden outcome of the C is explained."""
    table = (building.HERE / "scenarios.c").read_text(encoding="utf-8")
    assert set(re.findall(r"&(\w+)", table)) == set(SCENARIOS)
    c = "".join(file.read_text(encoding="utf-8") for file in building.HERE.glob("*.*"))
    named = set(re.findall(r'^#define [A-Z_]+ "([a-z].*)"$', c, re.MULTILINE))
    named |= set(re.findall(r'model_forbid\(\s*"(.*?)"', c))
    assert named == set(FORBIDDEN) - {"livelock", "crash"}


def test_a_history_names_words_and_functions() -> None:
    """What a person reads of a forbidden outcome."""
    text = (
        "scenario batch: torn record (x)\nwords:\n0x1f slot.sequence\n\nN1\n"
        "[3] 0: <0x1f> atomic store, value=0, order=relaxed, in slot.sequence, initially(0)\n"
        "[4] 0: [BEFORE END], in fiber_proc_impl, context.hpp(457)\n"
        "[5] 1: <0x1f> atomic load, value=3, order=relaxed, in load_slot, /a/orderings.h(36)\n"
        "\nthread 0:\n"
    )
    first, step = exploring.readable(text).splitlines()
    assert first == "scenario batch: torn record (x)"
    what = "thread 1: slot.sequence atomic load, value=3, order=relaxed load_slot, orderings.h(36)"
    assert re.sub(r" +", " ", step.strip()) == what
