"""Mutants: the region's C with one thing wrong, which an exploration must notice."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tests.proof.memory_model import exploring

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.proof.figures import Form
    from tests.proof.memory_model.building import Build

# Order -> all weaker ones, by kind of access.
_WEAKER: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "store": {"SEQ_CST": ("RELEASE", "RELAXED"), "RELEASE": ("RELAXED",)},
    "load": {"SEQ_CST": ("ACQUIRE", "RELAXED"), "ACQUIRE": ("RELAXED",)},
    "fetch": {
        "SEQ_CST": ("ACQ_REL", "ACQUIRE", "RELEASE", "RELAXED"),
        "ACQ_REL": ("ACQUIRE", "RELEASE", "RELAXED"),
        "ACQUIRE": ("RELAXED",),
        "RELEASE": ("RELAXED",),
    },
    "thread": {"RELEASE": ("RELAXED",), "ACQUIRE": ("RELAXED",)},
}
_ACCESS: Final = re.compile(r"__atomic_(store|load|fetch|thread)_\w+\(.*?__ATOMIC_([A-Z_]+)\)")


class PatternError(Exception):
    """A mutant's text is not in the C, or more than once: the list must follow the C."""


@dataclass(frozen=True)
class Mutant:
    """One thing wrong.

    Attributes
    ----------
    what : str
        What is wrong.
    file, function : str
        Where.
    edits : sequence of (str, str)
        Texts, each once in the function, and what comes in their place.

    """

    what: str
    file: str
    function: str
    edits: Sequence[tuple[str, str]]

    @property
    def name(self) -> str:
        """Where and what."""
        return f"{self.function}: {self.what}"

    def apply(self, text: str) -> str:
        """Return the file's text with the mutant in it.

        Raises
        ------
        PatternError
            If the function, or a text in it, is not there exactly once.

        """
        start, end = function_span(text, self.function)
        body = text[start:end]
        for old, new in self.edits:
            if body.count(old) != 1:
                msg = f"{self.name}: {old!r} is {body.count(old)} times in {self.file}"
                raise PatternError(msg)
            body = body.replace(old, new)
        return text[:start] + body + text[end:]


def function_span(text: str, name: str) -> tuple[int, int]:
    """Return where a function begins and ends in a file."""
    found = list(
        re.finditer(
            rf"^[\w *]+\b{name}\([^;{{]*\)\n\{{\n.*?^\}}\n", text, re.MULTILINE | re.DOTALL
        )
    )
    if len(found) != 1:
        msg = f"the function {name} is defined {len(found)} times"
        raise PatternError(msg)
    return found[0].span()


def functions_of(text: str) -> list[str]:
    """Return the functions of orderings.h."""
    return re.findall(r"^static inline \w+ (\w+)\(", text, re.MULTILINE)


def weaker_orderings(native: Path) -> Iterator[Mutant]:
    """Yield a mutant for each weaker order of each access of orderings.h."""
    text = (native / "orderings.h").read_text(encoding="utf-8")
    for function in functions_of(text):
        start, end = function_span(text, function)
        for access in _ACCESS.finditer(text[start:end]):
            kind, order = access.groups()
            for weaker in _WEAKER[kind].get(order, ()):
                new = access[0].replace(f"__ATOMIC_{order}", f"__ATOMIC_{weaker}")
                what = f"{kind} {order} -> {weaker}".lower()
                yield Mutant(what, "orderings.h", function, [(access[0], new)])
            if kind in {"store", "load"}:
                word, *value, _ = access[0].partition("(")[2].split(", ")
                new = f"(*{word} = {value[0]})" if value else f"(*{word})"
                yield Mutant(f"plain {kind}", "orderings.h", function, [(access[0], new)])


def survivors(build: Build, native: Path, mutants: Sequence[Mutant], form: Form) -> list[str]:
    """Return the names of the mutants that no short exploration notices."""

    def noticed(numbered: tuple[int, Mutant]) -> str:
        number, mutant = numbered
        program = f"mutant_{number}"
        folder = build.folder / f"{program}_native"
        shutil.copytree(native, folder)
        file = folder / mutant.file
        file.write_text(mutant.apply(file.read_text(encoding="utf-8")), encoding="utf-8")
        if not build.compile(folder, program):
            msg = f"{mutant.name}: does not compile"
            raise PatternError(msg)
        outcome = exploring.first_forbidden(build, program, form.seed)
        (build.folder / program).unlink()
        shutil.rmtree(folder)
        form.progress(f"{mutant.name:<64}{outcome or 'SURVIVED'}")
        return "" if outcome else mutant.name

    with ThreadPoolExecutor(exploring.WORKERS) as pool:
        return [name for name in pool.map(noticed, enumerate(mutants)) if name]
