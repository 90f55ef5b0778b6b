"""What a test does in the default run, and in the long form that ``-m long`` selects."""

from __future__ import annotations

from typing import Any, Final

import pytest


def long(*values: Any) -> Any:
    """Return a row of ``parametrize`` that only the long form runs."""
    return pytest.param(*values, marks=pytest.mark.long)


MANY: Final = 500
LIMIT_S: Final = 1200
"""For a test that does something many times, on a machine that others use too."""


def counts(name: str, default: int, *, long: int) -> pytest.MarkDecorator:
    """Parametrize a test by how often it does something.

    Parameters
    ----------
    name : str
        The test's argument.
    default : int
        How often in the default run.
    long : int
        How often in the long form.

    """
    marks = [pytest.mark.long]
    if long >= MANY:
        marks += [pytest.mark.first, pytest.mark.timeout(LIMIT_S)]
    return pytest.mark.parametrize(name, [default, pytest.param(long, marks=marks)])
