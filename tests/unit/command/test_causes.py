"""Many sentences as one line for each cause."""

from __future__ import annotations

from adapters.command.causes import MOST_CAUSES, by_cause


def test_each_cause_is_a_line_with_its_names() -> None:
    """No cause is hidden behind the many names of another one."""
    many = [f"factor_{i}: there are no quotes of X" for i in range(40)]
    assert by_cause([*many, "basis: there is no mark of X: really"]) == [
        "factor_0, factor_1, factor_2, factor_3 and 36 more: there are no quotes of X",
        "basis: there is no mark of X: really",
    ]
    assert by_cause([]) == []


def test_what_is_not_shown_is_counted() -> None:
    """Names and causes."""
    found = by_cause(f"f{i}: cause {i}" for i in range(MOST_CAUSES + 3))
    assert len(found) == MOST_CAUSES + 1
    assert found[-1].startswith("and 3 more for 3 other causes: f12")
