"""Deribit's volatility index in a catalog: pages, resolutions, names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.backfill.backfilled import changes, run
from tests.support.catalogs.venue_archives import (
    DAY,
    DAY_MS,
    HOUR_MS,
    MINUTE_MS,
    dvol_answer,
    dvol_rows,
    write_json,
)

if TYPE_CHECKING:
    from pathlib import Path

PERIOD_MS = 10_000
"""How often the live source is polled."""


@pytest.mark.parametrize("step_ms", [MINUTE_MS, HOUR_MS, DAY_MS])
def test_a_close_is_seen_at_the_end_of_its_span(tmp_path: Path, step_ms: int) -> None:
    """A row of an hour is known an hour after its stamp, one of a day a day after."""
    rows = dvol_rows(DAY, 3, step_ms)
    write_json(tmp_path / "in/dvol_BTC.json", dvol_answer(rows))
    catalog = tmp_path / "catalog"
    assert run(tmp_path / "in", catalog) == 0
    seen = changes(catalog, "dvol_btc")
    assert [(k.at_ms, k.value) for k in seen[:3]] == [
        (DAY + (i + 1) * step_ms + PERIOD_MS, 40.5 + i) for i in range(3)
    ]
    assert seen[3].at_ms == DAY + 4 * step_ms + PERIOD_MS
    assert seen[3].value != seen[3].value


@pytest.mark.parametrize("form", ["answers", "rows", "result", "without continuation"])
def test_pages_in_any_form(tmp_path: Path, form: str) -> None:
    """Pages newest first that overlap, their rows alone, a result without its frame."""
    rows = dvol_rows(DAY, 4)
    bodies: dict[str, Any] = {
        "answers": [dvol_answer(rows[2:], rows[1][0]), dvol_answer(rows[:3])],  # type: ignore[arg-type]
        "rows": rows,
        "result": dvol_answer(rows)["result"],
        "without continuation": {"result": {"data": rows}},
    }
    write_json(tmp_path / "in/eth/volatility_index.json", bodies[form])
    catalog = tmp_path / "catalog"
    assert run(tmp_path / "in", catalog) == 0
    assert [k.value for k in changes(catalog, "dvol_eth")[:4]] == [40.5, 41.5, 42.5, 43.5]


def test_the_span_of_the_moment_is_left_out(tmp_path: Path) -> None:
    """The last row of an answer was not over: its close is no value; the next answer has it."""
    rows = dvol_rows(DAY, 4)
    at = int(rows[3][0]) + HOUR_MS // 2
    unfinished = [*rows[:3], [*rows[3][:4], 99.0]]
    later = dvol_answer(rows[3:], served_ms=at + DAY_MS)
    write_json(tmp_path / "in/dvol_BTC.json", [dvol_answer(unfinished, served_ms=at), later])
    catalog = tmp_path / "catalog"
    assert run(tmp_path / "in", catalog) == 0
    assert [k.value for k in changes(catalog, "dvol_btc")[:4]] == [40.5, 41.5, 42.5, 43.5]


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("dvol.json", dvol_answer(dvol_rows(DAY, 3))),
        ("dvol_btc_eth.json", dvol_answer(dvol_rows(DAY, 3))),
        ("dvol_btc.json", {"error": {"code": 10009, "message": "no"}}),
        ("dvol_btc.json", dvol_answer([])),
        ("dvol_btc.json", dvol_answer(dvol_rows(DAY, 1))),
        ("dvol_btc.json", dvol_answer(dvol_rows(DAY, 3, 7 * MINUTE_MS))),
        ("dvol_btc.json", [[1, 2, 3]]),
        ("dvol_btc.json", {"data": {"not": "rows"}}),
        ("other_btc.json", dvol_answer(dvol_rows(DAY, 3))),
    ],
)
def test_what_cannot_be_read_is_named(
    tmp_path: Path, name: str, body: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """No asset, two of them, an error, no rows, no known resolution: the file is named."""
    write_json(tmp_path / "in" / name, body)
    assert run(tmp_path / "in", tmp_path / "catalog") == 1
    assert name in capsys.readouterr().err


def test_damaged_json_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Half an answer, and bytes that are no text."""
    folder = tmp_path / "in"
    path = write_json(folder / "dvol_btc.json", dvol_answer(dvol_rows(DAY, 50)))
    path.write_bytes(path.read_bytes()[:200])
    (folder / "dvol_eth.json").write_bytes(b'{"result": "\xff\xfe"')
    assert run(folder, tmp_path / "catalog") == 1
    told = capsys.readouterr().err
    assert "dvol_btc.json" in told
    assert "dvol_eth.json" in told
