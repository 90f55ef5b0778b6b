"""Case: one wrong use of an author's API, by name, in the table of all of them."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from tests.proof.misuse.holder import Holder

REACHED: Final = "MISUSE"


@dataclass(frozen=True, kw_only=True)
class Case:
    """A wrong use.

    Attributes
    ----------
    name : str
        ``group/what``.
    make : callable, optional
        Returns the strategy's class; None: the case is the text of a module.
    text : str
        The module, in which the class is ``Mine``.
    seconds : float
        How long after the misuse it is asked to stop, if nothing ends it before.
    must_fail : bool
        Whether an exit code of 0 would hide the misuse.
    is_reached : bool
        Whether the wrong use itself has to be reached; a module's text is always.
    is_at_stop : bool
        Whether only the stop brings the misuse about.
    arguments : tuple
        More words of the command line.
    config : str
        More lines of its TOML file.

    """

    name: str
    make: Callable[[], Any] | None = None
    text: str = ""
    seconds: float = 2.0
    must_fail: bool = False
    is_reached: bool = True
    is_at_stop: bool = False
    arguments: tuple[str, ...] = ()
    config: str = ""


CASES: Final[dict[str, Case]] = {}


def add(case: Case) -> None:
    """Put a case into the table."""
    assert case.name not in CASES, case.name
    CASES[case.name] = case


def reached() -> None:
    """Say that the wrong use comes now."""
    os.write(1, f"{REACHED}\n".encode())


def misuse(
    group: str, **options: Any
) -> Callable[[Callable[[Any], object]], Callable[[Any], object]]:
    """Make a case of a function, which is given the strategy with its position, and misuses it."""

    def take(function: Callable[[Any], object]) -> Callable[[Any], object]:
        add_misuse(f"{group}/{function.__name__.strip('_')}", function, **options)
        return function

    return take


def add_misuse(name: str, function: Callable[[Any], object], **options: Any) -> None:
    """Make a case of a function that is called once, in ``on_factors`` with a position open."""

    def make() -> type[Holder]:
        from tests.proof.misuse.holder import Holder

        class Mine(Holder):
            def misbehave(self) -> None:
                reached()
                function(self)

        return Mine

    add(Case(name=name, make=make, **options))
