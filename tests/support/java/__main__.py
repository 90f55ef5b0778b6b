"""Build the Java project, with what Maven must fetch for it, before the tests need it."""

from __future__ import annotations

import sys

from live.latency.phase3.sides.toolchain import CannotBuildError
from tests.support.java.project import built


def main() -> int:
    """Build; return the exit code."""
    try:
        print(built())
    except CannotBuildError as error:
        print(f"the Java project is not built, its tests will skip: {error}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
