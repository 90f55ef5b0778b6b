"""The report of a comparison, as lines for a person and as JSON for a program."""

from __future__ import annotations

import json

from backtests.parity.parity_report import ParityReport


def test_the_json_has_what_the_lines_have() -> None:
    """One unexpected difference is no parity in both."""
    report = ParityReport()
    report.add("inputs", "7 of 7 identical")
    assert report.is_parity
    report.add("decisions", "3 of 4 identical", is_same=False)
    assert json.loads(json.dumps(report.as_dict())) == {
        "is_parity": False,
        "compared": [
            {"name": "inputs", "text": "7 of 7 identical", "is_same": True},
            {"name": "decisions", "text": "3 of 4 identical", "is_same": False},
        ],
    }
    assert report.lines == ["inputs     7 of 7 identical", "decisions  3 of 4 identical"]
