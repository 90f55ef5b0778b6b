"""evaluate_factors.py inside this process."""

from __future__ import annotations

from contextlib import redirect_stderr, redirect_stdout
from io import StringIO

from backtests.evaluate_factors import main


def run(*arguments: object) -> tuple[int, str, str]:
    """Evaluate inside this process; return the exit code and what was printed."""
    out, err = StringIO(), StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        try:
            code = main([str(a) for a in arguments])
        except SystemExit as end:
            code = int(end.code or 0)
    return code, out.getvalue(), err.getvalue()
