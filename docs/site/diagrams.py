"""The diagrams of ``docs/diagrams``: SVG drawn from text by d2."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from docs.site.assembly import ROOT

FOLDER: Final = ROOT / "docs" / "diagrams"
TIMEOUT_S: Final = 60.0
"""Of one drawing."""
_LIGHT_THEME: Final = "0"
_DARK_THEME: Final = "200"


def mark_of(source: Path) -> str:
    """Return the comment that the picture of a source ends with: which text it was drawn from."""
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    return f"<!-- drawn from {source.name}, sha256 {digest} -->\n"


def undrawn() -> list[Path]:
    """Return each source without a picture, or whose picture was drawn from another text."""
    return [
        source
        for source in sorted(FOLDER.glob("*.d2"))
        if not (picture := source.with_suffix(".svg")).exists()
        or not picture.read_text(encoding="utf-8").endswith(mark_of(source))
    ]


def draw(source: Path) -> Path:
    """Draw the picture of a source beside it, and return its path.

    Raises
    ------
    FileNotFoundError
        If there is no d2, which the dependency group ``docs`` installs.
    CalledProcessError
        If d2 refuses the source; it prints why.

    """
    d2 = shutil.which("d2", path=str(Path(sys.executable).parent))
    if d2 is None:
        msg = "no d2 here; run it with: uv run --group docs python -m docs.site.generated"
        raise FileNotFoundError(msg)
    picture = source.with_suffix(".svg")
    themes = [f"--theme={_LIGHT_THEME}", f"--dark-theme={_DARK_THEME}"]
    subprocess.run(
        [d2, "--layout=dagre", *themes, "--pad=10", "--omit-version", source, picture],
        timeout=TIMEOUT_S,
        check=True,
    )
    picture.chmod(0o644)  # d2 makes it 0600
    with picture.open("a", encoding="utf-8") as file:
        file.write("\n" + mark_of(source))
    return picture
