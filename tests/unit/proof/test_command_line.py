"""What the proofs' command line prints, and its exit codes, with proofs of the test's own."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

from tests.proof import __main__ as command
from tests.proof.figures import Figure, Form, MissingToolError, NeedsError
from tests.proof.registry import PROOFS, Entry

if TYPE_CHECKING:
    from collections.abc import Iterator


FORM = Form(is_long=False, seed=1, folder=Path())


def figure(*, is_met: bool) -> Figure:
    """Return a figure that is met or not."""
    return Figure(id="R1", what="draws", value="3", reach="3", is_met=is_met)


def held(form: Form) -> Iterator[Figure]:
    """Hold, and leave a file in the scratch folder."""
    (form.folder / "scratch").touch()
    yield figure(is_met=True)


def broken(_form: Form) -> Iterator[Figure]:
    """Reach one figure of two."""
    yield figure(is_met=True)
    yield figure(is_met=False)


def without_tool(_form: Form) -> Iterator[Figure]:
    """Miss a tool after the first figure."""
    yield figure(is_met=True)
    raise MissingToolError("relacy", "relacy-dev")


def by_hand(_form: Form) -> Iterator[Figure]:
    """Need something that is given by hand."""
    message = "give it another checkout with --against DIR"
    raise NeedsError(message)
    yield figure(is_met=True)


def slow(_form: Form) -> Iterator[Figure]:
    """Miss a time."""
    yield replace(figure(is_met=False), is_time=True)


@pytest.fixture
def proofs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replace the registry's rows by this file's proofs."""
    for name in list(PROOFS):
        monkeypatch.delitem(PROOFS, name)
    for prove in (held, broken, without_tool, by_hand, slow):
        module = ModuleType(f"proof_{prove.__name__}")
        module.prove = prove  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, module.__name__, module)
        monkeypatch.setitem(PROOFS, prove.__name__, Entry(module.__name__, "a sentence"))


@pytest.mark.usefixtures("proofs")
@pytest.mark.parametrize(
    ("names", "code"),
    [(["held"], 0), (["broken"], 1), (["without_tool"], 3), (["by_hand"], 3), ([], 1)],
)
def test_the_exit_code_tells_whether_all_held(names: list[str], code: int) -> None:
    """A figure that is not reached outweighs a proof that could not run; neither is 0."""
    assert command.main(names) == code


@pytest.mark.usefixtures("proofs")
@pytest.mark.parametrize(("words", "code"), [([], 0), (["--long"], 1)])
def test_a_time_decides_in_the_long_form_alone(
    words: list[str], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """A machine may be busy with something else while the short form runs, which says so."""
    assert command.main(["slow", *words]) == code
    assert ("NOT HELD" in capsys.readouterr().out) == bool(code)


@pytest.mark.usefixtures("proofs")
def test_the_last_lines_name_what_was_not_reached(capsys: pytest.CaptureFixture[str]) -> None:
    """The proof and its figure: what it printed itself is far up, or cut off."""
    command.main(["held", "broken"])
    verdict, figures = capsys.readouterr().out.split("\n\n")[-1].split("\n", 1)
    assert verdict == "NOT everything held"
    assert figures.split() == ["broken:", *figure(is_met=False).line(FORM).split()]


@pytest.mark.usefixtures("proofs")
def test_a_proof_by_hand_is_no_failure_among_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """It says what it needs; asked for by name it has its own code."""
    monkeypatch.delitem(PROOFS, "broken")
    monkeypatch.delitem(PROOFS, "without_tool")
    assert command.main([]) == 0
    assert command.main(["by_hand"]) == 3


@pytest.mark.usefixtures("proofs")
def test_the_figures_are_written_as_json(tmp_path: Path) -> None:
    """Every figure that was found, of a proof that failed later as well."""
    file = tmp_path / "figures.json"
    command.main(["held", "without_tool", "--json", str(file), "--seed", "7"])
    document = json.loads(file.read_text(encoding="utf-8"))
    assert [len(document["proofs"][name]) for name in ("held", "without_tool")] == [1, 1]
    assert document["seed"] == 7


@pytest.mark.usefixtures("proofs")
@pytest.mark.parametrize(
    "arguments", [["helf"], ["--source", "/none/such"], ["--against", "/none"]]
)
def test_wrong_usage_is_refused(arguments: list[str]) -> None:
    """With the usual code of a command line."""
    with pytest.raises(SystemExit) as left:
        command.main(arguments)
    assert left.value.code == 2


def test_every_registered_proof_can_be_loaded() -> None:
    """A row whose module or function is gone would be found only when it runs."""
    for name, entry in PROOFS.items():
        module = __import__(entry.module, fromlist=["prove"])
        assert callable(module.prove), name
