"""Gather external factors from the exchanges' public APIs and publish them."""

from __future__ import annotations

import sys

from adapters.process.stop_signals import LEFT_AT_ONCE, leave_at_stop_signals

if __name__ == "__main__":
    # Before the other imports, which take half a second. A service that has not begun is one
    # that was stopped before any host had answered: 5.
    leave_at_stop_signals("run_exf.py", 5 if "run" in sys.argv[1:2] else LEFT_AT_ONCE)

from typing import TYPE_CHECKING

from adapters.command.terminal import say
from adapters.process.core_dumps import keep_secrets_from_core_dumps
from dolphin_strategies.errors import ConfigError, DolphinError
from live.exf.arguments import parse
from live.exf.background_service import NotStartedError
from live.exf.commands import COMMANDS, FAILED

if TYPE_CHECKING:
    from collections.abc import Sequence

BAD_CONFIG = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    keep_secrets_from_core_dumps()
    options = parse(sys.argv[1:] if arguments is None else arguments)
    try:
        return COMMANDS[options.command](options)
    except ConfigError as error:
        return _failed(error, BAD_CONFIG)
    except NotStartedError as error:
        return _failed(error, error.code)
    except DolphinError as error:
        return _failed(error, FAILED)


def _failed(error: Exception, code: int) -> int:
    # A child's message begins with this already.
    say(f"run_exf.py: {str(error).removeprefix('run_exf.py: ')}", to=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
