"""One run of the look-ahead proof, in a process of its own: ``proof_child.py REQUEST ANSWER``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from backtests.lookahead.hidden_catalog import IsolationError, cover


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Run the backtest that a request describes; return what came of it."""
    if request["copy"] is not None:
        try:
            # Before anything else is imported: that would start threads.
            cover(Path(request["catalog"]), Path(request["copy"]))
        except IsolationError as error:
            return {"not_isolated": str(error)}
    from backtests.lookahead.proof_run import run  # noqa: PLC0415

    return run(request)


if __name__ == "__main__":
    sys.path[0] = str(Path.cwd())
    asked = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    Path(sys.argv[2]).write_text(json.dumps(answer(asked)), encoding="utf-8")
