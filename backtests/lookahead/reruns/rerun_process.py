"""The process of one run of the look-ahead proof: ``-m …child_process REQUEST ANSWER``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from adapters.process.whole_files import write_private
from backtests.lookahead.copies.catalog_isolation import IsolationError, cover


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Run the backtest that a request describes, or make factors anew.

    Returns
    -------
    dict
        The result of :func:`backtests.lookahead.reruns.rerun_backtest.run` or
        :func:`backtests.lookahead.reruns.remake_run.run`, or ``not_isolated`` with
        the reason if the copy cannot be put in the catalog's place.

    """
    if request["copy"] is not None:
        try:
            # Before any other import, which would start threads.
            cover(Path(request["catalog"]), Path(request["copy"]))
        except IsolationError as error:
            return {"not_isolated": str(error)}
    if "remake" in request:
        from backtests.lookahead.reruns import remake_run  # noqa: PLC0415

        return remake_run.run(request)
    from backtests.lookahead.reruns.rerun_backtest import run  # noqa: PLC0415

    return run(request)


if __name__ == "__main__":
    asked = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    write_private(Path(sys.argv[2]), json.dumps(answer(asked)))
