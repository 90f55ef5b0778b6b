"""Differences planted into a recorded session are found."""

from __future__ import annotations

import shutil
import signal
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest

from tests.support.catalogs.sessions import (
    STRATEGIES,
    Compared,
    factor_file,
    lines_of,
    quote_file,
    rewrite,
    write_lines,
)
from tests.support.eventually import eventually
from tests.support.nodes.node_process import node

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a session that is not to be changed."""
    folder = tmp_path_factory.mktemp("session") / "s"
    with node("--strategy", f"{STRATEGIES}:DataOnly", "--record", folder) as process:
        decisions = folder / "decisions.jsonl"
        # Each takes forty factors or more.
        eventually(
            lambda: decisions.exists() and decisions.read_text().count('"submit_order"') >= 10,
            "ten orders in the session",
        )
        process.signal(signal.SIGINT)
        assert process.exit_code() == 0, process.output
    return folder


@pytest.fixture
def session(recorded: Path, tmp_path: Path) -> Path:
    """Give a copy of it."""
    return shutil.copytree(recorded, tmp_path / "s")


def changed(table: pa.Table, name: str, row: int, value: Any) -> pa.Table:
    """Return a table with one value changed."""
    values = table.column(name).to_pylist()
    values[row] = value
    field = table.schema.field(name)
    at = table.schema.get_field_index(name)
    return table.set_column(at, field, pa.array(values, field.type))


def test_the_untouched_copy_has_parity(session: Path) -> None:
    """Or the other tests would prove nothing."""
    compared = Compared(session)
    assert compared.exit_code == 0, compared.output


def test_a_changed_factor_is_found(session: Path) -> None:
    """One bit of one value, at the input that it belongs to."""

    def change(table: pa.Table) -> pa.Table:
        value = table.column("basis")[200].as_py()
        return changed(table, "basis", 200, float(np.nextafter(value, np.inf)))

    path = factor_file(session)
    rewrite(session, path, change)
    compared = Compared(session)
    assert compared.exit_code == 1, compared.output
    assert "differs" in compared.line("inputs")


def test_a_changed_time_of_a_quote_is_found(session: Path) -> None:
    """One nanosecond of one stamp."""

    def change(table: pa.Table) -> pa.Table:
        stamps = table.column("ts_event").cast(pa.int64()).to_pylist()
        stamps[50] += 1
        at, field = table.schema.get_field_index("ts_event"), table.schema.field("ts_event")
        return table.set_column(at, field, pa.array(stamps).cast(field.type))

    rewrite(session, quote_file(session), change)
    compared = Compared(session)
    assert compared.exit_code == 1, compared.output


def test_a_removed_input_is_found(session: Path) -> None:
    """Its number is missing."""
    rewrite(session, quote_file(session), lambda t: pa.concat_tables([t[:70], t[71:]]))
    compared = Compared(session)
    assert compared.exit_code == 1, compared.output
    assert "is not in the recording" in compared.line("inputs")


def test_removed_inputs_at_the_end_are_found(session: Path) -> None:
    """The journal says how many there were."""
    rewrite(session, quote_file(session), lambda t: t[:-5])
    rewrite(session, factor_file(session), lambda t: t[:-5])
    compared = Compared(session)
    assert compared.exit_code == 1, compared.output


def test_two_inputs_in_the_other_order_are_found(session: Path) -> None:
    """Their numbers and times are exchanged, so that only the checksums tell."""

    def change(table: pa.Table) -> pa.Table:
        order = list(range(len(table)))
        order[30], order[31] = order[31], order[30]
        swapped = table.take(pa.array(order))
        for name in ("delivery_number", "delivered_ns"):
            at = table.schema.get_field_index(name)
            swapped = swapped.set_column(at, table.schema.field(at), table.column(name))
        return swapped

    rewrite(session, factor_file(session), change)
    compared = Compared(session)
    assert compared.exit_code == 1, compared.output


def test_a_removed_decision_is_found(session: Path) -> None:
    """Though the lines are numbered as if it had never been."""
    lines = lines_of(session)
    at = [i for i, line in enumerate(lines) if "call" in line][5]
    del lines[at]
    write_lines(session, lines)
    compared = Compared(session)
    assert compared.exit_code == 1, compared.output
    assert compared.line("decisions").startswith("5 of ")


def test_a_removed_line_is_found(session: Path) -> None:
    """The numbers of the lines have a hole."""
    path = session / "decisions.jsonl"
    texts = path.read_text(encoding="utf-8").splitlines(keepends=True)
    del texts[[i for i, text in enumerate(texts) if '"event"' in text][3]]
    path.write_text("".join(texts), encoding="utf-8")
    compared = Compared(session)
    assert compared.exit_code == 1, compared.output


@pytest.mark.parametrize(
    "change",
    [
        lambda line: line["order"].update(quantity="0.003"),
        lambda line: line["order"].update(
            side="BUY" if line["order"]["side"] == "SELL" else "SELL"
        ),
        lambda line: line.update(input=line["input"] - 1),
    ],
    ids=["quantity", "side", "input"],
)
def test_a_changed_decision_is_found(session: Path, change: Any) -> None:
    """What it says, and the input that caused it."""
    lines = lines_of(session)
    change([line for line in lines if line.get("call") == "submit_order"][4])
    write_lines(session, lines)
    compared = Compared(session)
    assert compared.exit_code == 1, compared.output


def test_a_damaged_file_is_refused_by_name(session: Path) -> None:
    """A flipped bit in a file of inputs makes the session unusable, exit code 2."""
    path = quote_file(session)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    compared = Compared(session)
    assert compared.exit_code == 2, compared.output
    assert path.name in compared.output


@pytest.mark.parametrize("name", ["session.json", "decisions.jsonl"])
def test_a_missing_file_is_refused_by_name(session: Path, name: str) -> None:
    """Exit code 2."""
    (session / name).unlink()
    compared = Compared(session)
    assert compared.exit_code == 2, compared.output
    assert name in compared.output


def test_decisions_cut_off_at_the_end_are_told(session: Path) -> None:
    """The rest is compared, and the report says up to which input."""
    path = session / "decisions.jsonl"
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 2 // 3])
    compared = Compared(session)
    assert compared.exit_code == 0, compared.output
    assert "recorded up to input" in compared.output


def test_a_changed_strategy_is_told(session: Path) -> None:
    """A parity of another source than the recorded one would be luck."""
    path = session / "session.json"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('"source_sha256": "', '"source_sha256": "0'), encoding="utf-8")
    compared = Compared(session)
    assert "has changed since" in compared.output
