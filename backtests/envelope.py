"""Make the envelope of a strategy: what live may look like, by its backtests."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from adapters.process.stop_signals import LEFT_AT_ONCE, leave_at_stop_signals

if __name__ == "__main__":
    # Until the end: what is written is written in two calls at the end.
    leave_at_stop_signals("envelope.py", LEFT_AT_ONCE)

from adapters.command.terminal import say
from backtests.enveloping.command_line import check, costs_of, parse
from dolphin_strategies.errors import DolphinError

if TYPE_CHECKING:
    from collections.abc import Sequence

BAD_CONFIG: Final = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    options = parse(sys.argv[1:] if arguments is None else arguments)
    try:
        check(options)
        costs = costs_of(options.cost)
        # After the check of the command line: loading takes a second.
        try:
            from backtests.enveloping.envelope_document import make_document  # noqa: PLC0415
        except ImportError as error:
            say(f"envelope.py: {error}; use: uv run --extra research …", to=sys.stderr)
            return BAD_CONFIG
        from backtests.enveloping.envelope_files import write_envelope, write_page  # noqa: PLC0415
        from backtests.enveloping.envelope_text import summary  # noqa: PLC0415
        from backtests.enveloping.run_folder import read_run  # noqa: PLC0415

        runs = [read_run(folder) for folder in options.runs]
        parts = len(runs) + len(costs)
        document = make_document(
            runs,
            costs=costs,
            draws=options.draws,
            seed=options.seed,
            progress=lambda done: say(f"drawn: {done} of {parts}", to=sys.stderr),
        )
        path = options.out or options.runs[0] / "envelope.json"
        envelope = write_envelope(path, document)
        write_page(path.with_suffix(".html"), envelope)
    except DolphinError as error:
        say(f"envelope.py: {error}", to=sys.stderr)
        return BAD_CONFIG
    say(summary(envelope))
    say(f"\nenvelope in {path}, its page in {path.with_suffix('.html')}")
    return 0


if __name__ == "__main__":
    # Python adds this script's folder, whose modules could shadow a strategy's module.
    sys.path[0] = str(Path.cwd())
    sys.exit(main())
