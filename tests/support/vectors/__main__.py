"""Lay the test vectors out as region files, or make their JSON anew from the project's writer."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from adapters.process.safe_files import UnusableFileError
from tests.support.vectors import vector_files

_EXAMPLES = """\
examples:
  python -m tests.support.vectors /dev/shm/vectors   a file NAME for each vector, for this machine
  python -m tests.support.vectors --make             write v1/vectors.json again

exit codes: 0 done; 1 a file could not be written; 2 wrong usage
"""


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.support.vectors",
        description=__doc__,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("folder", nargs="?", type=Path, metavar="FOLDER", help="where to lay out")
    what.add_argument("--make", action="store_true", help="make the JSON from the writer")
    given = parser.parse_args(arguments)
    try:
        if given.make:
            text = vector_files.as_text(vector_files.made_vectors())
            vector_files.VECTORS.parent.mkdir(exist_ok=True)
            vector_files.VECTORS.write_text(text, encoding="ascii")
            print(f"{vector_files.VECTORS}: {len(text):,} bytes")
            return 0
        vectors = vector_files.checked_in()
        given.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for vector in (*vectors["accepted"], *vectors["refused"]):
            vector_files.lay_out(vector, vectors, given.folder / vector["name"])
    except (OSError, UnusableFileError) as error:
        print(f"the vectors cannot be written: {error}", file=sys.stderr)
        return 1
    counts = len(vectors["accepted"]), len(vectors["refused"])
    print(f"{given.folder}: {counts[0]} to read, {counts[1]} to refuse")
    return 0


if __name__ == "__main__":
    sys.exit(main())
