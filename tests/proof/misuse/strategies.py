"""The strategies of the cases, made when a node asks for one by its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.proof.misuse.cases import CASES

if TYPE_CHECKING:
    from tests.proof.misuse.holder import Holder


def attribute_of(name: str) -> str:
    """Return the attribute of this module that has a case's strategy."""
    return "case_" + name.replace("/", "__")


def __getattr__(name: str) -> type[Holder]:
    for case in CASES.values():
        if case.make is not None and attribute_of(case.name) == name:
            made: type[Holder] = case.make()
            return made
    raise AttributeError(name)
