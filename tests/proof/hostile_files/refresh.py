"""Merge inputs of libFuzzer into the corpus.

``python -m tests.proof.hostile_files.refresh FOLDER`` keeps the fewest that reach what all reach.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from typing import Final

from tests.proof.figures import Form
from tests.proof.hostile_files.fuzzing import CORPUS, FAST, build_target, smallest_cover
from tests.proof.sanitizers.building import assemble

# The corpus is a start, not an archive: what is left out is found again within minutes.
MOST_FILES: Final = 96


def refresh(more: Path, scratch: Path) -> int:
    """Put the longest inputs of the smallest cover in the place of the corpus; return how many."""
    form = Form(is_long=False, seed=1, folder=scratch)
    program = build_target(assemble(form, scratch / "native"), scratch / "fuzzer", FAST)
    cover = smallest_cover(program, scratch / "cover", [CORPUS, more])
    kept = sorted(cover, key=lambda each: each.stat().st_size, reverse=True)[:MOST_FILES]
    shutil.rmtree(CORPUS)
    CORPUS.mkdir()
    for each in kept:
        shutil.copyfile(each, CORPUS / f"{each.stem}.bin")
    return len(kept)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        print(refresh(Path(sys.argv[1]), Path(folder)), "inputs")
