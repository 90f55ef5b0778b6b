"""Say what each factor of a catalog is worth: how well it predicts, how long, at what cost."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from adapters.process.stop_signals import (
    LEFT_AT_ONCE,
    interrupt_at_stop_signals,
    leave_at_stop_signals,
)

if __name__ == "__main__":
    # The factors are divided among threads already; read when numpy is loaded.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # Before the other imports, which take a second.
    leave_at_stop_signals("evaluate_factors.py", LEFT_AT_ONCE)

from adapters.command.terminal import say
from backtests.evaluation.command_line import parse, settings_of
from dolphin_strategies.errors import ConfigError, DolphinError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backtests.evaluation.evaluation_data import EvaluationData
    from backtests.evaluation.evaluation_settings import EvaluationSettings

FAILED: Final = 1
BAD_CONFIG: Final = 2
INTERRUPTED: Final = 130


def run(options_out: Path | None, data: EvaluationData, settings: EvaluationSettings) -> int:
    """Evaluate, print and write; return the exit code.

    Raises
    ------
    DolphinError, OSError
        If the results cannot be written.

    """
    # After the check of the command line: loading takes a second.
    from backtests.evaluation.evaluate import evaluate  # noqa: PLC0415
    from backtests.evaluation.page.results import write_results  # noqa: PLC0415
    from backtests.evaluation.page.summary_text import summary_text  # noqa: PLC0415
    from backtests.run.interrupt import Interrupt  # noqa: PLC0415

    with Interrupt() as interrupt:
        evaluation = evaluate(data, settings, lambda: interrupt.is_asked)
        is_whole = len(evaluation.factors) == evaluation.asked
        if not evaluation.factors:
            say("evaluate_factors.py: interrupted before a factor was finished", to=sys.stderr)
            return INTERRUPTED
        folder = options_out or Path(f"evaluation-{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
        page = write_results(folder, evaluation)
        say(summary_text(evaluation))
        say(f"\n{page} shows all of it; {folder / 'evaluation.json'} has every figure")
        return 0 if is_whole else INTERRUPTED


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    options = parse(sys.argv[1:] if arguments is None else arguments)
    try:
        settings = settings_of(options)
        from backtests.evaluation.evaluation_data import read_data  # noqa: PLC0415

        data = read_data(options.catalog, settings)
        for line in data.describe():
            say(line)
        return run(options.out, data, settings)
    except ConfigError as error:
        say(f"evaluate_factors.py: {error}", to=sys.stderr)
        return BAD_CONFIG
    except (DolphinError, OSError) as error:
        say(f"evaluate_factors.py: {error}", to=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        say("evaluate_factors.py: ended by a signal; nothing was written", to=sys.stderr)
        return INTERRUPTED


if __name__ == "__main__":
    # Python adds this script's folder, whose modules could shadow a library's.
    sys.path[0] = str(Path.cwd())
    interrupt_at_stop_signals()
    sys.exit(main())
